import { createHash } from 'node:crypto';

import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';

import { withoutNul } from '../../lib/text.ts';
import type { Database } from '../database.ts';
import type { CopiedTable } from './tables.ts';

/** Rows that are in memory at once. The largest rows are deliveries, some 20 KB each. */
const rowsAtOnce = 200;

export type Row = Readonly<Record<string, unknown>>;

/**
 * The rows of a table by its key, which is in the same order in both databases: texts by their bytes. A table without
 * a key is small, and read by all its columns.
 */
export async function* pagesOf(db: Database, table: CopiedTable): AsyncGenerator<readonly Row[]> {
  const { key, columns } = table;
  const order = key.length > 0 ? key : columns;
  const ordered = sql.join(order.map((column) => sql`${sql.ref(column)} nulls first`));
  let last: Row | undefined;
  for (let seen = 0; ;) {
    const { rows }: { rows: readonly Row[] } = await sql<Row>`
      select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(table.name)}
      ${last !== undefined && key.length > 0 ? beyond(key, last) : sql``}
      order by ${key.length > 0 ? sql.join(key.map((column) => sql.ref(column))) : ordered}
      limit ${rowsAtOnce} ${key.length === 0 ? sql`offset ${seen}` : sql``}`.execute(db);
    if (rows.length > 0) yield rows;
    if (rows.length < rowsAtOnce) return;
    seen += rows.length;
    last = rows.at(-1);
  }
}

function beyond(key: readonly string[], last: Row): RawBuilder<unknown> {
  const values = key.map((column) => last[column]);
  return sql`where (${sql.join(key.map((column) => sql.ref(column)))}) > (${sql.join(values)})`;
}

export async function insertRows(
  db: Database,
  table: CopiedTable,
  rows: readonly Row[],
): Promise<void> {
  const columns = sql.join(table.columns.map((column) => sql.ref(column)));
  const values = rows.map(
    (row) => sql`(${sql.join(table.columns.map((column) => row[column] ?? null))})`,
  );
  await sql`insert into ${sql.table(table.name)} (${columns}) values ${sql.join(values)}`.execute(
    db,
  );
}

const countSchema = z.tuple([z.object({ count: z.coerce.number() })]);

export async function countRows(db: Database, table: CopiedTable): Promise<number> {
  const { rows } = await sql`select count(*) as count from ${sql.table(table.name)}`.execute(db);
  return countSchema.parse(rows)[0].count;
}

/** Number and SHA-256 of the rows of a table, in their order, each as a line of JSON. */
export function createRowHash(table: CopiedTable) {
  const hash = createHash('sha256');
  let count = 0;
  return {
    add: (rows: readonly Row[]) => {
      for (const row of rows)
        hash.update(`${JSON.stringify(table.columns.map((column) => row[column] ?? null))}\n`);
      count += rows.length;
    },
    end: () => ({ rows: count, sha256: hash.digest('hex') }),
  };
}

/** Columns with JSON that queries look into: PostgreSQL reads no `\u0000` in them, SQLite does. */
const readAsJson: ReadonlySet<string> = new Set([
  'deliveries.event',
  'issues.estimate',
  'issues.reading',
  'issues.parked_params',
  'issues.own_warnings',
]);
/** `\u0000` in JSON, as opposed to a backslash before `u0000`. */
const nulInJson = /(?<!\\)((?:\\\\)*)\\u0000/g;

/** A row as PostgreSQL can store and read it, with U+FFFD in place of U+0000; `onText` is called for each changed text. */
export function storableRow(table: CopiedTable, row: Row, onText: () => void): Row {
  let storable = row;
  for (const column of table.columns) {
    const value = row[column];
    if (typeof value !== 'string') continue;
    const plain = withoutNul(value);
    const isJson = readAsJson.has(`${table.name}.${column}`);
    const text = isJson ? plain.replaceAll(nulInJson, '$1\\ufffd') : plain;
    if (text === value) continue;
    onText();
    storable = { ...storable, [column]: text };
  }
  return storable;
}
