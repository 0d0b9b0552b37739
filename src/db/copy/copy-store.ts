import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';

import { sql } from 'kysely';
import { z } from 'zod';

import { CoordinatorError, describeError, StoreUnavailable } from '../../errors.ts';
import { createDatabase, openExisting, type Database } from '../database.ts';
import { explainUnwritable } from '../sqlite/file-system.ts';
import { lockDatabase } from '../sqlite/lock.ts';
import { isMigrated, migrate } from '../migrations.ts';
import { openConnections } from '../postgres/connections.ts';
import { examineServer } from '../postgres/examine.ts';
import { leaderKey } from '../postgres/lock-keys.ts';
import { createPrivateFile } from '../sqlite/private-files.ts';
import { takeInBeside } from '../spool/take-in.ts';
import { copyRows, type CopyProgress, type CopyResult } from './copy-rows.ts';
import { copiedTables } from './tables.ts';

/** Maximum time of one statement: counting, or the commit of everything. */
const statementTimeoutMs = 600_000;
/** Maximum wait for whoever uses the tables of the target. */
const lockTimeoutMs = 3_000;

interface CopyOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CopyProgress) => void;
}

/**
 * Copies the whole store of a SQLite file, with what waits in its spool, into an empty database of PostgreSQL. All
 * or nothing: everything is one transaction, which ends after all rows were read again and compared. Nobody may use
 * either database meanwhile. Throws `CoordinatorError`, which never shows the URL's password.
 */
export async function copyToPostgres(
  path: string,
  url: string,
  options: CopyOptions,
): Promise<CopyResult> {
  await expectUsable(url, '--to');
  return withSqlite(path, (from) =>
    withPostgres(url, '--to', async (to) => {
      await migrate(to);
      const tables = await copiedTables(from);
      const result = await from.transaction().execute((reading) =>
        to.transaction().execute(async (writing) => {
          await expectNobody(writing, '--to');
          const names = sql.join(tables.map(({ name }) => sql.table(name)));
          await sql`set local lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(writing);
          await sql`lock table ${names} in exclusive mode`.execute(writing);
          return copyRows(reading, writing, tables, options);
        }),
      );
      // Otherwise its first plans of queries would know nothing of the sizes; it does so by itself in time.
      await sql`analyze`.execute(to).catch(() => undefined);
      return result;
    }),
  );
}

/** The same from a database of PostgreSQL into a new SQLite file, which gets its name when all of it was verified. */
export async function copyToSqlite(
  url: string,
  path: string,
  options: CopyOptions,
): Promise<CopyResult> {
  if (existsSync(path)) throw existing(path);
  await expectUsable(url, 'DATABASE_URL');
  const part = `${path}.${randomUUID()}.part`;
  try {
    const result = await withPostgres(url, 'DATABASE_URL', async (from) => {
      if (!(await isMigrated(from))) throw otherVersion('DATABASE_URL');
      const to = await newFile(part);
      try {
        const tables = await copiedTables(to);
        return await from
          .transaction()
          .setIsolationLevel('repeatable read')
          .execute(async (reading) => {
            await expectNobody(reading, 'DATABASE_URL');
            return to
              .transaction()
              .execute((writing) => copyRows(reading, writing, tables, options));
          });
      } finally {
        await to.destroy();
      }
    });
    if (existsSync(path)) throw existing(path);
    renameSync(part, path);
    return result;
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${part}${end}`, { force: true });
  }
}

function existing(path: string): CoordinatorError {
  return new CoordinatorError(
    'target_not_empty',
    `${path} exists already. A copy never overwrites a file: choose another name, or move that file away.`,
  );
}

async function newFile(part: string): Promise<Database> {
  try {
    createPrivateFile(part);
    const db = createDatabase(part);
    await migrate(db);
    return db;
  } catch (error) {
    throw explainUnwritable(part, error, 'The copy');
  }
}

/** Locks the file against a service, takes in its spool, and opens it. */
async function withSqlite<T>(path: string, use: (db: Database) => Promise<T>): Promise<T> {
  if (!existsSync(path))
    throw new CoordinatorError(
      'no_database',
      `There is no database at ${path}. Correct DATABASE_URL.`,
    );
  const lock = lockForCopy(path);
  try {
    const db = await openExisting(path);
    try {
      takeInBeside(path);
      return await use(db);
    } finally {
      await db.destroy();
    }
  } finally {
    lock.release();
  }
}

function lockForCopy(path: string): ReturnType<typeof lockDatabase> {
  try {
    return lockDatabase(path);
  } catch (error) {
    if (!(error instanceof CoordinatorError) || error.code !== 'database_in_use') throw error;
    throw new CoordinatorError(
      'database_in_use',
      `A coordinator is running on ${path}, or another program has it open. Stop it first: what it stores during the copy would be missing there.`,
      { cause: error },
    );
  }
}

/** `named`: what of the command line or the environment names the database. */
async function withPostgres<T>(
  url: string,
  named: string,
  use: (db: Database) => Promise<T>,
): Promise<T> {
  const db = openConnections({ url, max: 1, statementTimeoutMs });
  try {
    return await use(db);
  } catch (error) {
    throw explained(error, named);
  } finally {
    await db.destroy();
  }
}

/** Refuses a server that cannot be reached or used, and a database of another version. Changes nothing. */
async function expectUsable(url: string, named: string): Promise<void> {
  const facts = await examineServer(url);
  if (facts.kind === 'unusable')
    throw unusable(`${facts.fault.cause} ${facts.fault.cure}`.replaceAll('DATABASE_URL', named));
  if (facts.kind === 'new' ? named !== '--to' : facts.kind !== 'current') throw otherVersion(named);
}

function otherVersion(named: string): CoordinatorError {
  return new CoordinatorError(
    'not_migrated',
    named === '--to'
      ? 'The database of --to has the tables of another version of the coordinator. Create an empty database for the copy, and let --to name it.'
      : `The database of ${named} is not of this version of the coordinator. Start this version on it once, stop it, and copy then.`,
  );
}

const lockedSchema = z.tuple([z.object({ locked: z.boolean() })]);

/** Refuses a database on which a replica leads, and lets none lead until the end of the transaction. */
async function expectNobody(db: Database, named: string): Promise<void> {
  const { rows } = await sql`select pg_try_advisory_xact_lock(${sql.lit(leaderKey)}::bigint)
    as locked`.execute(db);
  if (lockedSchema.parse(rows)[0].locked) return;
  throw new CoordinatorError(
    'database_in_use',
    `A coordinator is running on the database of ${named}, or another copy is under way. Stop all of them first.`,
  );
}

function unusable(message: string): CoordinatorError {
  return new CoordinatorError('database_unusable', message);
}

const failedCopy = 'The copy failed. It is all or nothing: run it again when the cause is gone.';

/** For the person who started the copy. When the answer to the commit was lost, nobody knows whether it was made. */
function explained(error: unknown, named: string): unknown {
  if (error instanceof StoreUnavailable) {
    const why =
      error.fault === undefined ? error.message : `${error.fault.cause} ${error.fault.cure}`;
    return unusable(`${failedCopy} ${why.replaceAll('DATABASE_URL', named)}`);
  }
  if (error instanceof CoordinatorError) return error;
  return new CoordinatorError('copy_failed', `${failedCopy} ${describeError(error)}`, {
    cause: error,
  });
}
