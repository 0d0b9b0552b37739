import { evidenceJoint } from '../../issue/reading.ts';
import { labelOf } from './labels.ts';
import type { Passage } from '../markdown/passage.ts';

/** One line of the text that may declare a value. */
export interface TextLine {
  readonly text: string;
  readonly heading: boolean;
  /** Its text that is struck through. */
  readonly struck: string;
  /** The words as they stand in the text, where that is not `text`. */
  readonly evidence?: string;
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
  const evidence = `${label}${evidenceJoint}${value}`;
  return [{ text: `${label}: ${value}`, heading: false, struck: '', evidence }];
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
