import { lineLimit, type TextLine } from './lines.ts';

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
    const shown: UncommentedLine =
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
interface UncommentedLine {
  readonly text: string;
  readonly open: boolean;
}

function withoutComments(line: string, inComment: boolean): UncommentedLine {
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
