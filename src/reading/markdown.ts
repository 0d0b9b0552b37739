import MarkdownIt, { type Token } from 'markdown-it';

/** Why a stretch of text, or a whole passage, says nothing about the issue. */
export type Hidden = 'code' | 'quoted' | 'comment' | 'struck_through';

interface Range {
  readonly start: number;
  readonly end: number;
}

/** One block of an issue's text as a reader of the page sees it: a paragraph, heading, list item or table row. */
export interface Passage {
  readonly kind: 'title' | 'heading' | 'paragraph' | 'row';
  /** The visible characters; markup is gone, lines are kept. */
  readonly text: string;
  /** Why the whole passage does not count; undefined when it does. */
  readonly hidden: Hidden | undefined;
  /** Stretches inside it that do not count. */
  readonly spans: readonly (Range & { readonly hidden: Hidden })[];
  readonly links: readonly (Range & { readonly href: string })[];
  /** The cells of a row. */
  readonly cells: readonly Range[];
  /** The first row of a table. */
  readonly head: boolean;
  /** How deep in lists it stands; 0 outside of any. */
  readonly depth: number;
  /** The box in front of a task; undefined without one. */
  readonly checked: boolean | undefined;
  /** What the text of a range is in the source, character by character. */
  readonly quote: (start: number, end: number) => string;
}

const parser = new MarkdownIt('default', { html: true, linkify: false });
// Escapes and entities stay tokens of their own, so that every other text token stands in the source as it is.
parser.core.ruler.disable(['text_join', 'replacements', 'smartquotes', 'linkify']);

const htmlTag = /<\/?[a-z][^<>]{0,1000}>/iy;
const lastComment = new WeakMap<object, number>();

// The parser's own rule looks for the end of a comment anew at every beginning.
parser.inline.ruler.at('html_inline', (state, silent) => {
  const { src, pos } = state;
  if (src[pos] !== '<') return false;
  let end = 0;
  if (src.startsWith('<!--', pos)) {
    const last = lastComment.get(state) ?? src.lastIndexOf('-->');
    lastComment.set(state, last);
    if (last >= pos + '<!--'.length) end = src.indexOf('-->', pos + '<!--'.length) + '-->'.length;
  } else {
    htmlTag.lastIndex = pos;
    if (htmlTag.test(src)) end = htmlTag.lastIndex;
  }
  if (end === 0) return false;
  if (!silent) state.push('html_inline', '', 0).content = src.slice(pos, end);
  state.pos = end;
  return true;
});

/** The passages of a Markdown body, in order; what a reader does not see is there too, marked as hidden. */
export function parseMarkdown(body: string): Passage[] {
  const lines = splitLines(body.replaceAll('\0', '\uFFFD'));
  const passages: Passage[] = [];
  let quotes = 0;
  let depth = 0;
  let head = false;
  let heading = false;
  let openComment = false;
  let row: Builder | undefined;
  let cursor = { line: -1, column: 0 };
  for (const token of parser.parse(body, {})) {
    switch (token.type) {
      case 'blockquote_open':
      case 'blockquote_close':
        quotes += token.nesting;
        break;
      case 'list_item_open':
      case 'list_item_close':
        depth += token.nesting;
        break;
      case 'heading_open':
      case 'heading_close':
        heading = token.nesting > 0;
        break;
      case 'thead_open':
      case 'thead_close':
        head = token.nesting > 0;
        break;
      case 'tr_open':
        row = new Builder(body);
        cursor = { line: token.map?.[0] ?? -1, column: 0 };
        break;
      case 'tr_close':
        if (row !== undefined) add(row, 'row');
        row = undefined;
        break;
      case 'inline':
        if (row === undefined) {
          const builder = new Builder(body);
          flatten(builder, token, lineOffsets(token.content, token.map?.[0] ?? 0, lines));
          add(builder, heading ? 'heading' : 'paragraph');
        } else addCell(row, token, cursor, lines);
        break;
      case 'html_block': {
        const builder = new Builder(body);
        builder.content = token.content;
        builder.offsets = lineOffsets(token.content, token.map?.[0] ?? 0, lines);
        const unclosed = addHtml(builder, token.content);
        add(builder, 'paragraph');
        openComment ||= unclosed;
        break;
      }
      case 'fence':
      case 'code_block': {
        const first = (token.map?.[0] ?? 0) + (token.type === 'fence' ? 1 : 0);
        const builder = new Builder(body);
        builder.content = token.content;
        builder.offsets = lineOffsets(token.content, first, lines);
        builder.append(token.content, 0);
        add(builder, 'paragraph', 'code');
        break;
      }
      default:
    }
  }
  return passages;

  function add(builder: Builder, kind: Passage['kind'], hidden?: Hidden): void {
    const why = openComment ? 'comment' : (hidden ?? (quotes > 0 ? 'quoted' : undefined));
    if (openComment && builder.text().includes('-->')) openComment = false;
    passages.push({ ...builder.finish(), kind, hidden: why, depth, head: kind === 'row' && head });
  }
}

/** A title is one line of text in which only code spans are markup. */
export function parseTitle(title: string): Passage {
  const builder = new Builder(title);
  const [inline] = parser.parseInline(title.replaceAll('\0', '\uFFFD'), {});
  if (inline !== undefined)
    flatten(
      builder,
      inline,
      lineOffsets(inline.content, 0, splitLines(title.replaceAll('\0', '\uFFFD'))),
    );
  return {
    ...builder.finish(),
    kind: 'title',
    hidden: undefined,
    depth: 0,
    head: false,
    checked: undefined,
  };
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const { index, 0: ending } of text.matchAll(/\r\n|\r|\n/g)) {
    lines.push({ start, text: text.slice(start, index) });
    start = index + ending.length;
  }
  lines.push({ start, text: text.slice(start) });
  return lines;
}

