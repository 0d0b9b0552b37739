import { z } from 'zod';

import type { Database } from '../db/database.ts';
import { emptyRow, takeTheirPlace, type NewDelivery } from '../db/delivery-rows.ts';
import type { SqliteThread } from '../db/sqlite-thread.ts';

/**
 * Inserts rows in one commit, except those whose id or bytes are stored already; resolves after the commit
 * with the new ids. One whose id another delivery has is not inserted either: the caller sees it, and may choose
 * another id. A stored row that was rejected or given up is no obstacle: the new one takes its place.
 * Rejects with `StoreUnavailable`.
 */
export type InsertDeliveries = (rows: readonly NewDelivery[]) => Promise<Set<string>>;

const insertedSchema = z.array(z.object({ id: z.string() }));

/** The ids that an insert returned. */
export function insertedIds(rows: unknown): Set<string> {
  return new Set(insertedSchema.parse(rows).map(({ id }) => id));
}

/** Inserts through `run`. `db` only compiles the statements, once per number of rows: compiling costs more than running. */
export function createInsert(db: Database, run: SqliteThread['all']): InsertDeliveries {
  const statements = new Map<number, string>();

  function statementFor(rowCount: number): string {
    const known = statements.get(rowCount);
    if (known !== undefined) return known;
    const { sql } = db
      .insertInto('deliveries')
      .values(Array.from({ length: rowCount }, () => emptyRow))
      .compile();
    // Kysely knows one conflict clause only.
    const statement = `${sql} ${takeTheirPlace} returning id`;
    statements.set(rowCount, statement);
    return statement;
  }

  return async (rows) => {
    const parameters = rows.flatMap((row) => Object.values({ ...emptyRow, ...row }));
    return insertedIds(await run(statementFor(rows.length), parameters));
  };
}
