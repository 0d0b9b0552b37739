import { evidenceJoint } from '../../../issue/reading.ts';
import { withoutInvisible } from '../../../lib/text.ts';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A text as it is, and in the form in which words are looked for. */
interface FoldedText {
  readonly text: string;
  readonly folded: string;
  /** Of each character of `folded`, the place in `text`. */
  readonly places: Uint32Array;
}

/** Shorter words than these would be found anywhere. */
const minWords = 2;
/** What stands more often says nothing about where it was read. */
const maxPlaces = 2_000;
/** Evidence of this length may end within a word, where it was cut. */
const cutLength = 150;
/** Characters beside words that are looked at to know whether they have their line for themselves. */
const besideLength = 60;

/**
 * Where the words of an evidence stand; empty when that is not sure. Words from several places are those that stand
 * nearest to each other. Of words that stand more than once those count that have lines of their own, if that is
 * one place.
 */
export function placesOf(text: FoldedText, words: string): readonly Range[] {
  const parts = words.split(evidenceJoint);
  if (parts.length === 1 && words.trim().length < minWords) return [];
  const chains = nearestChains(parts.map((part) => allPlaces(text, part)));
  if (chains.length === 1) return chains[0] ?? [];
  const [first, ...others] = chains.filter((chain) =>
    chain.every((range) => isWholeLine(text.text, range)),
  );
  return first === undefined || others.length > 0 ? [] : first;
}

function allPlaces({ folded, places }: FoldedText, part: string): Range[] {
  const wanted = foldText(part).folded.trim();
  const found: Range[] = [];
  if (wanted === '') return found;
  let hits = 0;
  for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
    hits += 1;
    if (hits > maxPlaces) return [];
    const end = at + wanted.length;
    const isCut = wanted.length >= cutLength;
    if (beginsWithin.test(around(folded, at)) || (!isCut && endsWithin.test(around(folded, end))))
      continue;
    const start = places[at] ?? 0;
    found.push({ start, end: (places[end - 1] ?? start) + 1 });
  }
  return found;
}

/** The two characters at a place where words, or a reference such as `orbit#12`, were cut in two. */
const beginsWithin = /^[0-9A-Za-z][0-9A-Za-z#!]$/;
const endsWithin = /^[0-9A-Za-z]{2}$/;

function around(text: string, at: number): string {
  return text.slice(Math.max(0, at - 1), at + 1);
}

/** One place of each part, in their order and as near to each other as can be; several that are equally near. */
function nearestChains(parts: readonly (readonly Range[])[]): Range[][] {
  const [first = [], ...others] = parts;
  const next = others.map(() => 0);
  let chains: Range[][] = [];
  let best = Infinity;
  for (const start of first) {
    const chain = [start];
    for (const [index, ranges] of others.entries()) {
      const from = chain.at(-1)?.end ?? 0;
      let at = next[index] ?? 0;
      while ((ranges[at]?.start ?? Infinity) < from) at += 1;
      next[index] = at;
      const range = ranges[at];
      if (range !== undefined) chain.push(range);
    }
    if (chain.length < parts.length) continue;
    const length = others.length === 0 ? 0 : (chain.at(-1)?.start ?? 0) - start.end;
    if (length < best) chains = [];
    if (length <= best) chains.push(chain);
    best = Math.min(best, length);
  }
  return chains;
}

/** Whether nothing but signs stands beside it on its lines. */
function isWholeLine(text: string, { start, end }: Range): boolean {
  const before = text
    .slice(Math.max(0, start - besideLength), start)
    .split('\n')
    .at(-1);
  const [after] = text.slice(end, end + besideLength).split('\n', 1);
  return !/[\p{L}\p{N}]/u.test(`${before ?? ''} ${after ?? ''}`);
}

/** Signs of Markdown, which the words of a reading may lack. */
const signs = new Set(Array.from('*_`~|>\\', (sign) => sign.charCodeAt(0)));

/**
 * The text without signs of Markdown and without invisible characters, and with one space for each run of white
 * space; `places` has the place in the text of each character. Linear in the text, which may be a megabyte.
 */
export function foldText(text: string): FoldedText {
  const places = new Uint32Array(text.length);
  const codes = new Uint16Array(text.length);
  let length = 0;
  let isSpace = true;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80 ? signs.has(code) : isInvisible(code)) continue;
    const blank = code <= 0x20 || code === 0xa0;
    if (blank && isSpace) continue;
    isSpace = blank;
    codes[length] = blank ? 0x20 : code;
    places[length] = at;
    length += 1;
  }
  const folded = new TextDecoder('utf-16le').decode(codes.subarray(0, length));
  return { text, folded, places };
}

/** What was found of each character so far: 1 for one that is seen, 2 for an invisible one. */
const known = new Uint8Array(0x1_0000);

/** Halves of a pair stay: most pairs are letters and pictures. */
function isInvisible(code: number): boolean {
  if (known[code] === 0) {
    const isHalf = code >= 0xd800 && code < 0xe000;
    known[code] = !isHalf && withoutInvisible(String.fromCharCode(code)) === '' ? 2 : 1;
  }
  return known[code] === 2;
}
