import { existsSync } from 'node:fs';

/**
 * The environment of the calling process. The one place of the gates that reads it: the commands of the gates
 * file get parts of it (tool-chains.ts), all else gets nothing.
 */
export function callerEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Minimum length of a value that is hidden: a shorter one may be a word of any text. */
const shortestSecret = 8;

/**
 * Replaces the values of these variables by their names: a tool may print a token that it was passed, and its words go
 * into reports and commit statuses. Paths stay.
 */
export function hideValues(
  names: readonly string[],
  caller: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const hidden = names.flatMap((name) => {
    const value = caller[name] ?? '';
    return value.length < shortestSecret || existsSync(value) ? [] : [{ name, value }];
  });
  return (text) =>
    hidden.reduce((rest, { name, value }) => rest.replaceAll(value, () => `$${name}`), text);
}
