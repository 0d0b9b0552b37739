import type { Insertable } from 'kysely';
import { z } from 'zod';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { SqliteThread } from '../db/sqlite-thread.ts';

export type NewDelivery = Required<Omit<Insertable<Schema['deliveries']>, 'seq'>>;

/**
 * Inserts rows in one commit, except those whose id is stored already; resolves after the commit with the
 * new ids. Rejects with `StoreUnavailable`.
 */
export type InsertDeliveries = (rows: readonly NewDelivery[]) => Promise<Set<string>>;

/** The defaults of a row; fixes the order of the columns for every row. */
export const emptyRow: NewDelivery = {
  id: '',
  status: 'waiting',
  event_name: '',
  kind: null,
  repository_id: null,
  issue_number: null,
  snapshot_at: null,
  body_hash: '',
  received_at: 0,
  due_at: 0,
  attempts: 0,
  handled_at: null,
  error: null,
  event: null,
  raw_size: 0,
  body: null,
  raw: null,
};

const insertedSchema = z.array(z.object({ id: z.string() }));

/** Inserts through `run`. `db` only compiles the statements, once per number of rows: compiling costs more than running. */
export function createInsert(db: Database, run: SqliteThread['all']): InsertDeliveries {
  const statements = new Map<number, string>();

  function statementFor(rowCount: number): string {
    const known = statements.get(rowCount);
    if (known !== undefined) return known;
    const { sql } = db
      .insertInto('deliveries')
      .values(Array.from({ length: rowCount }, () => emptyRow))
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .compile();
    statements.set(rowCount, sql);
    return sql;
  }

  return async (rows) => {
    const parameters = rows.flatMap((row) => Object.values({ ...emptyRow, ...row }));
    const inserted = await run(statementFor(rows.length), parameters);
    return new Set(insertedSchema.parse(inserted).map(({ id }) => id));
  };
}
