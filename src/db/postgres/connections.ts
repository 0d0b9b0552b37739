import { setTimeout as sleep } from 'node:timers/promises';

import { Kysely, PostgresDialect, type QueryCompiler } from 'kysely';
import { Pool, TypeOverrides, types, type PoolClient } from 'pg';

import { withoutNul } from '../../lib/text.ts';
import type { Schema } from '../schema.ts';
import { PostgresCompiler } from './compiler.ts';
import { asStoreError, hasOldPlan, isBroken } from './fault.ts';
import { createStatementNames } from './statement-names.ts';

/** Maximum wait for a connection: Gitea would not wait longer for a delivery. */
const connectTimeoutMs = 3_000;
/** Time after which a connection that nobody needed is closed. */
const idleTimeoutMs = 60_000;
/** Slack of the client beyond the server's limit of a statement: then the network has swallowed the answer. */
const answerSlackMs = 2_000;
/** Maximum wait at the end for statements under way. */
const endMs = 5_000;
/** Time after which the server ends a transaction whose process stands still: it may hold the lock of decisions. */
const idleInTransactionMs = 10_000;

/** Maximum time of a statement of a command; the engine has its own. */
const defaultStatementTimeoutMs = 30_000;

export interface ConnectionOptions {
  readonly url: string;
  /** Maximum of connections. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly name?: string;
  /** Maximum time of one statement, waiting for locks included. */
  readonly statementTimeoutMs?: number;
  /** Hears how every statement ended. */
  readonly observer?: StatementObserver;
}

export interface StatementObserver {
  /** `wrote`: it was a change or a commit, so that something can be stored. */
  readonly answered: (wrote: boolean) => void;
  readonly failed: (error: unknown) => void;
}

/** Number of connections in use, of idle ones, and of those who wait for one. */
export interface PoolState {
  readonly used: number;
  readonly idle: number;
  readonly waiting: number;
}

const noObserver: StatementObserver = { answered: () => undefined, failed: () => undefined };

/** Commands whose success shows that PostgreSQL takes writes. */
const writes = ['INSERT', 'UPDATE', 'DELETE', 'COMMIT'];

/** How values of PostgreSQL become those of JavaScript: times, counts and ids are exact as numbers, as with SQLite. */
export const valueTypes = new TypeOverrides();
valueTypes.setTypeParser(types.builtins.INT8, Number);
// The `sum` of bigint.
valueTypes.setTypeParser(types.builtins.NUMERIC, Number);

/** The connections of one purpose. */
export function openConnections(options: ConnectionOptions): Kysely<Schema> {
  return openPool(options).db;
}

/**
 * The connections of one purpose, and their state; the first query opens one. Errors are `StoreUnavailable` where PostgreSQL or the
 * way to it is at fault. A connection that failed is not used again: the next query opens a new one.
 */
export function openPool(options: ConnectionOptions) {
  const { url, max = 10, name = 'mosaic-coordinator', observer = noObserver } = options;
  const { statementTimeoutMs = defaultStatementTimeoutMs } = options;
  const pool = new Pool({
    connectionString: url,
    application_name: name,
    ...{ max, types: valueTypes, keepAlive: true },
    ...{ connectionTimeoutMillis: connectTimeoutMs, idleTimeoutMillis: idleTimeoutMs },
    query_timeout: statementTimeoutMs + answerSlackMs,
  });
  // Of a connection that nobody uses at the moment: whoever needs one gets a new one.
  pool.on('error', () => undefined);
  const ready = new WeakSet<PoolClient>();

  /** One that cannot be set up goes at once: the pool would count it for ever, and be empty after a few of them. */
  async function connect(): Promise<PoolClient> {
    try {
      const client = await pool.connect();
      if (ready.has(client)) return client;
      // Otherwise an error of the connection that no statement hears of would end the process.
      client.on('error', () => undefined);
      await setUp(client, statementTimeoutMs).catch((error: unknown) => {
        client.release(true);
        throw error;
      });
      watch(client, observer);
      ready.add(client);
      return client;
    } catch (error) {
      const translated = asStoreError(error);
      observer.failed(translated);
      throw translated;
    }
  }

  const end = () => Promise.race([pool.end(), sleep(endMs, undefined, { ref: false })]);
  const dialect = new Dialect({ pool: { connect, end, options: pool.options } });
  const state = (): PoolState => ({
    used: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  });
  return { db: new Kysely<Schema>({ dialect }), state };
}

/** Settings of a connection; in the start-up packet PgBouncer would refuse them. */
async function setUp(client: PoolClient, statementTimeoutMs: number): Promise<void> {
  const settings = `select set_config('statement_timeout', $1, false),
    set_config('idle_in_transaction_session_timeout', $2, false),
    set_config('synchronous_commit', case current_setting('synchronous_commit')
      when 'off' then 'on' else current_setting('synchronous_commit') end, false)`;
  await client.query(settings, [String(statementTimeoutMs), String(idleInTransactionMs)]);
}

/** Translates the errors of a connection's statements, and ends it when one has broken it. */
function watch(client: PoolClient, observer: StatementObserver): void {
  const original = client.query.bind(client);
  const names = createStatementNames();

  async function query(text: unknown, values?: unknown): Promise<unknown> {
    // Texts of issues have lost U+0000 where they are read (`keptText`); this is for whatever else somebody sends.
    const storable = Array.isArray(values)
      ? values.map((value: unknown) => (typeof value === 'string' ? withoutNul(value) : value))
      : [];
    // Without parameters it is `begin`, a change of the schema, or a question of a command.
    const isPrepared = typeof text === 'string' && storable.length > 0;
    const call = isPrepared
      ? [{ text, values: storable, name: names.nameOf(text) }]
      : [text, values];
    try {
      const result: unknown = await Reflect.apply(original, client, call);
      observer.answered(hasWritten(result));
      return result;
    } catch (error) {
      // A statement that got no answer keeps its connection busy; the pool drops one that was ended.
      if (hasOldPlan(error)) names.renew();
      else if (isBroken(error)) client.end().catch(() => undefined);
      const translated = asStoreError(error);
      observer.failed(translated);
      throw translated;
    }
  }

  Object.defineProperty(client, 'query', { value: query });
}

function hasWritten(result: unknown): boolean {
  return (
    typeof result === 'object' &&
    result !== null &&
    'command' in result &&
    writes.includes(String(result.command))
  );
}

class Dialect extends PostgresDialect {
  override createQueryCompiler(): QueryCompiler {
    return new PostgresCompiler();
  }
}
