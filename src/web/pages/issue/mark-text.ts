import { withoutInvisible } from '../../../lib/text.ts';
import { foldText, placesOf, type Range } from './find-words.ts';

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
  /** Words that are not in the text, or of which it is not known where. */
  readonly missing: readonly Quote[];
}

/** Characters of a text that are shown at most; then its beginning, and what is around each mark. */
const shownLimit = 20_000;
const headLength = 6_000;
const aroundMark = 300;
/** Quotes that are looked for. */
const maxQuotes = 100;
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
  const folded = foldText(text);
  for (const quote of quotes) {
    const ranges = placesOf(folded, quote.words);
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
