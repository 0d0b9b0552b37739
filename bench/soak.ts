import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { sql } from 'kysely';

import { audit } from '../src/claims/audit.ts';
import { readEnvironment } from '../src/config.ts';
import { createDatabase } from '../src/db/database.ts';
import { randomNumbers } from '../test/support/random.ts';
import { recordedSecret } from '../test/support/recordings.ts';
import { workerTokens } from '../test/support/workers.ts';
import { createSoakLoad, type SoakLoad } from './soak-load.ts';

/**
 * A long run of the real service under webhooks and workers: `npm run bench -- soak [kills] [minutes] [workers]`.
 * First the service is killed with SIGKILL under load again and again, then it runs without a break. Ends with
 * an error when an acknowledged delivery is lost, an issue has two claims at one time, or the audit objects.
 */
const [, , killsGiven = '100', minutesGiven = '15', workersGiven = '20'] = process.argv;
const kills = Number(killsGiven);
const minutes = Number(minutesGiven);
const workers = Number(workersGiven);
const leaseSeconds = 30;
const sampleEveryMs = 10_000;
const startDeadlineMs = 60_000;
/** Heap limit of compose.yaml. */
const nodeOptions = '--max-old-space-size=256';

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));
const path = join(directory, 'coordinator.db');
const random = randomNumbers(Date.now() % 1_000_000);

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(): Promise<Running> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    env: {
      PATH: readEnvironment()['PATH'],
      NODE_OPTIONS: nodeOptions,
      GITEA_WEBHOOK_SECRET: recordedSecret,
      GITEA_URL: 'https://git.example.test',
      GITEA_BOT_USERNAME: 'coordinator-bot',
      ISSUE_READER: 'offline',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: `file:${path}`,
      API_TOKENS: workerTokens,
      LEASE_SECONDS: String(leaseSeconds),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('The service did not start.')),
      startDeadlineMs,
    );
    lines.on('line', (line) => {
      const found = /"url":"(http:[^"]+)"/.exec(line)?.[1];
      if (found === undefined || !line.includes('coordinator started')) return;
      clearTimeout(timer);
      resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The service ended at its start (${code}).`)));
  });
  return { child, url };
}

async function end({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** Checks a copy of the data: opening the original would repair what the next start has to. */
async function check(load: SoakLoad, now: number): Promise<void> {
  const copy = mkdtempSync(join(directory, 'copy-'));
  for (const suffix of ['', '-wal'])
    if (existsSync(path + suffix)) copyFileSync(path + suffix, join(copy, `copy.db${suffix}`));
  const db = createDatabase(join(copy, 'copy.db'));
  const stored = await db.selectFrom('deliveries').select('id').execute();
  const ids = new Set(stored.map(({ id }) => id));
  const lost = [...load.acknowledged].filter((id) => !ids.has(id));
  const doubled = await sql<{ number: number }>`select one.number from claims as one
    join claims as other on other.repository_id = one.repository_id and other.number = one.number
      and other.rowid > one.rowid
      and other.claimed_at < coalesce(one.ended_at, ${Number.MAX_SAFE_INTEGER})
      and one.claimed_at < coalesce(other.ended_at, ${Number.MAX_SAFE_INTEGER})`.execute(db);
  const violations = await audit(db, now, 5);
  await db.destroy();
  rmSync(copy, { recursive: true });
  const objections = violations.filter(({ code }) => code !== 'lease_not_swept');
  if (lost.length + doubled.rows.length + objections.length + load.failures.length > 0)
    throw new Error(
      `lost ${lost.join()}; claimed twice at a time ${JSON.stringify(doubled.rows)}; audit ${JSON.stringify(objections)}; answers ${load.failures.join('\n')}`,
    );
}

async function killAgainAndAgain(load: SoakLoad): Promise<void> {
  const startedAt = performance.now();
  for (let cycle = 0; cycle < kills; cycle += 1) {
    const service = await start();
    const working = load.run(service.url, { workers: 6, paceMs: 0 });
    await sleep(300 + random() * 3_000);
    await end(service, 'SIGKILL');
    await working.stop();
    await check(load, Date.now());
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  print(
    `${kills} kills in ${seconds} s: ${load.acknowledged.size} deliveries acknowledged, ${load.counts.claims} claims; 0 lost, 0 doubled, every audit fine`,
  );
}

interface Sample {
  readonly minute: number;
  readonly rss: number;
  readonly wal: number;
}

async function runWithoutBreak(load: SoakLoad): Promise<void> {
  const service = await start();
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const working = load.run(service.url, { workers, paceMs: 1_000 });
  while (performance.now() - startedAt < minutes * 60_000) {
    await sleep(sampleEveryMs);
    const minute = (performance.now() - startedAt) / 60_000;
    const wal = existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size / 2 ** 20 : 0;
    samples.push({ minute, rss: residentMiB(service.child.pid), wal });
  }
  await working.stop();
  await load.settle(service.url);
  await end(service, 'SIGTERM');
  await check(load, Date.now());
  await compareTitles(load);
  const late = samples.filter(({ minute }) => minute > minutes / 2);
  const rss = samples.map((sample) => sample.rss.toFixed(0));
  print(`resident MiB every ${sampleEveryMs / 1_000} s: ${rss.join(' ')}`);
  print(
    `${minutes} minutes, ${workers} workers: ${load.acknowledged.size} deliveries, ${JSON.stringify(load.counts)}; 0 lost, 0 doubled; ` +
      `resident memory over the second half ${slope(late).toFixed(2)} MiB a minute; ` +
      `WAL at most ${Math.max(...samples.map(({ wal }) => wal)).toFixed(1)} MiB; database ${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`,
  );
}

/** Every issue must be stored as its newest acknowledged delivery has it. */
async function compareTitles(load: SoakLoad): Promise<void> {
  const db = createDatabase(path);
  const rows = await db.selectFrom('issues').select(['number', 'title', 'open']).execute();
  await db.destroy();
  const stored = new Map(rows.map(({ number, title, open }) => [number, `${title} ${open}`]));
  const wrong = [...load.expected()].filter(([number, text]) => stored.get(number) !== text);
  if (wrong.length > 0)
    throw new Error(`stored otherwise than delivered: ${JSON.stringify(wrong.slice(0, 10))}`);
}

function residentMiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Least squares. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const minute = mean(samples.map((sample) => sample.minute));
  const rss = mean(samples.map((sample) => sample.rss));
  const products = samples.map((sample) => (sample.minute - minute) * (sample.rss - rss));
  const squares = samples.map((sample) => (sample.minute - minute) ** 2);
  return mean(products) / mean(squares);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const load = createSoakLoad(random, randomUUID);
  await killAgainAndAgain(load);
  await runWithoutBreak(load);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
