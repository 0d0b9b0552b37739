import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';
import { z } from 'zod';

import { StoreUnavailable } from '../../errors.ts';
import { createLoop } from '../../lib/loop.ts';
import { createSerial } from '../../lib/serial.ts';
import { topics, type HeldIssue, type Topic } from '../engine.ts';
import { valueTypes } from './connections.ts';
import { asStoreError, noConnection } from './fault.ts';
import { issueKey, leaderKey, replicaKey } from './lock-keys.ts';
import { readingOf, serverTime, type ClockReading } from './server-clock.ts';

/** Interval at which the session shows that it lives, and at which a follower tries to become the leader. */
const pingMs = 1_000;
/** Pause between two tries to connect again. */
const reconnectMs = 500;
/** Maximum wait for an answer of the server, after which the connection counts as lost. */
const answerMs = 5_000;
/**
 * Time without a sign of life after which the server ends the session, and with it all its locks: the process stands
 * still, or its machine is gone.
 */
const idleSessionMs = 15_000;
/** The same as this process sees it, with time left to notice: it stops being the leader before another can be. */
const leaseMs = 10_000;
/** Delay in which news is gathered, so that a burst is one NOTIFY. */
const gatherMs = 20;
const channel = 'mosaic_coordinator';

const lockedSchema = z.array(z.object({ key: z.string() }));
const pingSchema = z.tuple([z.object({ leader: z.boolean(), now: z.number() })]);

interface SessionOptions {
  readonly url: string;
  /** Of this replica. */
  readonly id: string;
  readonly onNotify: (topic: Topic) => void;
  readonly onLeader: () => void;
  /** Called with each sign of life. */
  readonly onTime: (reading: ClockReading) => void;
  /** Called when the connection is lost, and (undefined) when it is back. */
  readonly onChange: (lost: unknown) => void;
}

/**
 * The one connection of a replica that holds its session locks (the issues it handles, the lead, its own life) and
 * hears what other replicas tell. It needs a session of its own: through PgBouncer, pool_mode session.
 *
 * Promises: what is held is held by one session of the server at a time; a lost connection loses all of it at once on
 * both sides, and is made again by itself. Nothing here waits without a deadline.
 */
