/** Sign that stands for a list of references in a sentence. */
export const refSign = '\uE000';

/**
 * The source of a pattern that finds any of these lines. `(a|b)` captures nothing, `<near>` stands for the part of that
 * name. In free spacing, a blank stands for blanks and hyphens, ` ?` for some or none. It is matched against one
 * sentence in lower case, in which every list of references is one sign.
 */
export function anyOf(
  lines: readonly string[],
  parts: ReadonlyMap<string, string>,
  isFree = true,
): string {
  const source = lines.join('|').replace(/\((?!\?)/g, '(?:');
  const blanks = (text: string) => text.replaceAll(' ?', '[\\s_-]*').replace(/ +/g, '[\\s_-]+');
  const named = (name: string, part: string) => parts.get(part) ?? name;
  return `(?:${(isFree ? blanks(source) : source).replace(/<([a-z]+)>/g, named)})`;
}

/**
 * Reads a table: a name, and behind it and in the lines below what belongs to it, until the next name at the
 * beginning of a line. What follows `//` is a comment.
 */
export function readTable(text: string): { name: string; lines: string[] }[] {
  const entries: { name: string; lines: string[] }[] = [];
  for (const line of text.replace(/ *\/\/.*/g, '').split('\n')) {
    const [, name = '', rest = ''] = /^(\S*)\s*(.*)$/.exec(line) ?? [];
    if (name !== '') entries.push({ name, lines: [] });
    if (rest !== '') entries.at(-1)?.lines.push(rest);
  }
  return entries;
}

/** Reads a table of patterns, each of which may name those before it. */
export function readPatterns(text: string, isFree?: boolean): ReadonlyMap<string, string> {
  const patterns = new Map<string, string>();
  for (const { name, lines } of readTable(text)) patterns.set(name, anyOf(lines, patterns, isFree));
  return patterns;
}

/** The sentence in lower case with plain signs; no character moves. */
export function simplify(text: string): string {
  return text
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/\s/g, ' ')
    .replace(/[’‘ʼ]/g, "'");
}
