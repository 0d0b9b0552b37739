import type { Token } from 'markdown-it';

import { addHtmlPart } from './html.ts';
import type { PassageBuilder } from './passage-builder.ts';
import type { Offset, SourceLine } from './source-lines.ts';

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
