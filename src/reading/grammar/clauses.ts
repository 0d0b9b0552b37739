/** The sentence in lower case with plain signs; no character moves. */
export function simplify(text: string): string {
  return text
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/\s/g, ' ')
    .replace(/[’‘ʼ]/g, "'");
}

/** Number of characters searched around a relation. */
const reach = 300;
const clauseSign = /[,;:()!?]|\bbut\b|\bbecause\b| [-–—] |[–—]/g;

/** The words in front of a place, back to the last comma or conjunction. */
export function clauseBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - reach), at);
  return before.slice(lastEnd(before, clauseSign));
}

/** The words around a place, from one comma or conjunction to the next. */
export function clauseAround(text: string, start: number, end: number): string {
  const sign = /[,;()!?]|\b(?:but|and|because)\b| [-–—] |[–—]/g;
  const before = text.slice(Math.max(0, start - reach), start);
  const behind = text.slice(end, end + reach);
  const length = sign.exec(behind)?.index ?? reach;
  return before.slice(lastEnd(before, sign)) + text.slice(start, end) + behind.slice(0, length);
}

/** The start of the part of a sentence that a condition governs. */
export function partStart(text: string, at: number): number {
  const from = Math.max(0, at - reach);
  return from + lastEnd(text.slice(from, at), /;|\bbut\b| [-–—] |—|: /g);
}

function lastEnd(text: string, sign: RegExp): number {
  let end = 0;
  for (const match of text.matchAll(sign)) end = match.index + match[0].length;
  return end;
}

/** A question, unless the question mark belongs to a later part of the sentence. */
export function isAsked(text: string, after: string): boolean {
  return /\?[\s"'”)\]*!?.]*$/.test(text) && !/[;–—:]| - /.test(after);
}
