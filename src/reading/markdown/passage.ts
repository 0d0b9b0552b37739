import { visibleParts, withoutInvisible } from '../../lib/text.ts';
import type { Fold } from './folds.ts';
import { partitionPoint } from '../partition-point.ts';

/** Reason why a stretch of text, or a whole passage, says nothing about the issue. */
export type HiddenReason = 'code' | 'quoted' | 'comment' | 'struck_through';

interface Range {
  readonly start: number;
  readonly end: number;
}

/** One block of an issue's text as a reader of the page sees it: a paragraph, heading, list item or table row. */
export interface Passage {
  readonly kind: 'title' | 'heading' | 'paragraph' | 'row';
  /** The visible characters; markup is gone, lines are kept. */
  readonly text: string;
  /** The reason why the whole passage does not count; undefined when it counts. */
  readonly hidden: HiddenReason | undefined;
  /** Stretches inside it that do not count. */
  readonly spans: readonly (Range & { readonly hidden: HiddenReason })[];
  readonly links: readonly (Range & { readonly href: string })[];
  /** The cells of a row. */
  readonly cells: readonly Range[];
  /** The first row of a table. */
  readonly head: boolean;
  /** Depth of nested lists; 0 outside of any. */
  readonly depth: number;
  /** The folded part (`<details>`) in which it stands. */
  readonly fold: Fold | undefined;
  /** The box in front of a task; undefined without one. */
  readonly checked: boolean | undefined;
  /** The source of a range of `text`, as far as a person sees its characters. */
  readonly quote: (start: number, end: number) => string;
}

/** Collects the visible text of a passage, with the place of each stretch in the source. */
export class PassageBuilder {
  content = '';
  offsets: readonly Offset[] = [];
  readonly spans: (Range & { hidden: HiddenReason })[] = [];
  readonly links: (Range & { href: string })[] = [];
  readonly cells: Range[] = [];
  readonly open: HiddenReason[] = [];
  length = 0;
  readonly #source: string;
  readonly #parts: string[] = [];
  readonly #places: { at: number; source: number }[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** Adds text, of which the characters that nobody sees are left out: they may stand inside a word. */
  append(text: string, contentAt: number, hidden = this.open.at(-1)): void {
    for (const { at, part } of visibleParts(text))
      this.#appendVisible(part, contentAt < 0 ? contentAt : contentAt + at, hidden);
  }

  #appendVisible(text: string, contentAt: number, hidden: HiddenReason | undefined): void {
    this.#places.push({ at: this.length, source: this.#toSource(contentAt) });
    // A stretch over several lines has its place once per line.
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1))
      this.#places.push({
        at: this.length + end + 1,
        source: this.#toSource(contentAt + end + 1),
      });
    if (hidden !== undefined)
      this.spans.push({ start: this.length, end: this.length + text.length, hidden });
    this.#parts.push(text);
    this.length += text.length;
  }

  text(): string {
    return this.#parts.join('');
  }

  finish() {
    const { spans, links, cells } = this;
    const text = this.text();
    const box = /^\s*\[([ xX])\]\s/.exec(text)?.[1];
    const checked = box === undefined ? undefined : box !== ' ';
    const quote = (start: number, end: number) => this.#quote(start, end);
    return { text, spans, links, cells, checked, quote };
  }

  #quote(start: number, end: number): string {
    if (end <= start) return '';
    const from = this.#sourceOf(start);
    const to = this.#sourceOf(end - 1) + 1;
    return from < 0 || to <= from ? '' : withoutInvisible(this.#source.slice(from, to));
  }

  #toSource(contentAt: number): number {
    const after = partitionPoint(this.offsets, ({ content }) => content <= contentAt);
    const offset = this.offsets[after - 1];
    return offset === undefined || offset.source < 0
      ? -1
      : offset.source + contentAt - offset.content;
  }

  #sourceOf(at: number): number {
    const place = this.#places[partitionPoint(this.#places, (other) => other.at <= at) - 1];
    return place === undefined || place.source < 0 ? -1 : place.source + at - place.at;
  }
}

/** One line of the source with its place. */
export interface SourceLine {
  readonly start: number;
  readonly text: string;
}

export function splitLines(text: string): SourceLine[] {
  const lines: SourceLine[] = [];
  let start = 0;
  for (const { index, 0: ending } of text.matchAll(/\r\n|\r|\n/g)) {
    lines.push({ start, text: text.slice(start, index) });
    start = index + ending.length;
  }
  lines.push({ start, text: text.slice(start) });
  return lines;
}

/** The place in the source of each line of a block: the line without its indentation and markers. */
export function lineOffsets(
  content: string,
  first: number,
  lines: readonly SourceLine[],
): Offset[] {
  let at = 0;
  return content.split('\n').map((text, index) => {
    const line = lines[first + index];
    const column = line?.text.lastIndexOf(text) ?? -1;
    const offset = {
      content: at,
      source: line === undefined || column < 0 ? -1 : line.start + column,
    };
    at += text.length + 1;
    return offset;
  });
}

/** A place from which content and source are equal; source -1: not found. */
export interface Offset {
  readonly content: number;
  readonly source: number;
}
