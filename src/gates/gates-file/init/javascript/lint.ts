import type { PackageJson } from './package-json.ts';
import type { Project } from '../project.ts';
import { isPlace, join, type NamedGate, type Proposal, type ProposedGate } from '../proposal.ts';
import { callsOf, commandsOf, type ProgramCall, type ScriptCommand } from './scripts.ts';
import { isAtLeast } from './tool-version.ts';
import { optionValues, textOf, withoutOptions, type Word } from './words.ts';

/** Options of eslint that take a value. */
const eslintValued = [
  ...['-c', '--config', '--env', '--ext', '--global', '--parser', '--parser-options'],
  ...['--resolve-plugins-relative-to', '--plugin', '--rule', '--rulesdir', '--fix-type'],
  ...['--ignore-path', '--ignore-pattern', '--stdin-filename', '--max-warnings', '-o'],
  ...['--output-file', '-f', '--format', '--report-unused-disable-directives-severity'],
  ...['--report-unused-inline-configs', '--cache-file', '--cache-location', '--cache-strategy'],
  ...['--print-config', '--flag', '--concurrency', '--suppressions-location', '--suppress-rule'],
];
const report = 'lint.sarif';

type Linter = readonly [name: string, gate: ProposedGate, ...notes: readonly string[]];

/** The gates `lint` and `format`. */
export async function proposeLint(project: Project, json: PackageJson): Promise<Partial<Proposal>> {
  const commands = Object.keys(json.scripts)
    .filter((name) => !/fix|write/.test(name))
    .flatMap((name) => commandsOf(json.scripts, name));
  const linters = [
    eslint(json, commands),
    await biome(project, json, commands),
    await oxlint(project, json, commands),
    ...['xo', 'standard', 'neostandard'].map((name) => plain(commands, name)),
  ].filter((linter) => linter !== undefined);
  return join(
    {
      gates: linters.map(([name, gate], index): NamedGate => [index === 0 ? 'lint' : name, gate]),
      notes: linters.flatMap(([, , ...notes]) => notes),
    },
    format(commands),
  );
}

function eslint(json: PackageJson, commands: readonly ScriptCommand[]): Linter | undefined {
  if (!json.uses('eslint')) return undefined;
  const call = callsOf(commands, new Set(['eslint']))[0];
  if (call === undefined) return ['eslint', {}];
  const ignored = optionValues(call.args, ['--ignore-pattern']);
  const notes = ignored.map(
    (pattern) =>
      `The script ${call.scripts[0] ?? ''} tells eslint to ignore ${pattern}: put that into the configuration of eslint, which the gate reads.`,
  );
  const paths = pathsOf(call.args, eslintValued).filter((path) => path !== '.');
  return ['eslint', paths.length > 0 ? { paths } : {}, ...notes];
}

async function biome(
  project: Project,
  json: PackageJson,
  commands: readonly ScriptCommand[],
): Promise<Linter | undefined> {
  if (!json.uses('@biomejs/biome')) return undefined;
  const calls = callsOf(commands, new Set(['biome']));
  // `ci` and `check` format, lint and sort imports; a project that only lints does not want the rest.
  const checks = (name: string) =>
    calls.find(({ args }) => args[0]?.value === name && !writes(args));
  const call = checks('ci') ?? checks('check') ?? checks('lint');
  const mode = call?.args[0]?.value === 'lint' ? 'lint' : 'ci';
  const given = withoutOptions(call?.args.slice(1) ?? [], {
    valued: ['--reporter', '--reporter-file', '--colors'],
    switches: ['--no-errors-on-unmatched'],
  });
  const strict = given.some(({ value }) => value === '--error-on-warnings');
  const words = ['biome', mode, textOf(given)].filter((part) => part !== '').join(' ');
  if (!(await isAtLeast(project, json, '@biomejs/biome', '2.4.0')))
    return ['biome', { command: words }, withoutReport('Biome', '2.4')];
  const command = `${words} --reporter=sarif --reporter-file=${report}`;
  return ['biome', { command, sarif: report, ...levelOf(strict) }];
}

async function oxlint(
  project: Project,
  json: PackageJson,
  commands: readonly ScriptCommand[],
): Promise<Linter | undefined> {
  if (!json.uses('oxlint')) return undefined;
  const call = callsOf(commands, new Set(['oxlint'])).find(({ args }) => !writes(args));
  const given = withoutOptions(call?.args ?? [], { valued: ['-f', '--format'] });
  const words = ['oxlint', textOf(given)].filter((part) => part !== '').join(' ');
  if (!(await isAtLeast(project, json, 'oxlint', '1.64.0')))
    return ['oxlint', { command: words }, withoutReport('Oxlint', '1.64')];
  const strict = given.some(
    ({ value }) => value === '--deny-warnings' || value.startsWith('--max-warnings'),
  );
  return [
    'oxlint',
    { command: `${words} -f sarif > ${report}`, sarif: report, ...levelOf(strict) },
  ];
}

function withoutReport(name: string, version: string): string {
  return `lint is judged by the exit code alone: ${name} writes a report that the gates read, SARIF, from version ${version} on. After an upgrade write this file anew.`;
}

/** As the tool by hand: warnings fail the gate when the project's script says so. */
function levelOf(strict: boolean): ProposedGate {
  return strict ? {} : { level: 'error' };
}

/** A linter without a report that the gates read. */
function plain(commands: readonly ScriptCommand[], name: string): Linter | undefined {
  const call = callsOf(commands, new Set([name])).find(({ args }) => !writes(args));
  return call === undefined ? undefined : [name, { command: wholeText(call) }];
}

/** The first check of the layout that a script makes, by its exit code. */
function format(commands: readonly ScriptCommand[]): Partial<Proposal> {
  const checking = ['-c', '--check', '-l', '--list-different'];
  const call = callsOf(commands, new Set(['prettier', 'oxfmt', 'dprint'])).find(
    ({ program, args }) =>
      args.some(({ value }) => checking.includes(value)) ||
      (program === 'dprint' && args[0]?.value === 'check'),
  );
  return call === undefined ? {} : { gates: [['format', { command: wholeText(call) }]] };
}

function writes(args: readonly Word[]): boolean {
  return args.some(({ value }) => /^(--fix|--write|--apply|--unsafe)/.test(value));
}

function wholeText({ word, args }: ProgramCall): string {
  return textOf([word, ...args]);
}

/** Words that are no option and no value of one, and that the gates file can hold. */
function pathsOf(args: readonly Word[], valued: readonly string[]): readonly string[] {
  return withoutOptions(args, { valued })
    .map(({ value }) => value.replace(/^\.\//, '').replace(/(?<=.)\/$/, ''))
    .filter((value) => value !== '' && !value.startsWith('-') && isPlace(value));
}
