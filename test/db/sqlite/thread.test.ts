import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { StoreUnavailable } from '../../../src/errors.ts';
import { createSqliteAnswers } from '../../../src/db/sqlite/thread-answers.ts';
import { createSqliteThread } from '../../../src/db/sqlite/thread.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { containing } from '../../support/matching.ts';

function openThread() {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const thread = createSqliteThread(path);
  onTestFinished(() => thread.close());
  return thread;
}

test('statements run in order in a thread of its own, each with its rows', async () => {
  const thread = openThread();
  await thread.open();
  const answers = await Promise.all([
    thread.all('create table notes (id integer primary key, text text not null)', []),
    thread.all("insert into notes (text) values (?), ('b') returning id", ['a']),
    thread.all('select text from notes order by id', []),
  ]);
  expect(answers).toEqual([[], [{ id: 1 }, { id: 2 }], [{ text: 'a' }, { text: 'b' }]]);
});

test('a commit of the thread is flushed to disk like any other', async () => {
  const thread = openThread();
  expect(await thread.all('pragma synchronous', [])).toEqual([{ synchronous: 2 }]);
});

test('a statement that fails rejects with what was wrong, and the next one runs', async () => {
  const thread = openThread();
  await expect(thread.all('select * from lost', [])).rejects.toThrow(StoreUnavailable);
  await expect(thread.all('select * from lost', [])).rejects.toThrow('no such table: lost');
  await expect(thread.all('select ? as value', [true])).rejects.toThrow('not boolean');
  expect(await thread.all('select 1 as one', [])).toEqual([{ one: 1 }]);
});

test('a thread that ends fails what is under way, and the next statement starts another', async () => {
  const thread = openThread();
  await thread.all('create table notes (text text)', []);
  const counting = `with recursive n(i) as (select 1 union all select i + 1 from n limit 10000000)
    select max(i) from n`;
  const underWay = [thread.all(counting, []), thread.all('select 1', [])];
  const [results] = await Promise.all([Promise.allSettled(underWay), thread.close()]);
  for (const result of results)
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
  expect(await thread.all('select * from notes', [])).toEqual([]);
});

test('a database that cannot be opened is asked for again with the next statement', () => {
  const missing = join(temporaryDirectory(), 'missing', 'coordinator.db');
  const answer = createSqliteAnswers({ path: missing, spool: undefined });
  const statement = { sql: 'select 1 as one', parameters: [] };
  expect(answer({ ...statement, id: 1 })).toEqual({
    id: 1,
    failure: containing('unable to open'),
    errcode: 14,
  });
  mkdirSync(dirname(missing));
  expect(answer({ ...statement, id: 2 })).toEqual({ id: 2, result: [{ one: 1 }] });
});

test('what goes to the next thread is not failed by the end of the one before', async () => {
  const thread = openThread();
  await thread.all('create table notes (text text)', []);
  for (let round = 0; round < 3; round += 1) {
    const [ended] = await Promise.all([
      thread.all('select 1', []).then(() => thread.close()),
      thread.all('select 2', []).catch(() => undefined),
    ]);
    expect(ended).toBeUndefined();
    expect(await thread.all("insert into notes values ('a') returning text", [])).toEqual([
      { text: 'a' },
    ]);
  }
});
