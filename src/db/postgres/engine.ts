import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { sql } from 'kysely';
import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import { createRepeatedLines } from '../../lib/repeated-lines.ts';
import type { Logger } from '../../log.ts';
import type { Database } from '../database.ts';
import type { Engine, HeldIssue, Replica, Topic } from '../engine.ts';
import { createWriteCheck } from '../health.ts';
import { migrate } from '../migrations.ts';
import { openConnections, openPool } from './connections.ts';
import { createDecisions } from './decisions.ts';
import { examineServer } from './examine.ts';
import { createFaultRecord } from './fault-record.ts';
import { issueKey, replicaKey } from './lock-keys.ts';
import { probe } from './probe.ts';
import { createServerClock } from './server-clock.ts';
import { createSession } from './session.ts';

/** Maximum wait at the start for a server that is starting itself. */
const openDeadlineMs = 30_000;
const openPauseMs = 500;
/** Maximum time of one statement of a migration, and of the wait for another replica that migrates. */
const migrationMs = 600_000;

const sizeSchema = z.tuple([z.object({ bytes: z.number() })]);
const keysSchema = z.array(z.object({ key: z.string() }));

interface PostgresOptions {
  /** With its password: it stays here. */
  readonly url: string;
  readonly log: Logger;
  /** Brings the schema up to date; by default to that of this version. */
  readonly migrate?: typeof migrate;
}

/** PostgreSQL, with any number of replicas on it. */
export function createPostgresEngine(options: PostgresOptions): Engine {
  const { url, log } = options;
  const id = randomBytes(6).toString('hex');
  const clock = createServerClock();
  const lines = createRepeatedLines(log);
  const notified: ((topic: Topic) => void)[] = [];
  const elected: (() => void)[] = [];
  const record = createFaultRecord(clock.now);
  const name = `mosaic-coordinator ${id}`;
  const { db, state: connections } = openPool({ url, name, observer: record.observer });
  const session = createSession({
    ...{ url, id, onTime: clock.read },
    onNotify: (topic) => {
      for (const listener of notified) listener(topic);
    },
    onLeader: () => {
      log.info({ replica: id }, 'this replica leads');
      for (const listener of elected) listener();
    },
    onChange: (lost) => {
      if (lost === undefined) lines.flush();
      else
        lines.warn(
          { err: lost },
          'the session on PostgreSQL was lost: what this replica handled is done again, by any of them',
        );
    },
  });

  /** Keys of the advisory locks that sessions hold in this database. */
  async function heldKeys(): Promise<ReadonlySet<string>> {
    const { rows } = await sql`
      select ((classid::bigint << 32) | objid::bigint)::text as key from pg_locks
      where locktype = 'advisory' and objsubid = 1 and granted
        and database = (select oid from pg_database where datname = current_database())`.execute(
      db,
    );
    return new Set(keysSchema.parse(rows).map(({ key }) => key));
  }

  async function heldElsewhere<T extends HeldIssue>(issues: readonly T[]): Promise<readonly T[]> {
    if (issues.length === 0) return [];
    const keys = await heldKeys();
    return issues.filter((issue) => {
      const key = issueKey(issue);
      return keys.has(key) && !session.held().has(key);
    });
  }

  const replica: Replica = {
    ...{ id, heldElsewhere, hold: session.hold, release: session.release },
    ...{ isLeader: session.isLeader, notify: session.notify },
    onLeader: (listener) => void elected.push(listener),
    onNotify: (listener) => void notified.push(listener),
    gone: async (ids) => {
      if (ids.length === 0) return [];
      const keys = await heldKeys();
      return ids.filter((other) => !keys.has(replicaKey(other)));
    },
  };

  async function open(): Promise<void> {
    await waitForServer();
    await bringUpToDate();
    await session.open();
  }

  /** On a connection with more patience: an index on many rows takes its time. */
  async function bringUpToDate(): Promise<void> {
    const patient = openConnections({ url, name, max: 1, statementTimeoutMs: migrationMs });
    try {
      await (options.migrate ?? migrate)(patient);
    } finally {
      await patient.destroy();
    }
  }

  /** Waits for a server that is starting; refuses one that cannot be used. */
  async function waitForServer(): Promise<void> {
    const endsAt = performance.now() + openDeadlineMs;
    for (;;) {
      const facts = await examineServer(url);
      if (facts.kind !== 'unusable') return;
      const { kind, cause, cure } = facts.fault;
      if (kind !== 'unreachable' || performance.now() > endsAt)
        throw new CoordinatorError('database_unusable', `${cause} ${cure}`);
      lines.warn({ reason: cause }, 'waiting for PostgreSQL');
      await sleep(openPauseMs);
    }
  }

  return {
    ...{ db, writes: createDecisions(db), replica, now: clock.now, open },
    check: createWriteCheck({
      probe: () => probe(db, 'main'),
      guard: record,
      amiss: () => (session.isConnected() ? undefined : noSession),
    }),
    fault: record.fault,
    refusals: record.refusals,
    sizes: async () => ({ data: await databaseSize(db) }),
    connections,
    finish: () => Promise.resolve(),
    close: async () => {
      await session.close();
      await db.destroy();
      lines.flush();
    },
  };
}

async function databaseSize(db: Database): Promise<number> {
  const { rows } = await sql`select pg_database_size(current_database()) as bytes`.execute(db);
  const [{ bytes }] = sizeSchema.parse(rows);
  return bytes;
}

const noSession = {
  cause:
    'The session that holds the locks of this replica is lost: deliveries are taken, and handled elsewhere.',
  cure: 'It is made again by itself. Through PgBouncer it needs pool_mode session.',
};
