import { CompiledQuery } from 'kysely';

import type { Database } from '../db/database.ts';
import { byBytes, emptyRow, type NewDelivery } from '../db/delivery-rows.ts';
import { isConflict, sqlState } from '../db/postgres/fault.ts';
import { insertedIds, type InsertDeliveries } from './insert-deliveries.ts';

/** Of a row whose id another delivery has. */
const uniqueViolation = '23505';
/** Maximum tries: another replica may take an id between two of them, or insert the same rows in another order. */
const maxTries = 3;

/**
 * Inserts into PostgreSQL. `db` must have one connection: with two, the order of `seq` is not that of arrival.
 *
 * A statement of PostgreSQL has one conflict clause, here that of the bytes, and may meet each row once. An id that
 * is taken fails the statement: it comes from somebody who sends other bytes under an old id.
 */
export function createPostgresInsert(db: Database): InsertDeliveries {
  async function insert(rows: readonly NewDelivery[]): Promise<Set<string>> {
    if (rows.length === 0) return new Set();
    const { sql, parameters } = db
      .insertInto('deliveries')
      .values(rows.map((row) => ({ ...emptyRow, ...row })))
      .compile();
    const query = CompiledQuery.raw(`${sql} ${byBytes} returning id`, [...parameters]);
    return insertedIds((await db.executeQuery(query)).rows);
  }

  return async (rows) => {
    let left = distinct(rows);
    for (let tries = 1; ; tries += 1) {
      try {
        return await insert(left);
      } catch (error) {
        if (tries >= maxTries) throw error;
        // A deadlock: the statement stored nothing. Refused, the deliveries would not come again.
        if (isConflict(error)) continue;
        if (sqlState(error) !== uniqueViolation) throw error;
        const taken = await takenIds(db, left);
        left = left.filter(({ id }) => !taken.has(id));
      }
    }
  };
}

/** Of rows with the same id or the same bytes the first one, but for one that was rejected before one that was not. */
function distinct(rows: readonly NewDelivery[]): NewDelivery[] {
  const ids = new Set<string>();
  const kept = new Map<string, NewDelivery>();
  for (const row of rows) {
    if (ids.has(row.id)) continue;
    const key = row.body_hash === '' ? `id ${row.id}` : row.body_hash;
    const other = kept.get(key);
    if (other !== undefined && !(other.status === 'rejected' && row.status === 'waiting')) continue;
    ids.add(row.id);
    kept.set(key, row);
  }
  return [...kept.values()];
}

async function takenIds(db: Database, rows: readonly NewDelivery[]): Promise<Set<string>> {
  const ids = rows.map(({ id }) => id);
  const taken = await db.selectFrom('deliveries').select('id').where('id', 'in', ids).execute();
  return new Set(taken.map(({ id }) => id));
}
