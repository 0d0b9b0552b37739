import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import { createDatabase } from '../../../src/db/database.ts';
import { examineDatabase } from '../../../src/db/sqlite/examine.ts';
import { lockDatabase } from '../../../src/db/sqlite/lock.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { temporaryDirectory } from '../../support/service.ts';

const durable = { journal: 'WAL', synchronous: 'FULL' };

/** A database of this version. */
async function make(path: string): Promise<void> {
  const db = createDatabase(path);
  await migrate(db);
  await db.destroy();
}

/** Changes it behind the back of the coordinator. */
function change(path: string, statement: string): void {
  const database = new DatabaseSync(path);
  database.exec(statement);
  database.close();
}

test('where nothing is, nothing is made', () => {
  const directory = temporaryDirectory();
  expect(examineDatabase(join(directory, 'a', 'b', 'coordinator.db'))).toEqual({ kind: 'new' });
  expect(readdirSync(directory)).toEqual([]);
});

test('a database of this version, held or not; looking leaves no lock behind', async () => {
  const path = join(temporaryDirectory(), 'coordinator.db');
  await make(path);
  expect(examineDatabase(path)).toEqual({ kind: 'current', held: false, ...durable });
  expect(existsSync(`${path}.lock`)).toBe(false);
  const { release } = lockDatabase(path);
  expect(examineDatabase(path)).toEqual({ kind: 'current', held: true, ...durable });
  release();
  expect(examineDatabase(path)).toEqual({ kind: 'current', held: false, ...durable });
});

test('while somebody writes it can be written', async () => {
  const path = join(temporaryDirectory(), 'coordinator.db');
  await make(path);
  const writer = new DatabaseSync(path);
  writer.exec('begin immediate');
  expect(examineDatabase(path)).toMatchObject({ kind: 'current' });
  writer.close();
});

test('databases of other versions are told apart', async () => {
  const path = join(temporaryDirectory(), 'coordinator.db');
  await make(path);
  change(path, "insert into kysely_migration values ('999-to-come', '2030-01-01')");
  expect(examineDatabase(path)).toEqual({ kind: 'later' });
  change(path, 'delete from kysely_migration');
  expect(examineDatabase(path)).toMatchObject({ kind: 'earlier', held: false });
});

test('an empty file becomes a database, others do not', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'coordinator.db');
  writeFileSync(path, '');
  expect(examineDatabase(path)).toMatchObject({ kind: 'earlier' });
  writeFileSync(join(directory, 'notes'), 'These are notes and no database. '.repeat(40));
  expect(examineDatabase(join(directory, 'notes'))).toEqual({ kind: 'foreign' });
  change(join(directory, 'other.db'), 'create table notes (text)');
  expect(examineDatabase(join(directory, 'other.db'))).toEqual({ kind: 'foreign' });
  mkdirSync(join(directory, 'folder'));
  expect(examineDatabase(join(directory, 'folder'))).toEqual({ kind: 'foreign' });
});

test('what cannot be written is told in the word of the system', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  const below = join(directory, 'file', 'coordinator.db');
  expect(examineDatabase(below)).toEqual({ kind: 'unwritable', reason: 'ENOTDIR' });
  expect(examineDatabase('/proc/coordinator.db')).toMatchObject({ kind: 'unwritable' });
});
