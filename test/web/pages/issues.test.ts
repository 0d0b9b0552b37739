import { expect, test } from 'vitest';

import { createDatabase } from '../../../src/db/database.ts';
import { signIn, visit } from '../../support/browser-like.ts';
import { locationIn } from '../../support/database.ts';
import { startWork } from '../../support/work.ts';

test('the list has pages, a filter of states, and a search', async () => {
  const work = await startWork();
  await work.tell(1, { title: 'One 100%' });
  await work.tell(2, { title: 'Two', body: 'Blocked by: #1' });
  const db = createDatabase(locationIn(work.directory));
  const row = await db.selectFrom('issues').selectAll().where('number', '=', 1).executeTakeFirst();
  if (row === undefined) throw new Error('issue 1 is not stored');
  const copies = Array.from({ length: 60 }, (_, index) => ({ ...row, number: 100 + index }));
  await db.insertInto('issues').values(copies).execute();
  await db.destroy();
  const cookie = await signIn(work);
  const list = async (path: string) => {
    const html = await (await visit(work, path, { headers: { cookie } })).text();
    const numbers = [...html.matchAll(/<a href="\/issues\/acme\/orbit\/(\d+)">acme/g)];
    const next = /<a href="([^"]+)" rel="next">/.exec(html)?.[1]?.replaceAll('&amp;', '&');
    return { numbers: new Set(numbers.map(([, number]) => Number(number))), next };
  };
  const first = await list('/issues?state=ready&q=One');
  expect(first.numbers.size).toBe(50);
  const second = await list(first.next ?? '');
  expect(second.numbers.size).toBe(11);
  expect(new Set([...first.numbers, ...second.numbers]).size).toBe(61);
  expect(second.next).toBeUndefined();
  expect((await list('/issues?state=blocked')).numbers).toEqual(new Set([2, 1]));
  expect((await list('/issues?q=100%25')).numbers.size).toBe(50);
  expect((await list('/issues?q=1%25%25')).numbers.size).toBe(0);
  expect((await list('/issues?q=acme/orbit%23100')).numbers).toEqual(new Set([100]));
  expect((await list('/issues?cursor=nonsense&state=nonsense')).numbers.size).toBeGreaterThan(49);
});
