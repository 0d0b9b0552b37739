import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { sql } from 'kysely';

import { createDatabase, type Database } from '../src/db/database.ts';
import { migrate } from '../src/db/migrations.ts';
import { createPostgresInsert } from '../src/inbox/postgres-insert.ts';
import { deliveryRow } from '../src/inbox/rows.ts';
import { builtInAgents } from '../src/planning/built-in-agents.ts';
import { parseStored } from '../src/webhook/payload.ts';
import { postgresHome, startPostgres } from '../test/support/postgres.ts';
import { issuePayload, signedRequest } from '../test/support/recordings.ts';
import { call, claim, workerNames, workerTokens } from '../test/support/workers.ts';
import { processorTime } from './processor-time.ts';

/**
 * One, two and four replicas on one PostgreSQL, each a process of its own: `npm run bench -- replicas`. A backlog of
 * issues in four repositories that wait in chains, behind some that are ready; then 16 workers who claim and give back;
 * then 100 deliveries a second. Everything shares this machine, flushes included: on two cores PostgreSQL and one replica fill
 * both. So queries and processor time a group tell more than groups a second. The ready ones come first, and warm up
 * what compiles.
 */
const readyCount = 100;
const waitingCount = 400;
const workerCount = 16;
const claimSeconds = 10;
const ackCount = 500;
const ackPauseMs = 10;
/** Of a column of this bench's own question, so that it is not counted. */
const ownMark = 'bench_left';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const home = postgresHome();
if (home === undefined) throw new Error('There is no PostgreSQL for this platform.');
const server = await startPostgres(home, [
  ...['fsync=on', 'shared_buffers=256MB'],
  'shared_preload_libraries=pg_stat_statements',
]);
const directory = mkdtempSync(join(tmpdir(), 'mosaic-bench-'));
const agentsFile = join(directory, 'agents.json');
const agents = builtInAgents.map((profile) => ({ ...profile, concurrency: 100 }));
writeFileSync(agentsFile, JSON.stringify({ agents }));
const children: ChildProcess[] = [];
try {
  for (const replicas of [1, 2, 4]) await measure(replicas);
} finally {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function measure(replicas: number): Promise<void> {
  const url = new URL(server.url);
  url.pathname = `/replicas_${replicas}`;
  const admin = createDatabase(server.url);
  await sql.raw(`create database replicas_${replicas}`).execute(admin);
  await admin.destroy();
  const db = createDatabase(url.href);
  await migrate(db);
  await sql`create extension pg_stat_statements`.execute(db);
  await fill(db, 0, readyCount);
  const running = await Promise.all(
    Array.from({ length: replicas }, (_, at) =>
      start(url.href, join(directory, `${replicas}-${at}`)),
    ),
  );
  const urls = running.map(({ url: at }) => at);
  await drained(db, 0);
  const handled = await measureHandling(db, running);
  const claims = await claimAll(urls);
  const acks = await acknowledge(urls);
  for (const { child } of running) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await db.destroy();
  process.stdout.write(
    `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}: ${handled}; ${claims.perSecond} claims/s, p99 ${claims.p99} ms; acknowledged at 100/s: p50 ${acks.p50} ms, p99 ${acks.p99} ms\n`,
  );
}

async function fill(db: Database, above: number, upTo: number): Promise<void> {
  const rows = Array.from({ length: upTo - above }, (_, index) => {
    const number = above + index + 1;
    const { body } = request(number, number > readyCount ? `Blocked by: #${number - 4}` : 'Small.');
    const event = parseStored('issues', body, undefined);
    const bodyHash = createHash('sha256').update(body).digest('hex');
    return deliveryRow({ id: `fill-${number}`, eventName: 'issues', bodyHash, event }, Date.now());
  });
  await createPostgresInsert(db)(rows);
}

/** Handles the backlog. The replicas read it within a second: nobody wakes them. */
async function measureHandling(
  db: Database,
  running: readonly { readonly child: ChildProcess }[],
): Promise<string> {
  const pids = running.map(({ child }) => child.pid ?? 0);
  const used = async () => ({
    node: pids.reduce((sum, pid) => sum + processorTime(pid), 0),
    postgres: processorTime(server.pid),
    queries: await queriesSoFar(db),
  });
  const before = await used();
  await fill(db, readyCount, readyCount + waitingCount);
  const perSecond = await drained(db, readyCount);
  const after = await used();
  const each = (what: keyof typeof after) =>
    Math.round((10 * (after[what] - before[what])) / waitingCount) / 10;
  return `${perSecond} handled/s (${each('queries')} queries a group, and ${each('node')} ms of Node's and ${each('postgres')} ms of PostgreSQL's processor time)`;
}

/** Number of statements of this database but for those of this bench, `begin` and `commit` included. */
async function queriesSoFar(db: Database): Promise<number> {
  const { rows } = await sql<{ calls: number }>`select sum(calls) as calls from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())
      and query not like '%pg_stat_statements%' and query not like ${`%${ownMark}%`}`.execute(db);
  return rows[0]?.calls ?? 0;
}

function request(number: number, body: string) {
  const repositoryId = 1 + (number % 4);
  return signedRequest(
    issuePayload({
      ...{ action: 'assigned', number, title: `Issue ${number}`, body, open: true, labels: [] },
      ...{ assignees: ['coordinator-bot'], repositoryId, repository: `acme/part-${repositoryId}` },
      updatedAt: new Date().toISOString(),
    }),
  );
}

async function start(databaseUrl: string, folder: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: {
      ...{ GITEA_WEBHOOK_SECRET: 'orbit-test-secret', VERIFIERS: '0' },
      ...{ GITEA_URL: 'https://git.example.test', ISSUE_READER: 'offline', HOST: '127.0.0.1' },
      ...{ PORT: '0', DATABASE_URL: databaseUrl, API_TOKENS: workerTokens, TMPDIR: directory },
      AGENTS_FILE: agentsFile,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${folder} ended: ${said}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-10_000);
      const found = /"url":"(http[^"]+)".*coordinator started/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { child, url };
}

