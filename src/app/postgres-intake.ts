import { sql } from 'kysely';
import { z } from 'zod';

import { createWriteCheck } from '../db/health.ts';
import { openConnections } from '../db/postgres/connections.ts';
import { createFaultRecord } from '../db/postgres/fault-record.ts';
import { probe } from '../db/postgres/probe.ts';
import { createServerClock, readingOf, serverTime } from '../db/postgres/server-clock.ts';
import { isStored } from '../inbox/delivery-views.ts';
import type { IntakeStore } from '../inbox/intake.ts';
import { createRejectedBytes, provenTime } from '../inbox/maintenance.ts';
import { createPostgresInsert } from '../inbox/postgres-insert.ts';
import { createLoop } from '../lib/loop.ts';
import { isNamedBlocker } from '../plans/blockers.ts';
import { findLabels } from '../plans/stored-facts.ts';
import { isOurPull } from '../verification/pull-rows.ts';

/** Connections for questions about a delivery; the one that inserts is beside them. */
const maxReads = 2;
/** Interval at which the clock of the server is read. */
const clockIntervalMs = 5_000;

const clockSchema = z.tuple([z.object({ now: z.number() })]);

interface PostgresIntakeOptions {
  readonly url: string;
  /** Set by tests; otherwise the time is that of the server. */
  readonly now: (() => number) | undefined;
  /** Monotonic time since the start. */
  readonly uptimeMs: () => number;
}

/**
 * The edge's side of PostgreSQL: deliveries go straight into the inbox, since the locks of handling block no insert.
 * One connection inserts, one batch at a time: with two, the numbers of the rows would not be their order of arrival.
 */
export function createPostgresIntake({ url, now, uptimeMs }: PostgresIntakeOptions): IntakeStore {
  const clock = createServerClock();
  const time = now ?? clock.now;
  const record = createFaultRecord(time);
  const { observer } = record;
  const writer = openConnections({ url, observer, max: 1, name: 'mosaic-coordinator intake' });
  const db = openConnections({ url, observer, max: maxReads, name: 'mosaic-coordinator edge' });
  const insert = createPostgresInsert(writer);
  const rejectedBytes = createRejectedBytes({ db, writes: { run: (work) => work() } });

  async function readClock(): Promise<void> {
    const sentAt = performance.now();
    const { rows } = await sql`select ${sql.raw(serverTime)} as now`.execute(db);
    const [{ now: serverMs }] = clockSchema.parse(rows);
    clock.read(readingOf(serverMs, sentAt));
  }

  const loop = createLoop({
    step: async () => {
      await readClock();
      return clockIntervalMs;
    },
    // The clock goes on by itself; health tells of the store.
    onError: () => clockIntervalMs,
  });

  return {
    now: time,
    open: async () => {
      await readClock();
      loop.start();
    },
    close: async () => {
      await loop.stop();
      await writer.destroy();
      await db.destroy();
    },
    insert: async (rows) => {
      const inserted = await insert(rows);
      const bytes = rows.reduce((sum, { raw_size: size }) => sum + size, 0);
      // The deliveries are stored. When trimming fails, the next rejected delivery trims.
      if (bytes > 0) await rejectedBytes.added(bytes).catch(() => undefined);
      return inserted;
    },
    isStored: (bodyHash) => isStored(db, bodyHash),
    labelsOf: (issue) => findLabels(db, issue),
    isNamedBlocker: (issue) => isNamedBlocker(db, issue),
    isOurPull: (hint) => isOurPull(db, hint),
    provenTime: () => provenTime({ db, now: time, uptimeMs }),
    forget: () => Promise.resolve(),
    check: createWriteCheck({ probe: () => probe(writer, 'deliveries'), guard: record }),
  };
}
