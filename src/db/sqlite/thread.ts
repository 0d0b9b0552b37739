import { z } from 'zod';

import { StoreUnavailable } from '../../errors.ts';
import type { StoreGuard } from './store-guard.ts';
import { createThreadCalls } from './thread-calls.ts';

/** A connection to the database in a thread of its own: its flushes to disk do not block the caller's thread. */
export interface SqliteThread {
  /** Starts the thread and opens the connection; otherwise the first statement does. */
  readonly open: () => Promise<void>;
  /**
   * Runs one statement, a transaction of its own, and resolves with its rows after the commit, and only while
   * the files of the database are in place. Rejects with `StoreUnavailable`; a statement under way when the
   * thread ends may have taken effect or not.
   */
  readonly all: (sql: string, parameters: readonly unknown[]) => Promise<unknown[]>;
  readonly close: () => Promise<void>;
}

interface SqliteThreadOptions {
  readonly guard?: StoreGuard | undefined;
  /** A second database that statements can read, under the name `spool`; it must exist. */
  readonly spool?: string | undefined;
}

/** Statements whose success shows that the connection can write. */
const writing = /^(insert|update|delete)\b/i;

const rowsSchema = z.array(z.unknown());

/** When the thread ends by itself, the statements under way fail, and the next one starts a new thread. */
export function createSqliteThread(
  path: string,
  { guard, spool }: SqliteThreadOptions = {},
): SqliteThread {
  const observer = guard?.observe('deliveries');
  const thread = createThreadCalls('sqlite', { path, spool });

  async function all(sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
    guard?.assertUsable();
    const isWrite = writing.test(sql);
    const result = await thread.call({ sql, parameters }).catch((error: unknown) => {
      // A checkpoint may fail on a full disk while the log still has room.
      const isDamage = error instanceof StoreUnavailable && error.fault?.kind === 'damaged';
      if (isWrite || isDamage) observer?.failed(error);
      throw error;
    });
    if (isWrite) observer?.committed();
    // What was committed into a file that is gone is not stored.
    guard?.assertUsable();
    return rowsSchema.parse(result);
  }

  async function open(): Promise<void> {
    await all('select 1', []);
  }

  async function close(): Promise<void> {
    await thread.close();
  }

  return { open, all, close };
}
