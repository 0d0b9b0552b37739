import Table from 'cli-table3';

import type { Io } from './io.ts';

/** Width of a table, in characters; the last column is wrapped to what is left. */
const tableWidth = 130;
const narrowestLastColumn = 30;
/** Longest text in the other columns. */
const cellLimit = 44;
const longestText = 1_000;

/** A table for people; the last column holds the sentences, and is wrapped instead of cut. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const texts = rows.map((row) =>
    row.map((text, column) => shorten(text, column === head.length - 1 ? longestText : cellLimit)),
  );
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const used = widths.slice(0, -1).reduce((sum, width) => sum + width + 3, 0);
  const last = Math.min(widths.at(-1) ?? 0, Math.max(narrowestLastColumn, tableWidth - used));
  const table = new Table({
    head: [...head],
    colWidths: [...widths.slice(0, -1), last].map((width) => width + 2),
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  table.push(...texts);
  return table.toString();
}

/** JSON for machines, as the API answers it; what could steer a terminal is escaped. */
export function printJson(io: Io, value: unknown): void {
  const json = JSON.stringify(value, null, 2).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
  io.stdout.write(`${json}\n`);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** Issue texts are written by strangers: control characters could steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** Lines of at most this many characters, broken between words; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function shorten(text: string, limit: number): string {
  const line = printable(text);
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
