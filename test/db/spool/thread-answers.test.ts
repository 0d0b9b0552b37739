import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';
import { z } from 'zod';

import {
  createSpoolAnswers,
  isSpoolPlace,
  type SpoolQuestion,
} from '../../../src/db/spool/thread-answers.ts';
import { prepareSpool, spoolPath } from '../../../src/db/spool/file.ts';
import { spooledColumns, type SpooledRow } from '../../../src/db/spool/columns.ts';
import {
  ensureDatabase,
  locationIn,
  temporaryDirectory,
  testOfSqlite,
} from '../../support/database.ts';

/*
 * The answers of the thread, without a thread: what it does with a spool that fails cannot be seen from outside.
 */

type Ask = SpoolQuestion extends infer Q
  ? Q extends { id: number }
    ? Omit<Q, 'id'>
    : never
  : never;

async function open() {
  const directory = temporaryDirectory();
  await ensureDatabase(directory, true);
  const database = locationIn(directory);
  const spool = spoolPath(database);
  prepareSpool(spool);
  const answer = createSpoolAnswers({ spool, database });
  let id = 0;
  const ask = (question: Ask) => {
    id += 1;
    return answer(z.custom<SpoolQuestion>().parse({ ...question, id }));
  };
  return { database, spool, ask };
}

function row(id: string, bodyHash: string, status = 'waiting'): SpooledRow {
  const values: Record<string, string | number | null> = {
    ...{ id, status, event_name: 'issues', body_hash: bodyHash, received_at: 1, raw_size: 1 },
  };
  return spooledColumns.map((column) => values[column] ?? null);
}

testOfSqlite(
  'an id or bytes that wait are not stored twice; what was not understood is no obstacle',
  async () => {
    const { ask } = await open();
    const inserted = (...rows: SpooledRow[]) => ask({ kind: 'insert', rows });
    expect(
      inserted(row('a', 'one'), row('a', 'two'), row('b', 'one'), row('c', 'three')),
    ).toMatchObject({ result: { positions: [0, 3] } });
    expect(
      inserted(row('d', 'bad', 'rejected'), row('e', 'bad', 'rejected'), row('f', 'bad')),
    ).toMatchObject({ result: { positions: [0, 2] } });
    expect(ask({ kind: 'holds', bodyHash: 'one' })).toMatchObject({ result: true });
    expect(ask({ kind: 'holds', bodyHash: 'unknown' })).toMatchObject({ result: false });
    expect(ask({ kind: 'size' })).toMatchObject({ result: { rows: 4 } });
    expect(ask({ kind: 'forget', upTo: 2 })).toMatchObject({ result: { rows: 2 } });
    expect(inserted(row('a', 'one'))).toMatchObject({ result: { positions: [0] } });
    expect(ask({ kind: 'close' })).toMatchObject({ result: false });
    // Opened again it knows what waits.
    expect(inserted(row('g', 'one'), row('a', 'four'))).toMatchObject({
      result: { positions: [] },
    });
    expect(ask({ kind: 'forget', upTo: 100 })).toMatchObject({ result: { rows: 0 } });
    expect(ask({ kind: 'close' })).toMatchObject({ result: true });
    expect(ask({ kind: 'close' })).toMatchObject({ result: undefined });
  },
);

testOfSqlite(
  'a row that cannot be stored stores none of its batch, and the next batch is stored',
  async () => {
    const { ask } = await open();
    const broken = spooledColumns.map(() => null);
    const failed = ask({ kind: 'insert', rows: [row('a', 'one'), broken] });
    expect(failed).toHaveProperty('failure');
    expect(ask({ kind: 'insert', rows: [row('a', 'one')] })).toMatchObject({
      result: { positions: [0] },
    });
    expect(ask({ kind: 'query', sql: 'select id from arrivals', parameters: [] })).toMatchObject({
      result: [{ id: 'a' }],
    });
    expect(ask({ kind: 'probe', at: 1, fillerBytes: 8 })).toMatchObject({ result: 2 });
    expect(ask({ kind: 'query', sql: 'select nothing', parameters: [] })).toHaveProperty('failure');
  },
);

testOfSqlite('while the database cannot be read deliveries are stored all the same', async () => {
  const { ask, database } = await open();
  ask({ kind: 'size' });
  const other = new DatabaseSync(database);
  other.exec('drop table deliveries');
  other.close();
  expect(ask({ kind: 'insert', rows: [row('a', 'one')] })).toMatchObject({
    result: { positions: [0] },
  });
});

test('a thread is started with two places', () => {
  expect(isSpoolPlace({ spool: 'a', database: 'b' })).toBe(true);
  for (const place of [undefined, null, 'a', {}, { spool: 'a' }, { spool: 1, database: 'b' }])
    expect(isSpoolPlace(place)).toBe(false);
});
