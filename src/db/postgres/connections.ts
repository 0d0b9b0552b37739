import {
  CompiledQuery,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresDialectConfig,
  type QueryCompiler,
} from 'kysely';
import { Pool, TypeOverrides, types, type PoolClient } from 'pg';

import { PostgresCompiler } from '../portable.ts';
import type { Schema } from '../schema.ts';
import { asStoreError, isBroken } from './fault.ts';

/** Maximum wait for a connection: Gitea would not wait longer for a delivery. */
const connectTimeoutMs = 3_000;
/** Time after which a connection that nobody needed is closed. */
const idleTimeoutMs = 60_000;
/** Slack of the client beyond the server's limit of a statement: then the network has swallowed the answer. */
const answerSlackMs = 2_000;
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

const noObserver: StatementObserver = { answered: () => undefined, failed: () => undefined };

/** True for the address of a PostgreSQL server, as opposed to the path of a file of SQLite. */
export function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/** The address of a database for people: without user, password and parameters. A path is shown as it is. */
export function shownLocation(location: string): string {
  if (!isPostgresUrl(location)) return location;
  const url = new URL(location);
  return `postgres://${url.host}${url.pathname}`;
}

/** Commands whose success shows that PostgreSQL takes writes. */
const writes = ['INSERT', 'UPDATE', 'DELETE', 'COMMIT'];

/** How values of PostgreSQL become those of JavaScript: times, counts and ids are exact as numbers, as with SQLite. */
export const valueTypes = new TypeOverrides();
valueTypes.setTypeParser(types.builtins.INT8, Number);
// The `sum` of bigint.
valueTypes.setTypeParser(types.builtins.NUMERIC, Number);

/**
 * The connections of one purpose; the first query opens one. Errors are `StoreUnavailable` where PostgreSQL or the
 * way to it is at fault. A connection that failed is not used again: the next query opens a new one.
 */
export function openConnections(options: ConnectionOptions): Kysely<Schema> {
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
  pool.on('connect', (client) => watch(client, observer));
  const dialect = new Dialect(observer, {
    pool,
    onCreateConnection: (connection) => setUp(connection, statementTimeoutMs),
  });
  return new Kysely<Schema>({ dialect });
}

/** Settings of a connection; in the start-up packet PgBouncer would refuse them. */
async function setUp(connection: DatabaseConnection, statementTimeoutMs: number): Promise<void> {
  const settings = `select set_config('statement_timeout', $1, false),
    set_config('idle_in_transaction_session_timeout', $2, false),
    set_config('synchronous_commit', case current_setting('synchronous_commit')
      when 'off' then 'on' else current_setting('synchronous_commit') end, false)`;
  const times = [String(statementTimeoutMs), String(idleInTransactionMs)];
  await connection.executeQuery(CompiledQuery.raw(settings, times));
}

/** Translates the errors of a connection's statements, and ends it when one has broken it. */
function watch(client: PoolClient, observer: StatementObserver): void {
  const original = client.query.bind(client);
  // Otherwise an error of the connection that no statement hears of would end the process.
  client.on('error', () => undefined);

  async function query(text: unknown, values?: unknown): Promise<unknown> {
    const storable = Array.isArray(values) ? values.map(withoutNul) : values;
    try {
      const result: unknown = await Reflect.apply(original, client, [text, storable]);
      observer.answered(hasWritten(result));
      return result;
    } catch (error) {
      // A statement that got no answer keeps its connection busy; the pool drops one that was ended.
      if (isBroken(error)) client.end().catch(() => undefined);
      const translated = asStoreError(error);
      observer.failed(translated);
      throw translated;
    }
  }

  Object.defineProperty(client, 'query', { value: query });
}

/**
 * PostgreSQL stores no U+0000 in a text. Texts of issues have lost it where they are read (`keptText`); this is for
 * whatever else somebody sends.
 */
function withoutNul(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value;
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
  readonly #observer: StatementObserver;
  readonly #config: PostgresDialectConfig;

  constructor(observer: StatementObserver, config: PostgresDialectConfig) {
    super(config);
    this.#observer = observer;
    this.#config = config;
  }

  override createQueryCompiler(): QueryCompiler {
    return new PostgresCompiler();
  }

  override createDriver(): Driver {
    return new GuardedDriver(this.#observer, this.#config);
  }
}

/** Translates the errors of connecting. */
class GuardedDriver extends PostgresDriver {
  readonly #observer: StatementObserver;

  constructor(observer: StatementObserver, config: PostgresDialectConfig) {
    super(config);
    this.#observer = observer;
  }

  override async acquireConnection(
    ...parameters: Parameters<PostgresDriver['acquireConnection']>
  ): Promise<DatabaseConnection> {
    try {
      return await super.acquireConnection(...parameters);
    } catch (error) {
      const translated = asStoreError(error);
      this.#observer.failed(translated);
      throw translated;
    }
  }
}
