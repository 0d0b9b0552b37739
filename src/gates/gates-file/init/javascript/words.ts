/** Maximum length of a script that is looked at. */
const maxScript = 2_000;

export interface Word {
  /** As the shell would pass it on, without quotes. */
  readonly value: string;
  /** As it is written. */
  readonly raw: string;
}

/** A simple command: words without the operators between commands, and the variables set for it. */
export interface SimpleCommand {
  readonly env: Readonly<Record<string, string>>;
  readonly words: readonly Word[];
}

const token = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\;&|()])+|&&|\|\||[;&|()\n]/gs;
const operator = /^(?:&&|\|\||[;&|()\n])$/;
const assignment = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;

/** Splits a script into its simple commands. Good enough for scripts of packages; no shell. */
export function splitScript(script: string): readonly SimpleCommand[] {
  if (script.length > maxScript) return [];
  const commands: Word[][] = [[]];
  for (const [raw] of script.matchAll(token)) {
    if (operator.test(raw)) commands.push([]);
    else commands.at(-1)?.push({ raw, value: unquote(raw) });
  }
  return commands.filter((words) => words.length > 0).map(withEnvironment);
}

function unquote(raw: string): string {
  return raw.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, (...parts: unknown[]) => {
    const [, double, single, escaped] = parts;
    if (typeof double === 'string') return double.replaceAll(/\\(.)/gs, '$1');
    return typeof single === 'string' ? single : String(escaped);
  });
}

function withEnvironment(words: readonly Word[]): SimpleCommand {
  const first = words.findIndex(
    ({ value }) => !assignment.test(value) && value !== 'cross-env' && value !== 'env',
  );
  const rest = first === -1 ? [] : words.slice(first);
  const set = first === -1 ? words : words.slice(0, first);
  const pairs = set.flatMap(({ value }): (readonly [string, string])[] => {
    const [, name, text = ''] = assignment.exec(value) ?? [];
    return name === undefined ? [] : [[name, text]];
  });
  return { env: Object.fromEntries(pairs), words: rest };
}

/** The last part of a path without the endings of JavaScript: `node_modules/jest/bin/jest.js` is `jest`. */
export function programOf(word: string): string {
  return (word.split('/').at(-1) ?? '').replace(/\.[cm]?js$/, '');
}

/** Values of an option, as `--name value`, `--name=value` or `-n value`. */
export function optionValues(words: readonly Word[], names: readonly string[]): readonly string[] {
  return words.flatMap(({ value }, index) => {
    const name = names.find((known) => value === known || value.startsWith(`${known}=`));
    if (name === undefined) return [];
    const given = value === name ? words[index + 1]?.value : value.slice(name.length + 1);
    return given === undefined || given === '' ? [] : [given];
  });
}

/** The words without the named options; each takes a value unless it stands in `switches`. */
export function withoutOptions(
  words: readonly Word[],
  { valued = [], switches = [] }: { valued?: readonly string[]; switches?: readonly string[] },
): readonly Word[] {
  const left = (value: string) =>
    switches.includes(value) ||
    [...valued, ...switches].some((name) => value.startsWith(`${name}=`));
  return words.filter(({ value }, index) => {
    const before = words[index - 1]?.value;
    const isValue = before !== undefined && valued.includes(before);
    return !isValue && !valued.includes(value) && !left(value);
  });
}

export function textOf(words: readonly Word[]): string {
  return words.map(({ raw }) => raw).join(' ');
}
