import Table from 'cli-table3';

import type { Io } from './io.ts';

/** Longest text in one cell. */
const cellLimit = 60;

/** A table for people: plain lines between columns, cells cut to a readable width. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => row.map((text) => shorten(printable(text)))));
  return table.toString();
}

/** JSON for machines, as the API answers it. */
export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Issue texts are written by strangers: control characters could steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

function shorten(text: string): string {
  return text.length > cellLimit ? `${text.slice(0, cellLimit - 1)}…` : text;
}
