import type { HiddenReason } from './passage.ts';
import type { PassageBuilder } from './passage-builder.ts';

/** HTML tags that forges show struck through, as code or as a quotation. */
const hidingTags: ReadonlyMap<string, HiddenReason> = new Map([
  ...['s', 'del', 'strike'].map((tag) => [tag, 'struck_through'] as const),
  ...['code', 'pre', 'kbd', 'samp', 'tt'].map((tag) => [tag, 'code'] as const),
  ...['blockquote', 'q'].map((tag) => [tag, 'quoted'] as const),
]);

const htmlPart = /<!--[^]*?(?:-->|$)|<[^<>]*>|[^<]+|</g;

/** Adds a block of HTML; true when a comment is left open in it. */
export function addHtml(builder: PassageBuilder, html: string): boolean {
  let unclosed = false;
  for (const { 0: part, index } of html.matchAll(htmlPart)) {
    addHtmlPart(builder, part, index);
    unclosed = part.startsWith('<!--') && !part.endsWith('-->');
  }
  builder.open.length = 0;
  return unclosed;
}

/** Adds the text of one tag, comment or piece of text. */
export function addHtmlPart(builder: PassageBuilder, part: string, at: number): void {
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