/** Where in the source each line of a block's content begins: less its indentation and markers, it is the line. */
function lineOffsets(content: string, first: number, lines: readonly Line[]): Offset[] {
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

/** From here on, content and source run side by side; -1: not found in the source. */
interface Offset {
  readonly content: number;
  readonly source: number;
}

/** Collects visible text, and remembers where each stretch of it stands in the source. */
class Builder {
  content = '';
  offsets: readonly Offset[] = [];
  readonly spans: (Range & { hidden: Hidden })[] = [];
  readonly links: (Range & { href: string })[] = [];
  readonly cells: Range[] = [];
  readonly open: Hidden[] = [];
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
    const offset = lastBefore(this.offsets, ({ content }) => content <= contentAt);
    return offset === undefined || offset.source < 0
      ? -1
      : offset.source + contentAt - offset.content;
  }

  #sourceOf(at: number): number {
    const place = lastBefore(this.#places, (other) => other.at <= at);
    return place === undefined || place.source < 0 ? -1 : place.source + at - place.at;
  }
}

/** The last item that passes, in a list where those that pass come first. */
function lastBefore<T>(items: readonly T[], passes: (item: T) => boolean): T | undefined {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && passes(item)) low = middle + 1;
    else high = middle;
  }
  return items[low - 1];
}

/** How far ahead of the previous cell the next is looked for, beyond its length. */
const cellReach = 200;

function addCell(
  row: Builder,
  token: Token,
  cursor: { line: number; column: number },
  lines: readonly Line[],
): void {
  const { content } = token;
  const line = lines[cursor.line];
  const near = line?.text.slice(cursor.column, cursor.column + content.length + cellReach) ?? '';
  const column = near.indexOf(content);
  const source = line === undefined || column < 0 ? -1 : line.start + cursor.column + column;
  if (column >= 0) cursor.column += column + content.length;
  if (row.cells.length > 0) row.append(' | ', -1);
  const start = row.length;
  flatten(row, token, [{ content: 0, source }]);
  row.cells.push({ start, end: row.length });
}

/** What GitHub-like pages show struck through or as code when written in HTML. */
const hidingTags: ReadonlyMap<string, Hidden> = new Map([
  ...['s', 'del', 'strike'].map((tag) => [tag, 'struck_through'] as const),
  ...['code', 'pre', 'kbd', 'samp', 'tt'].map((tag) => [tag, 'code'] as const),
  ...['blockquote', 'q'].map((tag) => [tag, 'quoted'] as const),
]);

/** Adds the text of an inline token; `offsets` says where its content stands in the source. */
function flatten(builder: Builder, { content, children }: Token, offsets: Offset[]): void {
  builder.content = content;
  builder.offsets = offsets;
  let cursor = 0;
  let link: { start: number; href: string } | undefined;
  const find = (text: string) => {
    const at = content.indexOf(text, cursor);
    if (at >= 0) cursor = at + text.length;
    return at;
  };
  for (const child of children ?? []) {
    switch (child.type) {
      case 'text':
        builder.append(child.content, find(child.content));
        break;
      case 'text_special':
        builder.append(child.content, find(child.markup));
        break;
      case 'softbreak':
      case 'hardbreak':
        builder.append('\n', find('\n'));
        break;
      case 'code_inline': {
        const start = find(child.markup) + child.markup.length;
        builder.append(child.content, start, 'code');
        cursor = Math.max(cursor, start + child.content.length);
        find(child.markup);
        break;
      }
      case 's_open':
        builder.open.push('struck_through');
        break;
      case 's_close':
        builder.open.pop();
        break;
      case 'html_inline':
        addHtmlPart(builder, child.content, find(child.content));
        break;
      case 'link_open':
        link = { start: builder.length, href: String(child.attrGet('href') ?? '') };
        break;
      case 'link_close':
        if (link !== undefined) builder.links.push({ ...link, end: builder.length });
        link = undefined;
        if (child.info !== 'auto' && find('](') >= 0) find(')');
        break;
      default:
    }
  }
  builder.open.length = 0;
}

const htmlPart = /<!--[^]*?(?:-->|$)|<[^<>]*>|[^<]+|</g;

/** Adds a block of HTML; true when a comment is left open in it. */
function addHtml(builder: Builder, html: string): boolean {
  let unclosed = false;
  for (const { 0: part, index } of html.matchAll(htmlPart)) {
    addHtmlPart(builder, part, index);
    unclosed = part.startsWith('<!--') && !part.endsWith('-->');
  }
  builder.open.length = 0;
  return unclosed;
}

function addHtmlPart(builder: Builder, part: string, at: number): void {
  if (part.startsWith('<!--')) {
    builder.append(part, at, 'comment');
    return;
  }
  const tag = /^<(\/?)([a-z][a-z0-9]*)\b/i.exec(part);
  if (tag === null) {
    builder.append(part, at);
    return;
  }
  const name = tag[2]?.toLowerCase() ?? '';
  const hidden = hidingTags.get(name);
  if (hidden !== undefined) {
    if (tag[1] === '') builder.open.push(hidden);
    else builder.open.pop();
  } else if (/^(br|p|div|li|tr|h[1-6])$/.test(name)) builder.append('\n', -1);
}
