import MarkdownIt, { type Token } from 'markdown-it';

import { placeOf } from './link-places.ts';
import type { PassageBuilder, HiddenReason, Offset, SourceLine } from './passage.ts';

const { utils } = new MarkdownIt();

/** Maximum distance between two cells in the source. */
const cellReach = 200;

/** Adds a cell to a row; `cursor`: the end of the cell before it. */
export function addCell(
  row: PassageBuilder,
  token: Token,
  cursor: { line: number; column: number },
  lines: readonly SourceLine[],
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

/** Adds the text of an inline token; `offsets` says where its content stands in the source. */
export function flatten(
  builder: PassageBuilder,
  { content, children }: Token,
  offsets: readonly Offset[],
): void {
  builder.content = content;
  builder.offsets = offsets;
  let cursor = 0;
  let link: { start: number; href: string; auto: boolean } | undefined;
  // Every text that is searched for stands behind the cursor, so that the searches together read the text once.
  const find = (text: string) => {
    const at = content.indexOf(text, cursor);
    if (at >= 0) cursor = at + text.length;
    return at;
  };
  for (const child of children ?? []) {
    switch (child.type) {
      case 'text': {
        const { content: text } = child;
        if (link?.auto !== true) builder.append(text, find(text));
        else {
          // The parser may have decoded the address.
          const at = content.indexOf('<', cursor) + 1;
          builder.append(text, content.startsWith(text, at) ? at : -1);
        }
        break;
      }
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
        link = {
          start: builder.length,
          href: String(child.attrGet('href') ?? ''),
          auto: child.info === 'auto',
        };
        break;
      case 'link_close':
        if (link !== undefined)
          builder.links.push({ start: link.start, href: link.href, end: builder.length });
        link = undefined;
        cursor = placeOf(child)?.end ?? cursor;
        break;
      case 'image':
        cursor = placeOf(child)?.end ?? cursor;
        break;
      default:
    }
  }
  builder.open.length = 0;
}

/** HTML tags that forges show struck through, as code or as a quotation. */
const hidingTags: ReadonlyMap<string, HiddenReason> = new Map([
  ...['s', 'del', 'strike'].map((tag) => [tag, 'struck_through'] as const),
  ...['code', 'pre', 'kbd', 'samp', 'tt'].map((tag) => [tag, 'code'] as const),
  ...['blockquote', 'q'].map((tag) => [tag, 'quoted'] as const),
]);

const htmlPart = /<!--[^]*?(?:-->|$)|<[^<>]*>|[^<]+|</g;

/** A stretch of a block of HTML; `open`: what the stretches before it have left open. */
interface HtmlStretch {
  readonly start: number;
  readonly end: number;
  readonly open: HiddenReason[];
}

/** Adds a stretch of a block of HTML; true when a comment is left open in it. */
export function addHtml(
  builder: PassageBuilder,
  html: string,
  { start, end, open }: HtmlStretch,
): boolean {
  let unclosed = false;
  builder.open.push(...open.splice(0));
  for (const { 0: part, index } of html.slice(start, end).matchAll(htmlPart)) {
    addHtmlPart(builder, part, start + index);
    unclosed = part.startsWith('<!--') && !part.endsWith('-->');
  }
  open.push(...builder.open.splice(0));
  return unclosed;
}

/** Adds the text of one tag, comment or piece of text. */
function addHtmlPart(builder: PassageBuilder, part: string, at: number): void {
  if (part.startsWith('<!--')) {
    builder.append(part, at, 'comment');
    return;
  }
  const tag = /^<(\/?)([a-z][a-z0-9]*)\b/i.exec(part);
  if (tag === null) {
    addHtmlText(builder, part, at);
    return;
  }
  const name = tag[2]?.toLowerCase() ?? '';
  const hidden = hidingTags.get(name);
  if (hidden !== undefined) {
    if (tag[1] === '') builder.open.push(hidden);
    else builder.open.pop();
  } else if (/^(br|p|div|li|tr|h[1-6])$/.test(name)) builder.append('\n', -1);
}

/** A character of HTML by its name or number: `&shy;`, `&#8203;`. */
const entity = /&(?:[a-z][a-z0-9]{1,31}|#\d{1,7}|#x[0-9a-f]{1,6});/gi;

/** Adds text of HTML, which the Markdown parser leaves as it is. */
function addHtmlText(builder: PassageBuilder, text: string, start: number): void {
  let at = 0;
  for (const { 0: name, index } of text.matchAll(entity)) {
    builder.append(text.slice(at, index), start + at);
    builder.append(utils.unescapeAll(name), start + index);
    at = index + name.length;
  }
  builder.append(text.slice(at), start + at);
}