/** Groups a second, between the first and the last that was handled of those after so many. */
async function drained(db: Database, after: number): Promise<number> {
  for (;;) {
    const { rows } = await sql<{ bench_left: number; done: number; took: number }>`
      select count(*) filter (where status = 'waiting') as bench_left, count(handled_at) as done,
        max(handled_at) - min(handled_at) as took
      from deliveries where id like 'fill-%' and seq > (
        select coalesce(max(seq), 0) from deliveries where id = ${`fill-${after}`})`.execute(db);
    const [{ bench_left: left, done, took } = { bench_left: 1, done: 0, took: 0 }] = rows;
    if (left === 0 && done > 0) return Math.round((10_000 * done) / Math.max(1, took)) / 10;
    await sleep(200);
  }
}

async function claimAll(urls: readonly string[]) {
  const times: number[] = [];
  const endsAt = performance.now() + claimSeconds * 1_000;
  await Promise.all(
    workerNames.slice(0, workerCount).map(async (worker, at) => {
      const target = { url: urls[at % urls.length] ?? '' };
      while (performance.now() < endsAt) {
        const began = performance.now();
        const { claim: held } = await claim(target, worker, { body: {} });
        times.push(performance.now() - began);
        if (held === null) continue;
        const body = { reason: 'Next.', handoff: 'Half.' };
        await call(target, worker, { held, what: 'release', body });
      }
    }),
  );
  return {
    perSecond: Math.round((10 * times.length) / claimSeconds) / 10,
    p99: percentile(times, 99),
  };
}

async function acknowledge(urls: readonly string[]) {
  const times: number[] = [];
  const sent: Promise<void>[] = [];
  for (let number = 1; number <= ackCount; number += 1) {
    const { headers, body } = request(1 + (number % waitingCount), `Small, said ${number}.`);
    sent.push(
      (async () => {
        const began = performance.now();
        const reply = await fetch(`${urls[number % urls.length] ?? ''}/webhook/gitea`, {
          method: 'POST',
          headers,
          body: new Uint8Array(body),
        });
        await reply.arrayBuffer();
        times.push(performance.now() - began);
      })(),
    );
    await sleep(ackPauseMs);
  }
  await Promise.all(sent);
  return { p50: percentile(times, 50), p99: percentile(times, 99) };
}

function percentile(times: number[], percent: number): number {
  times.sort((one, other) => one - other);
  return Math.round((times[Math.floor((times.length * percent) / 100)] ?? 0) * 10) / 10;
}
