import type { PackageJson } from './package-json.ts';
import type { Proposal } from '../proposal.ts';
import type { ProgramCall, ScriptCommand } from './scripts.ts';
import { programOf, textOf } from './words.ts';

/** Names of scripts that make what the tests run on. */
const makes = /build|compile|bundle|codegen|generate/;
/** Programs before the tests that they do not depend on. */
const independent = new Set([
  ...['eslint', 'prettier', 'oxfmt', 'oxlint', 'biome', 'dprint', 'xo', 'standard', 'neostandard'],
  ...['tsc', 'tsgo', 'vue-tsc', 'tsd', 'attw', 'publint', 'knip', 'rm', 'rimraf', 'echo', 'true'],
]);
/** Maximum commands that a note lists. */
const listed = 3;

/** The steps `build` for what the script that tests the project makes first, and a note on all else it does before. */
export function buildBefore(
  json: PackageJson,
  {
    script,
    commands,
    call,
  }: {
    readonly script: string;
    readonly commands: readonly ScriptCommand[];
    readonly call: ProgramCall;
  },
): Partial<Proposal> {
  const at = commands.indexOf(call.command);
  const before = at === -1 ? [] : commands.slice(0, at);
  const maker = ({ scripts }: ScriptCommand) => scripts.slice(1).find((name) => makes.test(name));
  const makers = [...new Set(before.flatMap((command) => maker(command) ?? []))];
  const others = before.filter(
    (command) =>
      maker(command) === undefined && !independent.has(programOf(command.words[0]?.value ?? '')),
  );
  const texts = others.slice(0, listed).map(({ words }) => textOf(words).slice(0, 200));
  const note = `The script ${script} first runs ${texts.join(', then ')}: when the tests need that, add it to build.`;
  return {
    build: makers.map((name) => runScript(json, name)),
    notes: texts.length === 0 ? [] : [note],
  };
}

/** The words that run a script with the package manager of the project. */
export function runScript({ packageManager }: PackageJson, name: string): string {
  const manager = (packageManager ?? 'npm').split('@', 1)[0] ?? 'npm';
  return `${['npm', 'pnpm', 'yarn', 'bun'].includes(manager) ? manager : 'npm'} run ${name}`;
}
