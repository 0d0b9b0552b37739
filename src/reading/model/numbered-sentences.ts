import { foldedText, visibleText } from '../visible-text.ts';
import { partitionPoint } from '../partition-point.ts';
import type { IssueText } from '../../issue/reading.ts';

/** Maximum bytes (UTF-8) of a body in a question; a longer one is cut to its head and tail. */
const bodyLimit = 32 * 1024;
const tailLength = 8 * 1024;
const omission = '\n\n[...]\n\n';
const titleLength = 500;
/** Maximum characters of a sentence; a longer one is cut at a space. */
const sentenceLength = 400;
/** Maximum places of the same words that are looked at. */
const maxPlaces = 8;

/** The visible text of an issue as sentences, which an answer names by their numbers. */
export interface NumberedText {
  /** The first is the title, and has the number 1. */
  readonly sentences: readonly string[];
  /** The middle of the body was left out. */
  readonly cut: boolean;
  /** The numbers of the sentences in which these words stand, whatever the white space between them. */
  readonly find: (words: string) => number[];
}

/**
 * Splits what a person sees of title and body: a heading, an item or a row is one sentence, prose is split at
 * the ends of its sentences, code into whole lines. Linear in the length of the text.
 */
export function numberSentences({ title, body }: Pick<IssueText, 'title' | 'body'>): NumberedText {
  const shown = boundedBody(visibleText(body));
  const sentences = [foldedText(title).slice(0, titleLength).toWellFormed()];
  for (const block of blocksOf(shown.text)) sentences.push(...splitBlock(block));
  const starts: number[] = [];
  let length = 0;
  const all = sentences.map(withoutSpaces);
  for (const words of all) {
    starts.push(length);
    length += words.length;
  }
  const joined = all.join('');
  return {
    sentences,
    cut: shown.cut,
    find: (words) => findIn(joined, starts, withoutSpaces(words)),
  };
}

/** Numbers of the sentences that the words overlap. */
function findIn(all: string, starts: readonly number[], words: string): number[] {
  const numbers = new Set<number>();
  if (words === '') return [];
  const isStart = new Set(starts);
  for (let at = all.indexOf(words), places = 0; at >= 0 && places < maxPlaces;) {
    const behind = at + words.length;
    // `#1` is not found in `#12`, which may stand in front of it a hundred times.
    const isWhole = isStart.has(behind) || !/^\d\d$/.test(all.slice(behind - 1, behind + 1));
    if (isWhole) {
      const first = partitionPoint(starts, (start) => start <= at);
      const last = partitionPoint(starts, (start) => start < behind);
      for (let number = first; number <= last; number += 1) numbers.add(number);
      places += 1;
    }
    at = all.indexOf(words, behind);
  }
  return [...numbers];
}

function boundedBody(body: string): { text: string; cut: boolean } {
  const bytes = Buffer.from(body);
  if (bytes.length <= bodyLimit) return { text: body, cut: false };
  const head = bytes.subarray(0, bodyLimit - tailLength - omission.length);
  const tail = bytes.subarray(-tailLength);
  return { text: `${decode(head)}${omission}${decode(tail)}`, cut: true };
}

/** Decodes bytes, without a character that was cut in two. */
function decode(bytes: Buffer): string {
  return bytes.toString().replace(/^\ufffd+|\ufffd+$/g, '');
}

interface Block {
  readonly kind: 'prose' | 'whole' | 'code';
  readonly lines: string[];
}

const fence = /^\s*(?:[-*+]\s+)?(`{3,}|~{3,})/;
const heading = /^ {0,3}#{1,6}(?:\s|$)/;
const item = /^\s*(?:[-*+•]|\d{1,9}[.)])\s/;
const row = /^\s*\|/;
/** A trailer or a label, such as `Depends-on: #12`. */
const label = /^\s*[\p{L}*_][\p{L}\d*_ -]{0,40}[:：]/u;
const quoted = /^\s*>/;
const saysSomething = /[\p{L}\p{N}]|^\[\.\.\.\]$/u;

/** The blocks of a body, by its lines. */
function blocksOf(body: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let closing: string | undefined;
  let isQuoted = false;
  const begin = (kind: Block['kind'], line: string) => {
    open = { kind, lines: [line] };
    blocks.push(open);
  };
  for (const line of body.split('\n')) {
    const mark = fence.exec(line)?.[1];
    if (closing !== undefined) {
      open?.lines.push(line);
      if (mark?.startsWith(closing) === true && line.trim() === mark) closing = open = undefined;
    } else if (mark !== undefined) {
      begin('code', line);
      closing = mark;
    } else if (!saysSomething.test(line)) open = undefined;
    else if (heading.test(line) || row.test(line)) {
      begin('whole', line);
      open = undefined;
    } else if (item.test(line)) begin('whole', line);
    else if (open === undefined || label.test(line) || isQuoted !== quoted.test(line))
      begin('prose', line);
    else open.lines.push(line);
    isQuoted = quoted.test(line);
  }
  return blocks;
}

function splitBlock({ kind, lines }: Block): string[] {
  if (kind === 'code') return linesOfCode(lines);
  const text = lines.join(' ').replace(/\s+/g, ' ').trim();
  const isOne = kind === 'whole' && text.length <= sentenceLength;
  return (isOne ? [text] : [...sentencesOf(text)]).flatMap(piecesOf).filter((part) => part !== '');
}

function linesOfCode(lines: readonly string[]): string[] {
  const parts: string[] = [];
  let part = '';
  for (const line of lines.flatMap((each) => piecesOf(each.trimEnd()))) {
    if (part !== '' && part.length + line.length >= sentenceLength) {
      parts.push(part);
      part = '';
    }
    part += part === '' ? line : `\n${line}`;
  }
  return saysSomething.test(part) ? [...parts, part] : parts;
}

// Looked for at the beginning of a run of signs alone: a long run that ends no sentence is walked once.
const end = /(?<![.!?…])[.!?…]+["'”’)\]*_]*(?=\s|$)|[。！？]+[」』”’）]*/g;
const abbreviation =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|cf|vs|approx|incl|resp|no|nr|z\.\s?b|d\.\s?h|bzw|ca|usw|tsd|mio|p\.\s?ex|\d{1,3})\.$/i;

function* sentencesOf(text: string): Generator<string> {
  let start = 0;
  for (const { 0: sign, index } of text.matchAll(end)) {
    const stop = index + sign.length;
    if (sign === '.' && abbreviation.test(text.slice(Math.max(start, stop - 12), stop))) continue;
    yield text.slice(start, stop).trim();
    start = stop;
  }
  yield text.slice(start).trim();
}

/** A sentence in pieces of bounded length, cut between words, and never within a number. */
function piecesOf(sentence: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (sentence.length - start > sentenceLength) {
    const piece = sentence.slice(start, start + sentenceLength);
    const space = piece.lastIndexOf(' ');
    const word = /[\w#!/.:-]{1,100}$/.exec(piece)?.index ?? 0;
    const length = space > sentenceLength / 2 ? space : word > 0 ? word : wellFormedLength(piece);
    pieces.push(sentence.slice(start, start + length).trimEnd());
    start += length;
    if (sentence.charAt(start) === ' ') start += 1;
  }
  return [...pieces, sentence.slice(start).trimEnd()];
}

/** Not between the two halves of one character. */
function wellFormedLength(piece: string): number {
  return piece.isWellFormed() ? piece.length : piece.length - 1;
}

/** For a search: lines may be broken anywhere, and Chinese sentences have no space between them. */
function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, '');
}
