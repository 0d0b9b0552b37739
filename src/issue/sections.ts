import { difficultyWords } from './difficulty.ts';
import { documentationLevels, levels, type Difficulty } from './reading.ts';

/** A value found in the text, with the line it stands in. */
export interface Found<T> {
  readonly value: T;
  readonly evidence: string;
}

/** What the tracker template's sections declare; what is missing or unreadable is left out. */
export interface Declared {
  total?: Found<number>;
  agent?: Found<string>;
  difficulty?: Found<Difficulty>;
  files?: Found<number>;
  complexity?: Found<(typeof levels)[number]>;
  tests?: Found<(typeof levels)[number]>;
  docs?: Found<(typeof documentationLevels)[number]>;
}

/** A longer line is no template line. */
const lineLimit = 500;

/**
 * Reads the lines of the tracker template ("Files to modify: 3", "Total estimated: 46,800 tokens",
 * "## Difficulty"), bullets and bold or not. The first readable line of each kind counts.
 */
export function readSections(body: string, agentNames: readonly string[]): Declared {
  const declared: Declared = {};
  let heading = '';
  for (const line of textLines(body)) {
    if (line.length > lineLimit) continue;
    const text = plain(line);
    if (/^#{1,6}\s/.test(line.trim())) {
      heading = text.toLowerCase();
      continue;
    }
    readLine(declared, text, heading, agentNames);
  }
  return declared;
}

/** A code span, or the begin of a comment; a `<!--` inside a code span begins none. */
const codeOrComment = /``[^`]*``|`[^`]*`|<!--/g;

/**
 * The lines of a Markdown text outside code fences and HTML comments, each trimmed. A paragraph may be
 * one long line.
 */
export function* textLines(body: string): Generator<string> {
  let fence: string | undefined;
  let inComment = false;
  for (const raw of body.split(/\r\n|\r|\n/)) {
    const shown: Shown =
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

/** What is left of a line without its comments; `open` when the last of them goes on in the next. */
interface Shown {
  readonly text: string;
  readonly open: boolean;
}

function withoutComments(line: string, inComment: boolean): Shown {
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

function plain(line: string): string {
  return line
    .replace(/^#{1,6}\s+/, '')
    .replace(/^[-*•+]\s+/, '')
    .replace(/\*\*|__|`/g, '')
    .trim();
}

function readLine(
  declared: Declared,
  text: string,
  heading: string,
  agentNames: readonly string[],
) {
  const colon = text.indexOf(':');
  const label = colon < 0 ? '' : text.slice(0, colon).trim().toLowerCase();
  const value = text.slice(colon + 1).trim();
  const word = /^[a-z0-9_-]+/i.exec(value)?.[0]?.toLowerCase() ?? '';
  switch (label) {
    case 'files to modify': {
      keep(declared, 'files', smallCount(value), text);
      return;
    }
    case 'implementation complexity': {
      keep(
        declared,
        'complexity',
        levels.find((level) => level === word),
        text,
      );
      return;
    }
    case 'test requirements': {
      keep(
        declared,
        'tests',
        levels.find((level) => level === word),
        text,
      );
      return;
    }
    case 'documentation': {
      keep(
        declared,
        'docs',
        documentationLevels.find((level) => level === word),
        text,
      );
      return;
    }
    case 'total estimated': {
      keep(declared, 'total', parseTokens(value), text);
      return;
    }
    case 'recommended agent': {
      keep(
        declared,
        'agent',
        agentNames.find((name) => name === word),
        text,
      );
      return;
    }
    case 'difficulty': {
      keep(declared, 'difficulty', difficultyWords.get(word), text);
      return;
    }
    default:
      if (heading === 'difficulty') keep(declared, 'difficulty', difficultyWords.get(word), text);
  }
}

function keep<K extends keyof Declared>(
  declared: Partial<Record<K, Found<NonNullable<Declared[K]>['value']>>>,
  name: K,
  value: NonNullable<Declared[K]>['value'] | undefined,
  evidence: string,
) {
  if (value !== undefined) declared[name] ??= { value, evidence };
}

function smallCount(text: string): number | undefined {
  const digits = /^~?\s*(\d{1,4})(?!\d)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `46,800 tokens`, `46.8k`, `46 800`, `~50k`, `1.2M`: tokens as an integer; undefined for anything else. */
export function parseTokens(text: string): number | undefined {
  const match =
    /^~?\s*(\d{1,3}(?:[,. ]\d{3})+|\d+)(?:[.,](\d{1,2}))?(?:\s*(k|m|million))?(?![.,]?\w)/i.exec(
      text,
    );
  if (match?.[1] === undefined) return undefined;
  const whole = Number(match[1].replace(/[,. ]/g, ''));
  const fraction = match[2] === undefined ? 0 : Number(`0.${match[2]}`);
  const unit = match[3]?.toLowerCase();
  const factor = unit === undefined ? 1 : unit === 'k' ? 1_000 : 1_000_000;
  const tokens = Math.round((whole + fraction) * factor);
  return tokens > 0 && tokens <= largestEstimate ? tokens : undefined;
}

/** No issue is larger than this many tokens; a number beyond it is a slip of the pen. */
const largestEstimate = 100_000_000;
