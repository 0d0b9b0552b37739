import type { Transaction } from 'kysely';

import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/** What is to be done once a transaction has committed, by the transaction. */
const waiting = new WeakMap<object, (() => void)[]>();

/**
 * Runs `act` once the transaction has committed: a line of the log, a wake-up. Not before, because a transaction
 * may be rolled back and repeated, and with PostgreSQL others see its rows only then. `act` must not throw. In a
 * transaction that no write queue runs, `act` runs at once.
 */
export function afterCommit(transaction: Transaction<Schema>, act: () => void): void {
  const acts = waiting.get(transaction);
  if (acts === undefined) act();
  else acts.push(act);
}

/** Runs a transaction, and after its commit what it asked for with `afterCommit`. */
export async function runTransaction<T>(
  db: Database,
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  const acts: (() => void)[] = [];
  const result = await db.transaction().execute((transaction) => {
    waiting.set(transaction, acts);
    return work(transaction);
  });
  for (const act of acts) act();
  return result;
}