export function createSession(options: SessionOptions) {
  const { url, id, onNotify, onLeader, onTime, onChange } = options;
  let client: Client | undefined;
  /** Keys of issues that this session holds. */
  const held = new Set<string>();
  let isLeading = false;
  /** When the latest answered sign of life was sent, by the monotonic clock. */
  let aliveAt = -Infinity;
  const serially = createSerial();
  const news = new Set<Topic>();
  let gathering: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const next = new Client({
      connectionString: url,
      application_name: `mosaic-coordinator ${id} session`,
      types: valueTypes,
      ...{ keepAlive: true, connectionTimeoutMillis: answerMs, query_timeout: answerMs },
    });
    // Set before it connects: an error that nobody listens to would end the process.
    next.on('error', (error) => lost(next, error));
    next.on('end', () => lost(next, new StoreUnavailable(noConnection)));
    next.on('notification', ({ payload = '' }) => heard(payload));
    try {
      await next.connect();
      await next.query(
        `select set_config('idle_session_timeout', $1, false), set_config('tcp_keepalives_idle', '10', false),
          set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`,
        [String(idleSessionMs)],
      );
      // Shared with the session that was lost before, if the server does not know of that yet.
      await next.query('select pg_advisory_lock_shared($1::bigint)', [replicaKey(id)]);
      await next.query(`listen ${channel}`);
    } catch (error) {
      next.end().catch(() => undefined);
      throw asStoreError(error);
    }
    if (loop.signal.aborted) {
      next.end().catch(() => undefined);
      return;
    }
    client = next;
    await ping();
    onChange(undefined);
  }

  /** A sign of life, in which a follower tries to become the leader. */
  async function ping(): Promise<void> {
    const current = connected();
    const sentAt = performance.now();
    // Of a lock that the session has, the try is true as well.
    const { rows } = await ask(
      `select pg_try_advisory_lock($1::bigint) as leader,
        ${serverTime} as now`,
      [leaderKey],
    );
    if (current !== client) return;
    const [{ leader, now }] = pingSchema.parse(rows);
    aliveAt = sentAt;
    onTime(readingOf(now, sentAt));
    const isNew = leader && !isLeading;
    isLeading = leader;
    if (isNew) onLeader();
  }

  /** Everything that the session held is free on the server, too. */
  function lost(which: Client, error: unknown): void {
    if (which !== client) return;
    client = undefined;
    held.clear();
    isLeading = false;
    which.end().catch(() => undefined);
    if (loop.signal.aborted) return;
    onChange(asStoreError(error));
    loop.wake();
  }

  function connected(): Client {
    if (client === undefined) throw new StoreUnavailable(noConnection);
    return client;
  }

  /** One statement of the session. An answer that does not come means that the connection is lost. */
  function ask(text: string, parameters: readonly unknown[]) {
    const current = connected();
    return serially('session', async () => {
      try {
        return await current.query(text, [...parameters]);
      } catch (error) {
        lost(current, error);
        throw asStoreError(error);
      }
    });
  }

  const loop = createLoop({
    step: async () => {
      if (client === undefined) await connect();
      else await ping();
      return pingMs;
    },
    // `onChange` has told of the loss.
    onError: () => reconnectMs,
  });

  async function hold<T extends HeldIssue>(issues: readonly T[]): Promise<T | undefined> {
    if (issues.length === 0) return undefined;
    const byKey = new Map(issues.map((issue) => [issueKey(issue), issue]));
    // A session may take a lock that it has a second time.
    const free = [...byKey.keys()].filter((key) => !held.has(key));
    // Without a sort above it, `limit 1` ends the tries at the first lock that is free.
    const { rows } = await ask(
      `select key::text from unnest($1::bigint[]) as key where pg_try_advisory_lock(key) limit 1`,
      [free],
    );
    const [locked] = lockedSchema.parse(rows);
    if (locked === undefined) return undefined;
    held.add(locked.key);
    return byKey.get(locked.key);
  }

  function release(issue: HeldIssue): void {
    const key = issueKey(issue);
    // Not held any more: the session that held it is gone.
    if (!held.delete(key)) return;
    ask('select pg_advisory_unlock($1::bigint)', [key]).catch(() => undefined);
  }

  function heard(payload: string): void {
    const [from, what] = payload.split(' ');
    if (from === id) return;
    const topic = topics.find((known) => known === what);
    if (topic !== undefined) onNotify(topic);
  }

  function notify(topic: Topic): void {
    news.add(topic);
    gathering ??= setTimeout(tell, gatherMs);
  }

  function tell(): void {
    gathering = undefined;
    const payloads = [...news].map((topic) => `${id} ${topic}`);
    news.clear();
    if (client === undefined) return;
    ask('select pg_notify($1, payload) from unnest($2::text[]) as payload', [
      channel,
      payloads,
    ]).catch(() => undefined);
  }

  /** Connects, and keeps connected from then on. Throws `StoreUnavailable`. */
  async function open(): Promise<void> {
    await connect();
    loop.start();
  }

  async function close(): Promise<void> {
    clearTimeout(gathering);
    const current = client;
    client = undefined;
    isLeading = false;
    held.clear();
    const ended = current?.end().catch(() => undefined);
    await Promise.race([
      Promise.all([loop.stop(), ended]),
      sleep(answerMs, undefined, { ref: false }),
    ]);
  }

  return {
    ...{ open, close, hold, release, notify },
    isConnected: () => client !== undefined,
    isLeader: () => isLeading && performance.now() - aliveAt < leaseMs,
    /** Keys of the issues that it holds. */
    held: (): ReadonlySet<string> => held,
  };
}
