import { rmSync } from 'node:fs';
import type { SQLInputValue } from 'node:sqlite';

import { z } from 'zod';

import { StoreUnavailable } from '../../errors.ts';
import { fillerBytes } from '../health.ts';
import type { SpoolQuestion, SpoolSize } from './thread-answers.ts';
import type { SpooledRow } from './columns.ts';
import type { StoreGuard } from '../sqlite/store-guard.ts';
import { createThreadCalls } from '../sqlite/thread-calls.ts';
import { threadDatabase } from './thread-database.ts';

/** Deliveries that may wait to be taken in, and bytes of them, before new ones are refused: hours without the core. */
const defaultLimits: SpoolSize = { rows: 200_000, bytes: 1024 * 1024 * 1024 };

interface SpoolOptions {
  /** Of the spool, which exists, and of the database beside it. */
  readonly spool: string;
  readonly database: string;
  readonly guard: StoreGuard;
  readonly limits?: SpoolSize | undefined;
}

type Question = SpoolQuestion extends infer Q ? (Q extends unknown ? Omit<Q, 'id'> : never) : never;

const sizeSchema = z.object({ rows: z.number(), bytes: z.number() });
const insertedSchema = z.object({ positions: z.array(z.int()), held: sizeSchema });

/**
 * The spool in a thread of its own, which is the only one that writes it. Every promise rejects with
 * `StoreUnavailable` when the spool cannot be used, or its files are not in place.
 */
export function createSpool({ spool, database, guard, limits = defaultLimits }: SpoolOptions) {
  const thread = createThreadCalls('spool', { spool, database });
  const observer = guard.observe('deliveries');
  let held: SpoolSize = { rows: 0, bytes: 0 };

  function ask(question: Question): Promise<unknown> {
    return thread.call(question);
  }

  async function write(question: Question): Promise<unknown> {
    guard.assertUsable();
    const result = await askWithRoom(question).catch((error: unknown) => {
      observer.failed(error);
      throw error;
    });
    observer.committed();
    // What was committed into a file that is gone is not stored.
    guard.assertUsable();
    return result;
  }

  async function askWithRoom(question: Question): Promise<unknown> {
    if (held.rows >= limits.rows || held.bytes >= limits.bytes)
      throw new StoreUnavailable({
        kind: 'full',
        cause: `${held.rows} deliveries already wait to be taken into the database.`,
        cure: 'Read the log of the service: it says why the database takes none.',
      });
    return ask(question);
  }

  /** Opens the connection, and counts what an earlier run left. */
  async function open(): Promise<void> {
    held = sizeSchema.parse(await ask({ kind: 'size' }));
    guard.remember();
  }

  /** Inserts rows in one commit; resolves after it with the positions of those whose id and bytes are new. */
  async function insert(rows: readonly SpooledRow[]): Promise<readonly number[]> {
    const inserted = insertedSchema.parse(await write({ kind: 'insert', rows }));
    held = inserted.held;
    return inserted.positions;
  }

  /** Deletes what was taken in, up to this number. */
  async function forget(upTo: number): Promise<void> {
    held = sizeSchema.parse(await ask({ kind: 'forget', upTo }));
  }

  /** Writes as a delivery would; resolves with SQLite's level of `synchronous`. */
  async function probe(): Promise<number> {
    const level = await write({ kind: 'probe', at: Date.now(), fillerBytes });
    guard.commitWasACheck();
    return z.int().parse(level);
  }

  /** The columns are those that the statement names. */
  async function query<R>(sql: string, parameters: readonly SQLInputValue[]): Promise<R[]> {
    return z.array(z.custom<R>()).parse(await ask({ kind: 'query', sql, parameters }));
  }

  /** Whether a delivery of these bytes that was understood waits here. */
  async function holds(bodyHash: string): Promise<boolean> {
    return z.boolean().parse(await ask({ kind: 'holds', bodyHash }));
  }

  /** The event of an issue that came last; undefined: none waits here. */
  async function newestEvent(repositoryId: number, number: number): Promise<string | undefined> {
    const sql = `select event from arrivals where repository_id = ? and issue_number = ?
      and status = 'waiting' order by seq desc limit 1`;
    const [row] = await query<{ event: string }>(sql, [repositoryId, number]);
    return row?.event;
  }

  /** Ends the thread. A spool that holds nothing goes: a stopped service leaves everything in the one database. */
  async function close(): Promise<void> {
    // Asked before its log goes.
    const isInPlace = guard.fault() === undefined;
    const isEmpty = (await thread.close()) === true;
    if (isInPlace && isEmpty) rmSync(spool, { force: true });
  }

  return {
    ...{ open, insert, forget, probe, holds, newestEvent, close },
    /** The database beside the spool, as of its latest commit; it can only be read. */
    readDatabase: threadDatabase((sql, parameters) => query(sql, parameters.map(storable))),
  };
}

function storable(value: unknown): SQLInputValue {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value;
  throw new TypeError(`Only text, numbers and null are stored, not ${typeof value}.`);
}
