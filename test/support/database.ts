import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';
import { inject, onTestFinished, test } from 'vitest';

import { createDatabase, type Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrations.ts';
import { templateName } from './postgres-starter.ts';
import { isPostgresUrl } from '../../src/db/location.ts';
import { openConnections } from '../../src/db/postgres/connections.ts';
import { createSqliteThread } from '../../src/db/sqlite/thread.ts';
import { insertedIds, type InsertDeliveries } from '../../src/inbox/insert-deliveries.ts';
import { emptyRow, takeTheirPlace } from '../../src/db/delivery-rows.ts';
import { createPostgresInsert } from '../../src/inbox/postgres-insert.ts';

/*
 * The database of a test is that of a folder: a file of SQLite in it or, in a run on PostgreSQL
 * (`npm run test:postgres`), a database of the throw-away server that is named after the folder.
 */

/** True in a run on PostgreSQL. */
export const onPostgres = inject('database') === 'postgres';

/** A test whose subject is SQLite: its file, its locks, its settings. */
export const testOfSqlite = test.skipIf(onPostgres);

/** A test whose subject is PostgreSQL, skipped where there is none for this platform. */
export const testOfPostgres = test.skipIf(inject('postgres') === undefined);

/** URL of the throw-away server, which the first one to ask starts. */
async function postgresUrl(): Promise<string> {
  const answer = await fetch(inject('postgres') ?? 'http://no-postgres.invalid/');
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

const server = onPostgres ? await postgresUrl() : undefined;

/** A folder that is gone when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Where the database of a folder is: the path of a file, or a URL. */
export function locationIn(directory: string): string {
  return server === undefined ? join(directory, 'coordinator.db') : urlOf(server, directory);
}

/** The same as the service is told. */
export function databaseUrlIn(directory: string): string {
  return server === undefined ? `file:${locationIn(directory)}` : urlOf(server, directory);
}

function urlOf(base: string, directory: string): string {
  const url = new URL(base);
  url.pathname = nameOf(directory);
  return url.href;
}

function nameOf(directory: string): string {
  return directory
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(-60);
}

/** The databases of the tests under way in this process. */
const created = new Set<string>();

/**
 * Makes sure that the server has a database for a folder, empty or with the schema; it is gone when the test is over.
 * SQLite makes an empty one by itself.
 */
export async function ensureDatabase(directory: string, isMigrated = false): Promise<void> {
  if (server !== undefined) await ensureOn(server, nameOf(directory), isMigrated);
  else if (isMigrated) writeFileSync(locationIn(directory), await migratedFile(), { mode: 0o600 });
}

/** A fresh database of the throw-away server, whatever the run is on. */
export async function postgresDatabase(isMigrated = false): Promise<string> {
  const url = await postgresUrl();
  const directory = temporaryDirectory();
  await ensureOn(url, nameOf(directory), isMigrated);
  return urlOf(url, directory);
}

async function ensureOn(base: string, name: string, isMigrated: boolean): Promise<void> {
  if (created.has(name)) return;
  created.add(name);
  onTestFinished(async () => {
    created.delete(name);
    await administrate(base, `drop database if exists ${name} with (force)`);
  });
  const template = isMigrated ? templateName : 'template1';
  // To copy the files takes half the time of writing each page into the log.
  await administrate(base, `create database ${name} template ${template} strategy file_copy`);
}

async function administrate(base: string, statement: string): Promise<void> {
  const db = createDatabase(base);
  try {
    await sql.raw(statement).execute(db);
  } finally {
    await db.destroy();
  }
}

let template: Buffer | undefined;

/** A file with the schema and nothing in it: `db/migrations.test.ts` tests how that comes about. */
async function migratedFile(): Promise<Buffer> {
  if (template !== undefined) return template;
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-test-'));
  const path = join(directory, 'template.db');
  const db = createDatabase(path);
  await migrate(db);
  await db.destroy();
  template = readFileSync(path);
  rmSync(directory, { recursive: true });
  return template;
}

/** A fresh database, empty or with the schema, and a connection to it that is closed when the test is over. */
export async function openTestDatabase(
  isMigrated = true,
): Promise<{ db: Database; location: string }> {
  const directory = temporaryDirectory();
  await ensureDatabase(directory, isMigrated);
  const location = locationIn(directory);
  return { db: openDatabase(location), location };
}

/** A connection that is closed when the test is over. */
export function openDatabase(location: string): Database {
  const db = createDatabase(location);
  onTestFinished(() => db.destroy());
  return db;
}

/** Runs one statement on the database of a folder, beside the service that may use it, and returns the rows. */
export async function statementIn(directory: string, statement: string): Promise<unknown[]> {
  const db = createDatabase(locationIn(directory));
  try {
    return (await sql.raw(statement).execute(db)).rows;
  } finally {
    await db.destroy();
  }
}

/** A database with the schema for one run of many: in memory, or on the server. The caller closes it. */
export async function openScratch(): Promise<Database> {
  if (server !== undefined) return (await openTestDatabase()).db;
  const db = createDatabase(':memory:');
  await migrate(db);
  return db;
}

/** What inserts deliveries, on connections that are closed when the test is over. */
export function openInserter(location: string): { db: Database; insert: InsertDeliveries } {
  const db = openDatabase(location);
  if (isPostgresUrl(location)) {
    const one = openConnections({ url: location, max: 1 });
    onTestFinished(() => one.destroy());
    return { db, insert: createPostgresInsert(one) };
  }
  const thread = createSqliteThread(location);
  onTestFinished(() => thread.close());
  const insert: InsertDeliveries = async (rows) => {
    const { sql: statement, parameters } = db
      .insertInto('deliveries')
      .values(rows.map((row) => ({ ...emptyRow, ...row })))
      .compile();
    return insertedIds(await thread.all(`${statement} ${takeTheirPlace} returning id`, parameters));
  };
  return { db, insert };
}
