import { withoutInvisible } from '../../../lib/text.ts';

/** Words of a text, and what they gave. */
export interface Quote {
  readonly words: string;
  readonly gives: string;
}

/** A stretch of the text; `gives` is empty for one that gave nothing. */
export interface Piece {
  readonly kind: 'text';
  readonly text: string;
  readonly gives: readonly string[];
}

/** A stretch that is not shown, in characters. */
export interface Gap {
  readonly kind: 'gap';
  readonly length: number;
}

export interface MarkedText {
  readonly pieces: readonly (Piece | Gap)[];
  /** Words that are not in the text. */
  readonly missing: readonly Quote[];
}

/** Characters of a text that are shown at most; then its beginning, and what is around each mark. */
const shownLimit = 20_000;
const headLength = 6_000;
const aroundMark = 300;
/** Quotes that are looked for. */
const maxQuotes = 100;
/** What joins the words of several sentences. */
const joint = ' … ';
/** Shorter words than these would be found anywhere. */
const minWords = 2;

interface Range {
  readonly start: number;
  readonly end: number;
}
type Mark = Range & { readonly gives: string[] };

/** Marks the words in the text that gave a value or an edge, and cuts what is too long to be shown. */
export function markText(text: string, quotes: readonly Quote[]): MarkedText {
  const { marks, missing } = findQuotes(text, quotes.slice(0, maxQuotes));
  const pieces: (Piece | Gap)[] = [];
  let at = 0;
  for (const window of shownRanges(text.length, marks)) {
    if (window.start > at) pieces.push({ kind: 'gap', length: window.start - at });
    pieces.push(...piecesIn(text, window, marks));
    at = window.end;
  }
  if (at < text.length) pieces.push({ kind: 'gap', length: text.length - at });
  return { pieces, missing };
}

function* piecesIn(text: string, window: Range, marks: readonly Mark[]): Generator<Piece> {
  let at = window.start;
  for (const { start, end, gives } of marks) {
    if (end <= window.start || start >= window.end) continue;
    if (start > at) yield pieceOf(text.slice(at, start), []);
    yield pieceOf(text.slice(Math.max(at, start), Math.min(end, window.end)), gives);
    at = Math.min(end, window.end);
  }
  if (at < window.end) yield pieceOf(text.slice(at, window.end), []);
}

function pieceOf(text: string, gives: readonly string[]): Piece {
  return { kind: 'text', text: withoutInvisible(text.toWellFormed()), gives };
}

function shownRanges(length: number, marks: readonly Mark[]): Range[] {
  if (length <= shownLimit) return length === 0 ? [] : [{ start: 0, end: length }];
  const shown: { start: number; end: number }[] = [{ start: 0, end: headLength }];
  let total = headLength;
  for (const { start: from, end: to } of marks) {
    const start = Math.max(0, from - aroundMark);
    const end = Math.min(length, to + aroundMark);
    const last = shown.at(-1);
    if (total >= shownLimit || last === undefined) break;
    const isNear = start <= last.end;
    total += isNear ? Math.max(0, end - last.end) : end - start;
    if (isNear) last.end = Math.max(last.end, end);
    else shown.push({ start, end });
  }
  return shown;
}

/** Where the words stand, in the order of the text; those that overlap are one mark. */
function findQuotes(text: string, quotes: readonly Quote[]) {
  const missing: Quote[] = [];
  const found: Mark[] = [];
  const { folded, places } = fold(text);
  for (const quote of quotes) {
    const ranges = quote.words.split(joint).flatMap((words) => {
      const wanted = fold(words).folded.trim();
      const at = wanted.length < minWords ? -1 : folded.indexOf(wanted);
      if (at < 0) return [];
      const start = places[at] ?? 0;
      return [{ start, end: (places[at + wanted.length - 1] ?? start) + 1 }];
    });
    if (ranges.length === 0) missing.push(quote);
    for (const range of ranges) found.push({ ...range, gives: [quote.gives] });
  }
  found.sort((one, other) => one.start - other.start);
  const marks: (Mark & { end: number })[] = [];
  for (const mark of found) {
    const last = marks.at(-1);
    if (last === undefined || mark.start >= last.end) marks.push({ ...mark });
    else {
      last.end = Math.max(last.end, mark.end);
      last.gives.push(...mark.gives.filter((gives) => !last.gives.includes(gives)));
    }
  }
  return { marks, missing };
}

/** Signs of Markdown, which the words of a reading may lack. */
const signs = new Set(Array.from('*_`~|>\\', (sign) => sign.charCodeAt(0)));

/**
 * The text without signs of Markdown and without invisible characters, and with one space for each run of white
 * space; `places` has the place in the text of each character. Linear in the text, which may be a megabyte.
 */
function fold(text: string): { readonly folded: string; readonly places: Uint32Array } {
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
  return { folded, places };
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
