import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { takeTheirPlace } from '../delivery-rows.ts';
import { openConnection } from '../sqlite/connection.ts';
import { spoolPath } from './file.ts';
import { readOnlyUri, spooledColumns } from './columns.ts';
import type { SqliteThread } from '../sqlite/thread.ts';
import type { WriteQueue } from '../write-queue.ts';

/** Rows of one commit: a write of somebody else waits for it. */
const rowsAtOnce = 500;
/** Maximum wait of a command for a write of the service. */
const busyTimeoutMs = 5_000;

const endsSchema = z.tuple([z.object({ first: z.int().nullable(), last: z.int().nullable() })]);
const takenSchema = z.array(z.object({ raw_size: z.int() }));

const columns = spooledColumns.join(', ');
const endsSql = `select (select min(seq) from spool.arrivals where seq > ?) as first,
  (select max(seq) from spool.arrivals) as last`;
const takeSql = `${takeInto('main', 'spool')} returning raw_size`;

/** One statement; its parameters are the number after which it begins and the one with which it ends. */
function takeInto(database: string, spool: string): string {
  return `insert into ${database}.deliveries (${columns}, due_at, attempts)
    select ${columns}, received_at, 0 from ${spool}.arrivals where seq > ? and seq <= ? order by seq
    ${takeTheirPlace}`;
}

interface TakeInOptions {
  /** Runs a statement on a connection to the database that has the spool attached under the name `spool`. */
  readonly run: SqliteThread['all'];
  readonly writes: Pick<WriteQueue, 'run'>;
  /** Called after the commit: the spool may delete its rows up to this number. */
  readonly onTaken: (upTo: number) => void;
  /** Called with the size of each rejected delivery that was taken in. */
  readonly onRejected: (bytes: number) => Promise<void>;
}

export type TakeIn = ReturnType<typeof createTakeIn>;

/**
 * Moves what the spool holds into `deliveries`, in the order of arrival; resolves with the number of new rows when
 * all that was in it at the call is there. Exactly once: a row that is taken in again, after a crash between the
 * commit and the deletion from the spool, meets its own id. Calls share one run after the one under way.
 */
export function createTakeIn({ run, writes, onTaken, onRejected }: TakeInOptions) {
  let position = 0;
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;

  function takeIn(): Promise<number> {
    if (running === undefined) return begin();
    next ??= running
      .catch(() => 0)
      .then(() => {
        next = undefined;
        return begin();
      });
    return next;
  }

  function begin(): Promise<number> {
    running = takeAll().finally(() => (running = undefined));
    return running;
  }

  async function takeAll(): Promise<number> {
    // What comes from now on is for the next call: this one would not end while deliveries come.
    const [{ first, last }] = endsSchema.parse(await run(endsSql, [position]));
    if (first === null || last === null) return 0;
    let taken = 0;
    position = first - 1;
    while (position < last) {
      const upTo = Math.min(position + rowsAtOnce, last);
      const rows = await writes.run(() => run(takeSql, [position, upTo]));
      position = upTo;
      onTaken(upTo);
      taken += rows.length;
      for (const { raw_size: bytes } of takenSchema.parse(rows))
        if (bytes > 0) await onRejected(bytes).catch(() => undefined);
    }
    return taken;
  }

  return takeIn;
}

/**
 * The same for a command, beside a service or without one, in one statement. It deletes nothing: the service does, when
 * it comes to these rows.
 */
export function takeInBeside(databasePath: string): void {
  const spool = spoolPath(databasePath);
  if (!existsSync(spool)) return;
  const connection = openConnection(databasePath, busyTimeoutMs);
  try {
    connection.prepare('attach ? as spool').run([readOnlyUri(spool)]);
    connection.prepare(takeInto('main', 'spool')).run([0, Number.MAX_SAFE_INTEGER]);
  } finally {
    connection.close();
  }
}

/** The spool of a database as it is now, until it is closed; undefined where there is none. */
export function holdSpool(databasePath: string) {
  const spool = spoolPath(databasePath);
  if (!existsSync(spool)) return undefined;
  const connection = new DatabaseSync(spool, { timeout: busyTimeoutMs });
  connection.exec('begin');
  connection.prepare('select 1 from arrivals limit 1').get();
  return {
    /** Takes what it holds into a copy of the database. */
    takeInto: (copy: string) => {
      connection.prepare('attach ? as copy').run(copy);
      connection.prepare(takeInto('copy', 'main')).run(0, Number.MAX_SAFE_INTEGER);
      connection.exec('commit');
    },
    close: () => connection.close(),
  };
}
