import { labelOf } from './labels.ts';
import type { Passage } from '../markdown/passage.ts';

/** One line of the text that may declare a value. */
export interface TextLine {
  readonly text: string;
  readonly heading: boolean;
  /** Its text that is struck through. */
  readonly struck: string;
}

/** Maximum length of a line that may declare a value. */
export const lineLimit = 500;

/** The visible lines of a passage. */
export function linesOf(passage: Passage): TextLine[] {
  if (passage.kind === 'row') return rowLines(passage);
  const { text, spans } = passage;
  const lines: TextLine[] = [];
  let start = 0;
  let next = 0;
  for (const part of text.split('\n')) {
    const end = start + part.length;
    if (part.length > lineLimit) {
      start = end + 1;
      continue;
    }
    let visible = '';
    let struck = '';
    let at = start;
    while ((spans[next]?.end ?? Infinity) <= start) next += 1;
    for (let index = next; (spans[index]?.start ?? Infinity) < end; index += 1) {
      const span = spans[index];
      if (span === undefined) break;
      visible += text.slice(at, Math.max(at, span.start));
      const inside = text.slice(Math.max(span.start, start), Math.min(span.end, end));
      if (span.hidden === 'struck_through') struck += inside;
      // A value may be written as code, but a line of code declares nothing.
      else if (span.hidden === 'code' && /[\p{L}:=|]/u.test(visible)) visible += inside;
      at = Math.min(span.end, end);
    }
    visible += text.slice(at, end);
    lines.push({
      text: visible.trim(),
      heading: passage.kind === 'heading',
      struck: struck.trim(),
    });
    start = end + 1;
  }
  return lines;
}

/** The first cell is the label of the second. */
function rowLines({ text, cells, spans }: Passage): TextLine[] {
  const [label, value] = cells.slice(0, 2).map((cell) => shownIn(cell, text, spans));
  if (label === undefined || value === undefined || labelOf(label) === undefined) return [];
  return [{ text: `${label}: ${value}`, heading: false, struck: '' }];
}

/** The visible text of a cell. Code counts, for it may be a value. */
function shownIn(
  { start, end }: Passage['cells'][number],
  text: string,
  spans: Passage['spans'],
): string {
  if (end - start > lineLimit) return '';
  const parts: string[] = [];
  let at = start;
  for (const span of spans) {
    if (span.start >= end) break;
    if (span.hidden === 'code' || span.start < at) continue;
    parts.push(text.slice(at, span.start), ' ');
    at = span.end;
  }
  parts.push(text.slice(at, end));
  return parts.join('').trim();
}

/** The lines of a Markdown source that was not parsed, by its look alone. */
export function rawLines(body: string): TextLine[] {
  const lines = [...visibleLines(body)].filter((line) => line.length <= lineLimit);
  return lines.map((line) => ({
    text: plain(line),
    heading: /^#{1,6}\s/.test(line),
    struck: '',
  }));
}

/** A line of Markdown source without its marks. */
function plain(line: string): string {
  return line
    .replace(/^#{1,6}\s+/, '')
    .replace(/^[-*•+]\s+/, '')
    .replace(/^\|\s*|\s*\|$/g, '')
    .replace(/\*\*|__|`/g, '')
    .trim();
}

/** A code span, or the begin of a comment; a `<!--` inside a code span begins none. */
const codeOrComment = /``[^`]*``|`[^`]*`|<!--/g;

/**
 * The lines of a Markdown text outside code fences and HTML comments, each trimmed. A paragraph may be
 * one long line.
 */
function* visibleLines(body: string): Generator<string> {
  let fence: string | undefined;
  let inComment = false;
  for (const raw of body.split(/\r\n|\r|\n/)) {
    const shown: ReturnType<typeof withoutComments> =
      fence === undefined ? withoutComments(raw, inComment) : { text: raw, open: false };
    const line = shown.text;
    inComment = shown.open;
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) {
      if (fence === undefined) fence = mark;
      else if (mark.startsWith(fence)) fence = undefined;
      continue;
    }
    if (fence === undefined && line.trim() !== '') yield line.trim();
  }
}

/** A line without its comments; `open` when the last comment goes on in the next line. */
function withoutComments(line: string, inComment: boolean) {
  const parts: string[] = [];
  let start = 0;
  let open = inComment;
  for (;;) {
    if (open) {
      const end = line.indexOf('-->', start);
      if (end < 0) return { text: parts.join(''), open };
      start = end + '-->'.length;
    }
    const comment = commentFrom(line, start);
    parts.push(line.slice(start, comment));
    if (comment === undefined) return { text: parts.join(''), open: false };
    start = comment;
    open = true;
  }
}

function commentFrom(line: string, start: number): number | undefined {
  if (!line.includes('<!--', start)) return undefined;
  const search = new RegExp(codeOrComment);
  search.lastIndex = start;
  for (let match = search.exec(line); match !== null; match = search.exec(line))
    if (match[0] === '<!--') return match.index;
  return undefined;
}
