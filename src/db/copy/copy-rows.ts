import { sql } from 'kysely';
import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import type { Database } from '../database.ts';
import { isPostgres } from '../portable.ts';
import { countRows, createRowHash, insertRows, pagesOf, storableRow } from './rows.ts';
import type { CopiedTable } from './tables.ts';

export interface CopyProgress {
  readonly table: string;
  /** Rows copied and rows verified so far, and how many of both there will be. */
  readonly done: number;
  readonly total: number;
}

interface CopiedRows {
  readonly table: string;
  readonly rows: number;
  /** Of the rows in the order of the key, each a line of JSON; the same in both databases. */
  readonly sha256: string;
}

export interface CopyResult {
  readonly tables: readonly CopiedRows[];
  /** Texts in which U+FFFD has taken the place of U+0000, which PostgreSQL stores in no text. */
  readonly replacedTexts: number;
}

interface CopyRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CopyProgress) => void;
}

/**
 * Copies all rows between two transactions, sets the counters and reads everything again on the other side. Throws
 * `target_not_empty`, `copy_differs` or `interrupted`; then the caller has to roll back.
 */
export async function copyRows(
  from: Database,
  to: Database,
  tables: readonly CopiedTable[],
  { signal, onProgress }: CopyRun,
): Promise<CopyResult> {
  for (const table of tables) await expectEmpty(to, table);
  let total = 0;
  for (const table of tables) total += 2 * (await countRows(from, table));
  let done = 0;
  let replacedTexts = 0;
  const copied: CopiedRows[] = [];

  function step(table: string, rows: number): void {
    if (signal.aborted)
      throw new CoordinatorError('interrupted', 'Stopped before the end: nothing was copied.');
    done += rows;
    onProgress({ table, done, total });
  }

  for (const table of tables) {
    const sent = createRowHash(table);
    for await (const rows of pagesOf(from, table)) {
      const storable = isPostgres(to)
        ? rows.map((row) => storableRow(table, row, () => (replacedTexts += 1)))
        : rows;
      sent.add(storable);
      await insertRows(to, table, storable);
      step(table.name, rows.length);
    }
    copied.push({ table: table.name, ...sent.end() });
  }
  for (const [index, table] of tables.entries()) {
    const stored = createRowHash(table);
    for await (const rows of pagesOf(to, table)) {
      stored.add(rows);
      step(table.name, rows.length);
    }
    expectEqual(table, copied[index], stored.end());
  }
  for (const table of tables) await setCounter(from, to, table);
  return { tables: copied, replacedTexts };
}

/** Refuses a table with rows. The one row of `reconciliation` that a migration makes goes, while it says nothing. */
async function expectEmpty(to: Database, table: CopiedTable): Promise<void> {
  if (table.name === 'reconciliation')
    await sql`delete from reconciliation where watermark is null and passes = 0
      and last_pass_at is null`.execute(to);
  if ((await countRows(to, table)) === 0) return;
  throw new CoordinatorError(
    'target_not_empty',
    `The database of --to holds rows (table ${table.name}): a copy was made into it before, or a coordinator ran on it. Create an empty database for the copy, and let --to name it.`,
  );
}

function expectEqual(
  { name }: CopiedTable,
  sent: Omit<CopiedRows, 'table'> | undefined,
  stored: Omit<CopiedRows, 'table'>,
): void {
  if (sent?.rows === stored.rows && sent.sha256 === stored.sha256) return;
  throw new CoordinatorError(
    'copy_differs',
    `Nothing was copied: the rows of ${name} are not the same on both sides (${sent?.rows} sent, ${stored.rows} stored). This is a mistake of the coordinator; please report it.`,
  );
}

const lastSchema = z.array(z.object({ last: z.coerce.number().nullable() }));

/** Lets the next row get the number that it would have got in the first database: none is given twice. */
async function setCounter(
  from: Database,
  to: Database,
  { name, counter }: CopiedTable,
): Promise<void> {
  if (counter === undefined) return;
  const sequence = sql`pg_get_serial_sequence(${name}::text, ${counter}::text)`;
  const { rows } = await (
    isPostgres(from)
      ? sql`select pg_sequence_last_value(${sequence}::regclass) as last`
      : sql`select seq as last from sqlite_sequence where name = ${name}`
  ).execute(from);
  const last = lastSchema.parse(rows)[0]?.last ?? 0;
  if (last < 1) return;
  if (isPostgres(to)) await sql`select setval(${sequence}, ${last})`.execute(to);
  else {
    await sql`delete from sqlite_sequence where name = ${name}`.execute(to);
    await sql`insert into sqlite_sequence (name, seq) values (${name}, ${last})`.execute(to);
  }
}
