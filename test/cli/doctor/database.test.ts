import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import { checkDatabase } from '../../../src/cli/doctor/database.ts';
import { examineConfig } from '../../../src/config.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { examineJson, openClinic } from '../../support/doctor.ts';
import { temporaryDirectory, testEnvironment } from '../../support/service.ts';
import { testCases } from './cases.ts';

testCases([
  {
    what: 'the database cannot be written',
    breakIt: ({ environment, service }) => {
      const file = join(service.directory, 'file');
      writeFileSync(file, '');
      environment['DATABASE_URL'] = `file:${file}/coordinator.db`;
    },
    code: 2,
    name: 'database',
    text: /not writable \(ENOTDIR\)/,
    cure: /write access/,
  },
  {
    what: 'the database is something else',
    breakIt: ({ environment, service }) => {
      const file = join(service.directory, 'notes.txt');
      writeFileSync(
        file,
        'These are notes about the coordinator, and no database at all. '.repeat(9),
      );
      environment['DATABASE_URL'] = `file:${file}`;
    },
    code: 2,
    name: 'database',
    text: /is not a database of the coordinator/,
    cure: /DATABASE_URL/,
  },
]);

test('a new set-up: the database is not made by looking', async () => {
  const clinic = await openClinic();
  const directory = temporaryDirectory();
  clinic.environment['DATABASE_URL'] = `file:${join(directory, 'data', 'coordinator.db')}`;
  const { findings } = await examineJson(clinic);
  const database = findings.find(({ name }) => name === 'database');
  expect(database?.mark).toBe('ok');
  expect(database?.text).toContain('does not exist yet');
  expect(readdirSync(directory)).toEqual([]);
});

test('the database, as it may be found', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'coordinator.db');
  const found = () => {
    const environment = testEnvironment(directory, { DATABASE_URL: `file:${path}` });
    return checkDatabase(examineConfig(environment)).findings[0];
  };
  writeFileSync(path, '', { mode: 0o600 });
  expect(found()?.text).toMatch(/next start migrates it/);
  // The look has made a database of it; so does a start that is ended before its first table.
  expect(found()?.text).toMatch(/next start migrates it/);
  const db = createDatabase(path);
  await migrate(db);
  await db.destroy();
  expect(found()?.text).toMatch(/journal WAL, synchronous FULL\); no service uses it\.$/);
  const other = new DatabaseSync(path);
  other.exec("insert into kysely_migration values ('999-to-come', '2030-01-01')");
  other.close();
  expect(found()).toMatchObject({ mark: 'broken' });
  expect(found()?.text).toMatch(/newer version/);
  const wrong = examineConfig(testEnvironment(directory, { DATABASE_URL: 'mysql://x' }));
  expect(checkDatabase(wrong).findings).toMatchObject([{ mark: 'skipped' }]);
});
