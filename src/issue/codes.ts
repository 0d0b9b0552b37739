import { withoutInvisible } from '../lib/text.ts';

/** The number of an issue or pull request: `#12`, `!12`; not `#12b`, `#12.3`, `#12/3`. */
export const numberPattern =
  /[#!](\d{1,9})(?![\w\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]|\.\d|\.[B-HJ-Za-hj-z](?![\w'’])|\/\w)/gu;
/** A code such as COORD-005; `GH-12` is a number. */
export const codePattern = /(?<![\w-])(?!GH-)[A-Z][A-Z0-9]{1,9}-\d{1,6}(?![\w-]|\.\d|\/\d)/g;
/** Text after a code with which a title begins. */
const behindLabel = /^\s*(?:[:|–—]|-\s|$)|^\s+["'“\p{Lu}]/u;

/** Issues of one repository by the codes in their titles, and all issues whose titles are known. */
export interface KnownCodes {
  readonly carriers: ReadonlyMap<string, readonly number[]>;
  readonly titled: ReadonlySet<number>;
}

/**
 * The codes a title is labelled with: in brackets, or in front of a colon, a dash or a title that begins
 * anew. Within a sentence they are words, as in "Use SHA-256 for hashes".
 */
export function codesOfTitle(text: string, limit = Infinity): string[] {
  const title = withoutInvisible(text);
  const first = title.search(/[\p{L}\p{N}]/u);
  const codes = new Set<string>();
  for (const { 0: code, index } of title.matchAll(codePattern)) {
    const end = index + code.length;
    const bracketed = /[([]/.test(title.charAt(index - 1)) && /[)\]]/.test(title.charAt(end));
    if (bracketed || (index === first && behindLabel.test(title.slice(end)))) codes.add(code);
    if (codes.size >= limit) break;
  }
  return [...codes];
}

/** The first codes of a text, each once. */
export function codesIn(text: string, limit = Infinity): string[] {
  return firstMatches(text, codePattern, limit).map(([code]) => code);
}

/** The first numbers of issues in a text, each once. */
export function numbersIn(text: string, limit = Infinity): number[] {
  return firstMatches(text, numberPattern, limit).map((match) => Number(match[1]));
}

function firstMatches(text: string, pattern: RegExp, limit: number): RegExpExecArray[] {
  const found = new Map<string, RegExpExecArray>();
  for (const match of withoutInvisible(text).matchAll(pattern)) {
    if (found.size >= limit) break;
    found.set(match[0], match);
  }
  return [...found.values()];
}
