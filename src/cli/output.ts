import { stripVTControlCharacters, styleText } from 'node:util';

import Table from 'cli-table3';
import wrapAnsi from 'wrap-ansi';

import type { Io, Output } from './io.ts';

/** Default width of a table, in characters. */
const tableWidth = 134;
const minLastColumn = 20;
/** Maximum length of a text in the other columns. */
const maxCell = 44;
const maxText = 1_000;

/**
 * A table for people; the last column holds sentences and is wrapped instead of cut. `paintCell` colours a
 * cell when its text is ready; columns and rows count from 0.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = tableWidth,
  paintCell: (text: string, column: number, row: number) => string = (text) => text,
): string {
  const texts = rows.map((row) =>
    row.map((text, column) => shorten(text, column === head.length - 1 ? maxText : maxCell)),
  );
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const used = widths.slice(0, -1).reduce((sum, column) => sum + column + 3, 4);
  const last = Math.min(widths.at(-1) ?? 0, Math.max(minLastColumn, width - used));
  const table = new Table({
    head: [...head],
    colWidths: [...widths.slice(0, -1), last].map((column) => column + 2),
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  table.push(
    ...texts.map((row, index) => row.map((text, column) => paintCell(text, column, index))),
  );
  return table.toString();
}

/** JSON as the API returns it; characters that could control a terminal are escaped. */
export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${formatJson(value)}\n`);
}

/** The text that `printJson` prints, without the end of line. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (colour: Colour, text: string) => string;

/** Width and colours of what is printed for people. */
export interface Style {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: Paint;
}

/** Colours only in a terminal, and not when NO_COLOR is set. */
export function painter(io: Io, output: Output): Paint {
  const colourful = output.isTTY === true && (io.environment()['NO_COLOR'] ?? '') === '';
  return (colour, text) => (colourful ? styleText(colour, text, { validateStream: false }) : text);
}

/** Lines of at most `width` columns, broken between words; a longer word gets a line of its own. */
export function wrap(text: string, width: number): string[] {
  return width === Infinity ? [text] : wrapAnsi(text, width).split('\n');
}

/** Rounded down: 79.9 % is not yet 80 %. */
export function percent(ratio: number): string {
  return `${Math.floor(Number((ratio * 100).toPrecision(12)))} %`;
}

/** A foreign text as one line without control characters, which could control the terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** The same, cut to `limit` characters. */
export function shorten(text: string, limit: number): string {
  const line = printable(text);
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
