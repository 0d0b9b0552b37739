import type { PackageJson } from './package-json.ts';
import type { Project } from '../project.ts';
import { isPlace, type NamedGate, type Proposal } from '../proposal.ts';
import { callsOf, commandsOf, type ProgramCall } from './scripts.ts';
import { optionValues, textOf } from './words.ts';

/** Scripts that check types; others, such as `build`, may compile a part of the code only. */
const checking = /type|^tsc|check|lint|^test|^ci$|^verify/;
/** Checkers of files that tsc cannot read, and of types that only they check. */
const otherCheckers = new Set(['vue-tsc', 'svelte-check', 'astro']);

/** The gate `build`, and what has to be compiled before the gates run. */
export async function proposeBuild(
  project: Project,
  json: PackageJson,
): Promise<Partial<Proposal>> {
  const { scripts } = json;
  const names = Object.keys(scripts).filter((name) => checking.test(name));
  const commands = names.flatMap((name) => commandsOf(scripts, name));
  const other = callsOf(commands, otherCheckers).find(
    ({ program, args }) => program !== 'astro' || args[0]?.value === 'check',
  );
  if (other !== undefined) return { gates: [['build', commandOf(other)]] };
  if (!json.uses('typescript')) return {};
  const checked = callsOf(commands, new Set(['tsc']));
  const chosen = projectsOf(checked);
  if (chosen.length > 0) return { gates: [['build', { tsconfig: chosen }]] };
  if (await project.has('tsconfig.json')) return { gates: [['build', {}]] };
  return withoutTsconfig(project, json);
}

async function withoutTsconfig(project: Project, json: PackageJson): Promise<Partial<Proposal>> {
  const calls = callsOf(commandsOf(json.scripts, 'build'), new Set(['tsc']));
  const compiled = projectsOf(calls);
  if (compiled.length > 0) return { gates: [['build', { tsconfig: compiled }]] };
  const found = (await project.names()).filter((name) => /^tsconfig\..+\.json$/.test(name));
  const hint = found.length === 0 ? '' : `, such as ${found.slice(0, 3).join(', ')}`;
  return {
    notes: [
      `package.json names typescript, but there is no tsconfig.json: when types are to be checked, add {"build": {"tsconfig": [...]}} with the projects${hint}.`,
    ],
  };
}

/** The projects that tsc is given by name; empty when it is called for tsconfig.json too. */
function projectsOf(calls: readonly ProgramCall[]): readonly string[] {
  const found = calls.flatMap(({ args }) => {
    const named = optionValues(args, ['-p', '--project']);
    const built = args.some(({ value }) => value === '-b' || value === '--build');
    const places = args.map(({ value }) => value).filter((value) => !value.startsWith('-'));
    return named.length > 0 ? named : built && places.length > 0 ? places : ['tsconfig.json'];
  });
  const projects = [...new Set(found.map(asConfiguration))].filter(isPlace);
  return projects.includes('tsconfig.json') ? [] : projects;
}

function asConfiguration(place: string): string {
  const path = place.replace(/^\.\//, '').replace(/\/$/, '');
  if (path === '' || path === '.') return 'tsconfig.json';
  return path.endsWith('.json') ? path : `${path}/tsconfig.json`;
}

function commandOf({ env, word, args }: ProgramCall): NamedGate[1] {
  const command = textOf([word, ...args]);
  return Object.keys(env).length === 0 ? { command } : { command, env };
}
