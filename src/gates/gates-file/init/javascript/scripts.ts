import { programOf, splitScript, type SimpleCommand, type Word } from './words.ts';

/** Limits: depth of scripts that run scripts, and scripts and commands that are looked at. */
const maxDepth = 6;
const maxSteps = 400;

export type Scripts = Readonly<Record<string, string>>;

/** A simple command of a script, with the scripts that it runs put in their places. */
export interface ScriptCommand extends SimpleCommand {
  /** Names of the scripts on the way to it, outermost first. */
  readonly scripts: readonly string[];
}

const managers = new Set(['npm', 'pnpm', 'yarn', 'bun']);
const runners = new Set(['npm-run-all', 'npm-run-all2', 'run-s', 'run-p']);
const starters = new Set(['npx', 'pnpx', 'bunx', 'exec', 'dlx', '--no-install', '--']);

/** The commands that a script comes to, through the scripts that it runs by npm, pnpm, yarn or bun. */
export function commandsOf(scripts: Scripts, name: string): readonly ScriptCommand[] {
  return expand({ scripts, left: maxSteps }, name, []);
}

/** Steps are counted, because scripts that run others several times come to very many commands. */
interface Walk {
  readonly scripts: Scripts;
  left: number;
}

function expand(walk: Walk, name: string, above: readonly string[]): readonly ScriptCommand[] {
  const path = [...above, name];
  if (above.includes(name) || path.length > maxDepth) return [];
  // npm runs these around a script; pnpm and yarn do not always, which costs nothing here.
  const whole = [`pre${name}`, name, `post${name}`];
  return whole.flatMap((part) =>
    splitScript(own(walk.scripts, part) ?? '').flatMap((command) => resolve(walk, command, path)),
  );
}

function resolve(
  walk: Walk,
  command: SimpleCommand,
  path: readonly string[],
): readonly ScriptCommand[] {
  walk.left -= 1;
  if (walk.left < 0) return [];
  const { env } = command;
  const words = withoutGlob(command.words);
  const at = words.findIndex(({ value }) => managers.has(value) || runners.has(value));
  if (at === -1) return [{ env, words: withoutStarters(words), scripts: path }];
  const wrapper = words.slice(0, at);
  const called = calledScripts(walk.scripts, words.slice(at));
  if (called === undefined) {
    const rest = withoutStarters(withoutManager(words.slice(at)));
    return [{ env, words: [...wrapper, ...rest], scripts: path }];
  }
  return called.names
    .flatMap((name) => expand(walk, name, path))
    .map((inner) => ({
      env: { ...env, ...inner.env },
      words: [...wrapper, ...inner.words, ...called.args],
      scripts: inner.scripts,
    }));
}

/** `glob -c "PROGRAM" PATTERNS` runs the program on the files; runners of tests read patterns themselves. */
function withoutGlob(words: readonly Word[]): readonly Word[] {
  const at = words.findIndex(({ value }) => value === 'glob');
  const option = words[at + 1]?.value ?? '';
  const [inner] = splitScript(words[at + 2]?.value ?? '');
  if (at === -1 || !['-c', '--cmd'].includes(option) || inner === undefined) return words;
  return [...words.slice(0, at), ...inner.words, ...words.slice(at + 3)];
}

/** The scripts that `npm run NAME -- ARGS` and the like name; undefined when it runs a program. */
function calledScripts(
  scripts: Scripts,
  words: readonly Word[],
): { readonly names: readonly string[]; readonly args: readonly Word[] } | undefined {
  const [manager, ...rest] = words;
  if (manager === undefined) return undefined;
  if (runners.has(manager.value)) {
    const names = rest.map(({ value }) => value).filter((name) => own(scripts, name) !== undefined);
    return { names, args: [] };
  }
  const at = rest.findIndex(
    ({ value }) => !value.startsWith('-') && !/^run(-script)?$/.test(value),
  );
  const name = rest[at]?.value;
  if (name === undefined) return undefined;
  const isRun = rest.slice(0, at).some(({ value }) => /^run(-script)?$/.test(value));
  // `bun test` is a program of bun; `-r` and `-C` run the scripts of other packages.
  if (manager.value === 'bun' && !isRun) return undefined;
  if (
    rest
      .slice(0, at)
      .some(({ value }) =>
        /^(-r|-C|--filter|-F|-w|--workspace|--workspaces|--recursive)/.test(value),
      )
  )
    return undefined;
  if (own(scripts, name) === undefined) return undefined;
  const args = rest.slice(at + 1).filter(({ value }, index) => !(index === 0 && value === '--'));
  return { names: [name], args };
}

function withoutManager(words: readonly Word[]): readonly Word[] {
  const [manager, ...rest] = words;
  const next = rest[0]?.value ?? '';
  const isProgram = manager?.value !== 'bun' || next === 'x';
  if (!isProgram) return words;
  // Options such as `-r` and `--filter` say that it runs in other packages: then it stays as it is.
  return next.startsWith('-') || /^(run|install|i|ci|test|link|workspace|workspaces)$/.test(next)
    ? words
    : rest;
}

function withoutStarters(words: readonly Word[]): readonly Word[] {
  const first = words.findIndex(({ value }) => !starters.has(value));
  return first === -1 ? [] : words.slice(first);
}

function own(scripts: Scripts, name: string): string | undefined {
  return Object.hasOwn(scripts, name) ? scripts[name] : undefined;
}

/** A command of a script that runs one of the named programs. */
export interface ProgramCall {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Words before the program, such as those of `c8`. */
  readonly wrapper: readonly Word[];
  readonly word: Word;
  readonly args: readonly Word[];
  readonly scripts: readonly string[];
  readonly command: ScriptCommand;
}

/** Programs that run another one, named after their own options. */
const wrappers = new Set([
  ...['c8', 'nyc', 'node', 'tsx', 'ts-node', 'bun', 'dotenv', 'dotenvx', 'xvfb-run', 'timeout'],
  ...['nice', 'time', 'sudo', 'glob'],
]);

/** Calls of the named programs among the commands, in their order. */
export function callsOf(
  commands: readonly ScriptCommand[],
  programs: ReadonlySet<string>,
): readonly ProgramCall[] {
  return commands.flatMap((command) => {
    const { env, words, scripts } = command;
    const isNamed = ({ value }: Word) => programs.has(programOf(value));
    // `node node_modules/mocha/bin/mocha` is a call of mocha.
    const inner = words.findIndex((word) => isNamed(word) && !wrappers.has(programOf(word.value)));
    const at = inner === -1 ? words.findIndex(isNamed) : inner;
    const word = words[at];
    if (word === undefined) return [];
    const wrapper = words.slice(0, at);
    if (wrapper[0] !== undefined && !wrappers.has(programOf(wrapper[0].value))) return [];
    const program = programOf(word.value);
    return [{ program, env, wrapper, word, args: words.slice(at + 1), scripts, command }];
  });
}
