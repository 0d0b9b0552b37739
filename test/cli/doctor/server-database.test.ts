import { expect, test } from 'vitest';

import { checkServerDatabase, describeServer } from '../../../src/cli/doctor/server-database.ts';

const sound = { version: '18.4', synchronous: 'on', fsync: 'on' };
const shown = 'postgres://db/coordinator';

test('a file of SQLite, or nothing, is no server', async () => {
  expect(await checkServerDatabase(undefined)).toBeUndefined();
  expect(await checkServerDatabase('/data/coordinator.db')).toBeUndefined();
});

test('a server that is away is broken, with what to do', async () => {
  const result = await checkServerDatabase('postgres://ann:secret-of-ann@127.0.0.1:1/x');
  expect(result?.findings).toMatchObject([{ name: 'database', mark: 'broken' }]);
  expect(JSON.stringify(result?.findings)).not.toContain('secret-of-ann');
  expect(result?.value).toMatchObject({ isCurrent: false });
});

test.each([
  ['current', 'ok', /is on PostgreSQL 18\.4 \(synchronous_commit on, fsync on\)\.$/],
  ['new', 'ok', /It is empty: the next start creates the tables\.$/],
  ['earlier', 'ok', /The next start migrates it\.$/],
  ['later', 'broken', /was written by a newer version/],
  ['development', 'broken', /comes from a development version/],
] as const)('a database of the kind %s is %s', (kind, mark, text) => {
  const outcome = describeServer({ ...sound, kind }, shown);
  expect(outcome.mark).toBe(mark);
  expect(outcome.text).toMatch(text);
});

test.each([{ synchronous: 'off' }, { fsync: 'off' }])(
  'a server that can lose what it acknowledged is broken: %j',
  (more) => {
    const outcome = describeServer({ ...sound, kind: 'current', ...more }, shown);
    expect(outcome).toMatchObject({ mark: 'broken' });
    expect(outcome.text).toContain('can lose acknowledged deliveries');
  },
);
