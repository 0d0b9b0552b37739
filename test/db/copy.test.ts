import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../src/cli/command-line.ts';
import { lockDatabase } from '../../src/db/sqlite/lock.ts';
import { prepareSpool, spoolPath } from '../../src/db/spool/file.ts';
import { giteaBot, type FakeGitea } from '../fake-gitea/gitea.ts';
import type { manualClock } from '../support/clock.ts';
import {
  onPostgres,
  openDatabase,
  postgresDatabase,
  temporaryDirectory,
  testOfPostgres,
} from '../support/database.ts';
import { containing, matching } from '../support/matching.ts';
import { mainArguments, startChild } from '../support/process.ts';
import { recording, recordingNames } from '../support/recordings.ts';
import { apiToken, startService, testEnvironment } from '../support/service.ts';
import { commits, failed, startVerifying, verifyingSchema } from '../support/verifying.ts';
import { leaseSeconds } from '../support/work.ts';
import { tokenOf, workerTokens } from '../support/workers.ts';

/** Both databases are part of each test, so one run is enough. */
const testOfCopy = onPostgres ? test.skip : testOfPostgres;

/** Runs `database copy` as on the command line, on the SQLite file of a folder or another database. */
async function copy(from: string, to: string, more: { readonly signal?: AbortSignal } = {}) {
  const output = { stdout: '', stderr: '' };
  const code = await runCommandLine(['database', 'copy', '--json', '--to', to], {
    stdout: { write: (text: string) => void (output.stdout += text) },
    stderr: { write: (text: string) => void (output.stderr += text) },
    environment: () => ({ DATABASE_URL: from }),
    ...more,
  });
  return { code, ...output };
}

const resultSchema = z.object({
  rows: z.number(),
  replacedTexts: z.number(),
  tables: z.array(z.object({ table: z.string(), rows: z.number(), sha256: z.string() })),
});

const fileOf = (directory: string) => join(directory, 'coordinator.db');

/** A folder with a store in which every kind of work has left rows; the service is stopped. */
async function storeFullOfRows(use?: (url: string) => Promise<void>) {
  const { service, clock, gitea, mine, take, report, complete } = await startVerifying();
  const { verification } = verifyingSchema.parse((await complete(mine, commits.work)).json);
  const job = await take();
  if (job !== null) await report(job, failed);
  for (const name of recordingNames) await service.send(recording(name));
  await service.send({ ...recording('issues-assigned-bot'), body: Buffer.from('{}') });
  await service.idle();
  await post(service.url, '/pause', { reason: 'lunch' });
  await use?.(service.url);
  await service.close();
  return { directory: service.directory, clock, gitea, verification: verification.id };
}

