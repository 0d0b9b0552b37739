import { setTimeout as sleep } from 'node:timers/promises';

import { sql } from 'kysely';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { z } from 'zod';

import { afterCommit } from '../../../src/db/after-commit.ts';
import { migrate, migrations } from '../../../src/db/migrations.ts';
import { crossJoin } from '../../../src/db/portable.ts';
import { createPostgresEngine } from '../../../src/db/postgres/engine.ts';
import type { Topic } from '../../../src/db/engine.ts';
import { createLogger } from '../../../src/log.ts';
import { postgresDatabase, testOfPostgres as test } from '../../support/database.ts';
import { ownPostgres } from '../../support/own-postgres.ts';

const freshDatabase = () => postgresDatabase(true);

async function openEngine(url: string, migrating?: typeof migrate) {
  const lines: string[] = [];
  const engine = createPostgresEngine({
    url,
    ...(migrating === undefined ? {} : { migrate: migrating }),
    log: createLogger('debug', { write: (line) => void lines.push(line) }),
  });
  onTestFinished(() => engine.close());
  await engine.open();
  return { ...engine, lines };
}

const issue = (number: number) => ({ repositoryId: 3, number });

describe('one issue is handled by one replica', () => {
  test('a second one gets the next issue, and the first after its release', async () => {
    const url = await freshDatabase();
    const [one, two] = [await openEngine(url), await openEngine(url)];
    expect(await one.replica.hold([issue(1), issue(2)])).toEqual(issue(1));
    expect(await two.replica.hold([issue(1), issue(2)])).toEqual(issue(2));
    expect(await two.replica.hold([issue(1)])).toBeUndefined();
    expect(await two.replica.heldElsewhere([issue(1), issue(2), issue(3)])).toEqual([issue(1)]);
    one.replica.release(issue(1));
    await vi.waitFor(async () => expect(await two.replica.hold([issue(1)])).toEqual(issue(1)));
  });

  test('those of a session that the server ended are free, and it comes back by itself', async () => {
    const url = await freshDatabase();
    const [one, two] = [await openEngine(url), await openEngine(url)];
    expect(await one.replica.hold([issue(1)])).toEqual(issue(1));
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${`mosaic-coordinator ${one.replica.id} session`}`.execute(
      two.db,
    );
    await vi.waitFor(async () => expect(await two.replica.hold([issue(1)])).toEqual(issue(1)));
    // Of the lost session: it must not free the lock that the other one has now.
    one.replica.release(issue(1));
    await vi.waitFor(async () => expect(await one.replica.hold([issue(2)])).toEqual(issue(2)));
    expect(await one.replica.hold([issue(1)])).toBeUndefined();
    expect(await two.replica.gone([one.replica.id, 'abcdef'])).toEqual(['abcdef']);
  });
});

describe('one replica leads', () => {
  test('another takes over when it stops', async () => {
    const url = await freshDatabase();
    const one = await openEngine(url);
    const two = await openEngine(url);
    expect([one.replica.isLeader(), two.replica.isLeader()]).toEqual([true, false]);
    await one.close();
    await vi.waitFor(() => expect(two.replica.isLeader()).toBe(true), { timeout: 5_000 });
    expect(one.replica.isLeader()).toBe(false);
  });
});

describe('prepared statements', () => {
  test('are prepared anew when a newer replica has added a column', async () => {
    const { db, writes } = await openEngine(await freshDatabase());
    await sql`create table kept (n bigint, t text)`.execute(db);
    const read = () => sql`select * from kept where n = ${1}`.execute(db);
    await sql`insert into kept values (1, 'one')`.execute(db);
    await read();
    await read();
    const prepared = await sql`select name from pg_prepared_statements
      where statement like 'select * from kept%'`.execute(db);
    expect(prepared.rows).toHaveLength(1);
    await sql`alter table kept add column more text`.execute(db);
    const rows = await writes.transaction(async (transaction) => {
      const found = await sql`select * from kept where n = ${1}`.execute(transaction);
      return found.rows;
    });
    expect(rows).toEqual([{ n: 1, t: 'one', more: null }]);
    expect((await read()).rows).toEqual(rows);
  });
});

test('a walk along edges reads what lies ahead by an index, also without statistics', async () => {
  const { db } = await openEngine(await freshDatabase());
  await sql`create table step (a bigint, b bigint, on_way bigint)`.execute(db);
  await sql`create index step_by_a on step (a, b) where on_way = 1`.execute(db);
  await sql`insert into step select n, n + 1, 1 from generate_series(1, 500) as n`.execute(db);
  const walk = sql`with recursive reach (a) as (
    select 1::bigint union
    select step.b from reach ${crossJoin(db, 'step', sql`step.a = reach.a and step.on_way = 1`)}
      ${crossJoin(db, 'step', sql`next.a = step.b and next.on_way = 1`, 'next')})
    select count(*) from reach`;
  const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${walk}`.execute(db);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan.match(/Index Cond: \(a = reach_1\.a\)/g), plan).toHaveLength(1);
  expect(plan.match(/Index Cond: \(a = step\.b\)/g), plan).toHaveLength(1);
});

describe('decisions', () => {
  test('of several replicas come one after another', async () => {
    const url = await freshDatabase();
    const engines = [await openEngine(url), await openEngine(url)] as const;
    await sql`create table counter (n bigint)`.execute(engines[0].db);
    await sql`insert into counter values (0)`.execute(engines[0].db);
    await Promise.all(
      engines.flatMap((engine) =>
        Array.from({ length: 20 }, () =>
          engine.writes.transaction(async (transaction) => {
            const { rows } = await sql<{ n: number }>`select n from counter`.execute(transaction);
            await sql`update counter set n = ${(rows[0]?.n ?? 0) + 1}`.execute(transaction);
          }),
        ),
      ),
    );
    const { rows } = await sql`select n from counter`.execute(engines[0].db);
    expect(rows).toEqual([{ n: 40 }]);
  });

  test('are repeated after a deadlock with a statement, and tell of it only once', async () => {
    const url = await freshDatabase();
    const engine = await openEngine(url);
    await sql`create table counter (n bigint)`.execute(engine.db);
    await sql`insert into counter values (1), (2)`.execute(engine.db);
    let tries = 0;
    const told: number[] = [];
    const gate = Promise.withResolvers<undefined>();
    const other = engine.db.transaction().execute(async (transaction) => {
      await sql`set local deadlock_timeout = '20s'`.execute(transaction);
      await sql`update counter set n = 20 where n = 2`.execute(transaction);
      await gate.promise;
      await sql`update counter set n = 10 where n = 1`.execute(transaction);
    });
    await engine.writes.transaction(async (transaction) => {
      tries += 1;
      afterCommit(transaction, () => told.push(tries));
      await sql`set local deadlock_timeout = '1s'`.execute(transaction);
      await sql`update counter set n = n + 100 where n in (1, 10)`.execute(transaction);
      gate.resolve(undefined);
      await sql`update counter set n = n + 100 where n in (2, 20)`.execute(transaction);
    });
    await other;
    const { rows } = await sql`select n from counter order by n`.execute(engine.db);
    expect({ tries, told, rows }).toEqual({ tries: 2, told: [2], rows: [{ n: 110 }, { n: 120 }] });
  });
});

test('news reaches the other replicas and not the one that tells it', async () => {
  const url = await freshDatabase();
  const [one, two] = [await openEngine(url), await openEngine(url)];
  const heard: [string, Topic][] = [];
  one.replica.onNotify((topic) => void heard.push(['one', topic]));
  two.replica.onNotify((topic) => void heard.push(['two', topic]));
  one.replica.notify('deliveries');
  one.replica.notify('deliveries');
  one.replica.notify('work');
  await vi.waitFor(() =>
    expect(heard).toEqual([
      ['two', 'deliveries'],
      ['two', 'work'],
    ]),
  );
});

test('goes on by itself after PostgreSQL was away', async () => {
  const own = await ownPostgres();
  const engine = await openEngine(own.url);
  expect(await engine.check()).toMatchObject({ status: 'ok' });
  await own.halt('SIGQUIT');
  // Within a second, the last answer stands.
  await vi.waitFor(
    async () => {
      const { status, cause = '' } = z
        .looseObject({ status: z.string(), cause: z.string().optional() })
        .parse(await engine.check());
      expect([status, cause.includes('PostgreSQL')]).toEqual(['down', true]);
    },
    { timeout: 5_000 },
  );
  expect(engine.fault()).toMatchObject({ kind: 'unreachable' });
  expect(engine.replica.isLeader()).toBe(false);
  await expect(engine.replica.hold([issue(1)])).rejects.toThrow('PostgreSQL');
  await expect(engine.writes.transaction(() => Promise.resolve())).rejects.toMatchObject({
    code: 'store_unavailable',
  });
  await own.start();
  await vi.waitFor(async () => expect(await engine.check()).toMatchObject({ status: 'ok' }), {
    timeout: 10_000,
  });
  expect(engine.fault()).toBeUndefined();
  expect(engine.replica.isLeader()).toBe(true);
  expect(await engine.replica.hold([issue(1)])).toEqual(issue(1));
});

test('several that start at once on an empty database make its tables once', async () => {
  const url = await postgresDatabase();
  const engines = await Promise.all([openEngine(url), openEngine(url), openEngine(url)]);
  expect(engines.filter(({ replica }) => replica.isLeader())).toHaveLength(1);
  const { rows } = await sql`select count(*) as count from kysely_migration`.execute(engines[0].db);
  expect(rows).toEqual([{ count: Object.keys(migrations).length }]);
});

test('one of the version before goes on beside a new one, and does not start again', async () => {
  const url = await freshDatabase();
  const old = await openEngine(url);
  let timeout: unknown;
  const next = await openEngine(url, async (db) => {
    // Rows and indexes of a large database take longer than any other statement.
    [timeout] = (await sql`select current_setting('statement_timeout') as s`.execute(db)).rows;
    await migrate(db, {
      ...migrations,
      '999-next': {
        up: async (scheme) => {
          await scheme.schema.createTable('novelties').addColumn('name', 'text').execute();
          await scheme.schema
            .alterTable('known_agents')
            .addColumn('motto', 'text', (column) => column.notNull().defaultTo(''))
            .execute();
        },
      },
    });
  });
  expect(timeout).toEqual({ s: '10min' });
  for (const engine of [old, next])
    await engine.writes.transaction((transaction) =>
      transaction.insertInto('known_agents').values({ name: engine.replica.id }).execute(),
    );
  expect(await next.db.selectFrom('known_agents').select('name').execute()).toHaveLength(2);
  await expect(openEngine(url)).rejects.toMatchObject({ code: 'database_newer' });
});

test('a start waits for a server that is starting, and refuses a database that does not exist', async () => {
  const own = await ownPostgres();
  await own.halt('SIGINT');
  const opening = openEngine(own.url);
  await sleep(100);
  await own.start();
  await opening;
  await expect(openEngine(own.url.replace(/postgres$/, 'nowhere'))).rejects.toThrow('DATABASE_URL');
});
