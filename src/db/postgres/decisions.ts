import { sql, type Transaction } from 'kysely';

import { createSerial } from '../../lib/serial.ts';
import { runTransaction } from '../after-commit.ts';
import type { Database } from '../database.ts';
import type { Schema } from '../schema.ts';
import type { WriteQueue } from '../write-queue.ts';
import { isConflict } from './fault.ts';
import { decisionKey } from './lock-keys.ts';

/** Maximum tries of a transaction that PostgreSQL rolls back because of another one. */
const maxTries = 5;

/**
 * The write queue on PostgreSQL. `transaction` is one decision at a time over all replicas: it begins with one
 * advisory lock, the counterpart of SQLite's `begin immediate`. Without it two replicas decide on what the other
 * is about to change, and states come out wrong (docs/decisions). PostgreSQL gives the lock in the order of asking,
 * and each replica asks for one decision at a time, so each has its turn and no more than one connection waits.
 *
 * A statement outside decisions may still meet one (a delivery takes the place of a rejected one): then PostgreSQL
 * rolls one of the two back, and the decision is repeated. So its closure must have no effect beyond its
 * transaction, but through `afterCommit`.
 *
 * `run` is for single statements, of which each stands for itself: it takes no lock, and others may write meanwhile.
 * What runs several in it says why that does no harm.
 */
export function createDecisions(db: Database): WriteQueue {
  const serially = createSerial();

  function transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
    return serially('decisions', async () => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await runTransaction(db, async (transaction) => {
            await sql`select pg_advisory_xact_lock(${sql.lit(decisionKey)}::bigint)`.execute(
              transaction,
            );
            return work(transaction);
          });
        } catch (error) {
          if (!isConflict(error) || tries >= maxTries) throw error;
        }
      }
    });
  }

  return { run: (work) => serially('statements', work), transaction };
}