async function post(url: string, path: string, body: unknown): Promise<void> {
  await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const seenPaths = [
  '/issues?limit=100',
  '/queue',
  '/graph',
  '/deliveries?limit=100',
  '/claims',
  '/pauses',
  '/issues/acme/orbit/1/verifications',
];

/** What the API shows of everything. */
async function seenAt(url: string): Promise<unknown[]> {
  const callers = [apiToken, tokenOf('worker-1')];
  const calls = seenPaths.flatMap((path) => callers.map((token) => ({ path, token })));
  return Promise.all(
    calls.map(async ({ path, token }) => {
      const headers = { authorization: `Bearer ${token}` };
      const reply = await fetch(`${url}/api/v1${path}`, { headers });
      const json: unknown = await reply.json();
      return [path, reply.status, json];
    }),
  );
}

function startOn(
  databaseUrl: string,
  parts: { clock: ReturnType<typeof manualClock>; gitea: FakeGitea },
) {
  return startService({
    ...parts,
    env: {
      DATABASE_URL: databaseUrl,
      GITEA_BOT_USERNAME: 'coordinator-bot',
      LEASE_SECONDS: String(leaseSeconds),
      // Without a verifier nothing is shown of verifications.
      API_TOKENS: `tests:${apiToken},${workerTokens},judge:verifier:token-of-a-verifier-1`,
    },
  });
}

testOfCopy('a service on the copy shows what the old one showed, and goes on', async () => {
  let before: unknown[] = [];
  const { directory, ...parts } = await storeFullOfRows(async (url) => {
    before = await seenAt(url);
  });
  const to = await postgresDatabase();
  const { code, stdout, stderr } = await copy(`file:${fileOf(directory)}`, to);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { rows, tables } = resultSchema.parse(JSON.parse(stdout));
  const full = tables.filter((table) => table.rows > 0).map(({ table }) => table);
  expect(full).toEqual(
    expect.arrayContaining(['deliveries', 'issues', 'claims', 'pauses', 'verifications']),
  );
  expect(rows).toBe(tables.reduce((sum, table) => sum + table.rows, 0));
  const service = await startOn(to, parts);
  expect(await seenAt(service.url)).toEqual(before);
  const assignees = [giteaBot];
  const text = { title: 'Two', body: 'Difficulty: low', assignees };
  const opened = parts.gitea.as('maria').openIssue('acme/orbit', text);
  await service.reconcile();
  expect(await service.plan(`acme/orbit#${opened}`)).toMatchObject({ title: 'Two' });
});

async function query(location: string, statement: string) {
  const { rows } = await sql<Record<string, unknown>>`${sql.raw(statement)}`.execute(
    openDatabase(location),
  );
  return rows;
}

/** A file with rows that only a database can tell apart: order of texts, numbers that were used, U+0000. */
async function oddStore(): Promise<string> {
  const service = await startService({
    env: { DATABASE_URL: `file:${join(temporaryDirectory(), 'coordinator.db')}` },
  });
  await service.send(recording('issues-assigned-bot'));
  await service.idle();
  await service.close();
  const file = service.config.database;
  const database = new DatabaseSync(file);
  const add = database.prepare(
    'insert into model_answers (key, answer, stored_at) values (?, ?, ?)',
  );
  for (let index = 0; index < 450; index += 1)
    add.run(`${['a', 'B', 'ä', '\u{1F600}', '\uFFFD', ''][index % 6]}${index}`, '{}', index);
  add.run('nul', 'one\0two', 1);
  database.exec(`update deliveries set event = replace(event, '"title":"', '"title":"\\u0000\\\\u0000');
    update sqlite_sequence set seq = 4711 where name = 'deliveries';
    insert into daily_spending values ('2026-11-30', 'junior', 9007199254740991, 0.1);
    insert into parents values (2, 5, null, 7, 'acme/zulu'), (2, 5, 3, 7, null)`);
  database.close();
  return file;
}

testOfCopy(
  'numbers, order, U+0000 and what was given out survive, also on the way back',
  async () => {
    const file = await oddStore();
    const to = await postgresDatabase();
    const there = await copy(`file:${file}`, to);
    expect(there).toMatchObject({ code: 0, stderr: '' });
    const first = resultSchema.parse(JSON.parse(there.stdout));
    expect(first.replacedTexts).toBe(2);
    expect(await query(to, `select answer from model_answers where key = 'nul'`)).toEqual([
      { answer: 'one\uFFFDtwo' },
    ]);
    const [event] = await query(to, `select cast(event as jsonb)::text as event from deliveries`);
    expect(event?.['event']).toContain('"\uFFFD\\\\u0000');
    expect(await query(to, `select * from daily_spending`)).toEqual([
      { day: '2026-11-30', agent: 'junior', tokens: 9_007_199_254_740_991, usd: 0.1 },
    ]);
    expect(await query(to, `select nextval('deliveries_seq_seq') as next`)).toEqual([
      { next: 4712 },
    ]);
    const back = join(temporaryDirectory(), 'back.db');
    const again = await copy(to, `file:${back}`);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(resultSchema.parse(JSON.parse(again.stdout)).tables).toEqual(first.tables);
    expect(statSync(back).mode & 0o777).toBe(0o600);
    const sequences = `select seq from sqlite_sequence where name = 'deliveries'`;
    expect(await query(back, sequences)).toEqual([{ seq: 4712 }]);
    expect(await copy(to, `file:${back}`)).toMatchObject({
      code: 1,
      stderr: containing(`${back} exists already`),
    });
  },
);

testOfCopy('what was accepted and not yet taken in is copied too', async () => {
  const file = await oddStore();
  prepareSpool(spoolPath(file));
  const spool = new DatabaseSync(spoolPath(file));
  spool.exec(`insert into arrivals (id, status, event_name, body_hash, received_at, raw_size)
    values ('in-the-spool', 'rejected', 'issues', 'hash', 1, 0)`);
  spool.close();
  const to = await postgresDatabase();
  expect(await copy(`file:${file}`, to)).toMatchObject({ code: 0 });
  expect(await query(to, `select status from deliveries where id = 'in-the-spool'`)).toEqual([
    { status: 'rejected' },
  ]);
});

testOfCopy(
  'a running service, a full target and another version are refused in a sentence',
  async () => {
    const file = await oddStore();
    const from = `file:${file}`;
    const lock = lockDatabase(file);
    const to = await postgresDatabase();
    expect(await copy(from, to)).toMatchObject({
      code: 1,
      stderr: containing(`A coordinator is running on ${file}`),
    });
    lock.release();
    const other = await postgresDatabase(true);
    await query(other, `delete from kysely_migration where name = '009-proposals'`);
    expect(await copy(from, other)).toMatchObject({
      code: 1,
      stderr: containing('has the tables of another version'),
    });
    const used = await startService({ env: { DATABASE_URL: to } });
    expect(await copy(from, to)).toMatchObject({
      code: 1,
      stderr: containing('A coordinator is running on the database of --to'),
    });
    await used.close();
    expect(await copy(from, to)).toMatchObject({
      code: 1,
      stderr: matching(/^mosaic-coordinator: The database of --to holds rows \(table \w+\)/),
    });
  },
);

testOfCopy.for([
  ['postgres://u:hunter2@127.0.0.1:1/x', 1, 'Look whether PostgreSQL runs'],
  ['postgres://u:hunter2@127.0.0.1', 2, '--to must name a database'],
  ['mysql://u:hunter2@127.0.0.1/x', 2, '--to must be file: and a path'],
  ['file:/tmp/hunter2.db', 2, 'both name files of SQLite'],
] as const)('--to %s ends with %i and names no secret', async ([to, code, words]) => {
  const file = await oddStore();
  const ended = await copy(`file:${file}`, to);
  expect(ended).toMatchObject({ code, stderr: containing(words) });
  expect(ended.stdout + ended.stderr).not.toContain('hunter2');
});

testOfCopy('a missing database of the server is named', async () => {
  const file = await oddStore();
  const missing = `${await postgresDatabase()}_gone`;
  expect(await copy(`file:${file}`, missing)).toMatchObject({
    code: 1,
    stderr: containing('The database that --to names does not exist.'),
  });
  // A refused copy has left nothing that keeps the next one away.
  expect(await copy(`file:${file}`, await postgresDatabase())).toMatchObject({ code: 0 });
});

testOfCopy('stopped in the middle, it leaves the target empty', async () => {
  const file = await oddStore();
  const to = await postgresDatabase();
  expect(await copy(`file:${file}`, to, { signal: AbortSignal.abort() })).toMatchObject({
    code: 1,
    stderr: containing('nothing was copied'),
  });
  expect(await query(to, 'select count(*) as rows from deliveries')).toEqual([{ rows: 0 }]);
  const folder = temporaryDirectory();
  expect(await copy(`file:${file}`, to)).toMatchObject({ code: 0 });
  const back = join(folder, 'back.db');
  expect(await copy(to, `file:${back}`, { signal: AbortSignal.abort() })).toMatchObject({
    code: 1,
  });
  expect(readdirSync(folder)).toEqual([]);
});

testOfCopy('a row that arrives changed undoes the whole copy', async () => {
  const file = await oddStore();
  const to = await postgresDatabase(true);
  await query(
    to,
    `create function spoil() returns trigger language plpgsql as
      $$ begin new.answer := upper(new.answer); return new; end $$`,
  );
  await query(
    to,
    'create trigger spoil before insert on model_answers for each row execute function spoil()',
  );
  expect(await copy(`file:${file}`, to)).toMatchObject({
    code: 1,
    stderr: containing('the rows of model_answers are not the same on both sides'),
  });
  expect(await query(to, 'select count(*) as rows from deliveries')).toEqual([{ rows: 0 }]);
});

testOfCopy('killed in the middle, it is run again', async () => {
  const file = await oddStore();
  const to = await postgresDatabase();
  // The tables are there, and one of them is held: the copy stops in its transaction.
  expect(await copy(`file:${file}`, to, { signal: AbortSignal.abort() })).toMatchObject({
    code: 1,
  });
  const directory = temporaryDirectory();
  const holder = openDatabase(to);
  await holder.transaction().execute(async (holding) => {
    await sql`lock table model_answers in access exclusive mode`.execute(holding);
    const child = startChild({
      args: [...mainArguments, 'database', 'copy', '--to', to],
      environment: testEnvironment(directory, { DATABASE_URL: `file:${file}` }),
      directory,
    });
    const waiting = `select count(*) as waiting from pg_locks where not granted
      and relation = 'model_answers'::regclass`;
    await expect.poll(() => query(to, waiting), { timeout: 30_000 }).toEqual([{ waiting: 1 }]);
    await child.kill('SIGKILL');
  });
  await expect.poll(async () => (await copy(`file:${file}`, to)).code, { timeout: 30_000 }).toBe(0);
});

testOfCopy('a terminal sees how far it is', async () => {
  const file = await oddStore();
  const to = await postgresDatabase();
  const output = { stdout: '', stderr: '' };
  const code = await runCommandLine(['database', 'copy', '--to', to], {
    stdout: { write: (text: string) => void (output.stdout += text) },
    stderr: { isTTY: true, write: (text: string) => void (output.stderr += text) },
    environment: () => ({ DATABASE_URL: `file:${file}` }),
  });
  expect(code).toBe(0);
  expect(output.stderr).toMatch(/\d+ % copying \w+/);
  expect(output.stdout).toContain('hashes of all tables are equal on both sides');
  expect(output.stdout).toContain('2 texts held U+0000');
});
