import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import { existingFolder } from './file-system.ts';
import { nameOfSynchronous } from '../health.ts';
import { isOpenElsewhere, lockDatabase } from './lock.ts';
import { versionOf } from '../migrations.ts';
import { openConnection } from './connection.ts';
import { isBusy, isNoDatabase, sqliteCode } from './store-fault.ts';

/**
 * The state of a database file. `new`: there is no file, and one can be made. `earlier`, `later`: of another
 * version of the coordinator. `development`: of a version before the first release. `foreign`: of another
 * program. `reason`: in the words of the system.
 */
export type DatabaseFacts =
  | { readonly kind: 'new' }
  | { readonly kind: 'unwritable' | 'unreadable'; readonly reason: string }
  | { readonly kind: 'foreign' | 'later' | 'development' }
  | {
      readonly kind: 'current' | 'earlier';
      /** True when a service uses it. */
      readonly held: boolean;
      /** Settings of a connection as the service opens it. */
      readonly journal: string;
      readonly synchronous: string;
    };

/** Maximum wait for a write of a running service. */
const busyTimeoutMs = 1_000;

/** Examines a database, beside a service that may be running. Changes nothing in it and creates nothing. */
export function examineDatabase(path: string): DatabaseFacts {
  try {
    if (!existsSync(path)) {
      proveWritable(existingFolder(path));
      return { kind: 'new' };
    }
    const kind = kindOf(path);
    if (kind !== 'current' && kind !== 'earlier') return { kind };
    accessSync(path, constants.W_OK);
    // SQLite writes its log into the same folder.
    proveWritable(dirname(realpathSync(path)));
    const held = isHeld(path);
    return { kind, held, ...settingsOf(path) };
  } catch (error) {
    const kind = cannotRead.includes(sqliteCode(error) ?? 0) ? 'unreadable' : 'unwritable';
    return { kind, reason: reasonOf(error) };
  }
}

/** Creates a file and deletes it: permissions alone do not show a full or read-only file system. */
function proveWritable(folder: string): void {
  const file = join(folder, `.coordinator-doctor-${process.pid}`);
  closeSync(openSync(file, 'wx'));
  rmSync(file);
}

const namesSchema = z.array(z.object({ name: z.string() }));

/** By the migrations executed on it; opened read-only, so that nothing is converted. */
function kindOf(path: string): 'current' | 'earlier' | 'later' | 'development' | 'foreign' {
  if (!statSync(path).isFile()) return 'foreign';
  if (statSync(path).size === 0) return 'earlier';
  const database = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  try {
    const tables = database.prepare(
      "select name from sqlite_schema where name = 'kysely_migration'",
    );
    if (tables.get() === undefined) {
      // A service that is killed right after creating the file leaves it without tables.
      const isEmpty = database.prepare('select 1 from sqlite_schema').get() === undefined;
      return isEmpty ? 'earlier' : 'foreign';
    }
    const rows = database.prepare('select name from kysely_migration').all();
    return versionOf(namesSchema.parse(rows).map(({ name }) => name));
  } catch (error) {
    if (isNoDatabase(error)) return 'foreign';
    throw error;
  } finally {
    database.close();
  }
}

/** A database that no service ever used has no lock file, and this must not create one. */
function isHeld(path: string): boolean {
  if (!existsSync(`${realpathSync(path)}.lock`)) return isOpenElsewhere(path);
  try {
    lockDatabase(path).release();
    return false;
  } catch (error) {
    if (error instanceof CoordinatorError && error.code === 'database_in_use') return true;
    throw error;
  }
}

const textRow = z.object({ journal_mode: z.string() });
const numberRow = z.object({ synchronous: z.int() });

/** Opens the database as the service does. Taking the write lock fails on a database that cannot be written. */
function settingsOf(path: string): { journal: string; synchronous: string } {
  const connection = openConnection(path, busyTimeoutMs);
  try {
    const [journal] = connection.prepare('pragma journal_mode').all([]);
    const [level] = connection.prepare('pragma synchronous').all([]);
    try {
      connection.prepare('begin immediate').run([]);
      connection.prepare('rollback').run([]);
    } catch (error) {
      // Another process is writing, so the database can be written.
      if (!isBusy(error)) throw error;
    }
    return {
      journal: textRow.parse(journal).journal_mode.toUpperCase(),
      synchronous: nameOfSynchronous(numberRow.parse(level).synchronous).toUpperCase(),
    };
  } finally {
    connection.close();
  }
}

/** SQLITE_IOERR and SQLITE_CORRUPT: a damaged database or a failing disk. */
const cannotRead: readonly number[] = [10, 11];

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause =
    error instanceof CoordinatorError && error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return code.startsWith('E') && !code.startsWith('ERR_') ? code : cause.message;
}
