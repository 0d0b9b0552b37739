import { partitionPoint } from '../partition-point.ts';
import type { HiddenReason, Range } from './passage.ts';
import type { Offset } from './source-lines.ts';

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

  append(text: string, contentAt: number, hidden = this.open.at(-1)): void {
    if (text === '') return;
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
    return from < 0 || to <= from ? '' : this.#source.slice(from, to);
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
