import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import { storeUpdate } from '../src/handling/commit-update.ts';
import { loadConfig } from '../src/config.ts';
import { createService } from '../src/app/service.ts';
import { builtInAgents } from '../src/planning/built-in-agents.ts';
import { createLogger } from '../src/log.ts';
import { createDatabase } from '../src/db/database.ts';
import { migrate } from '../src/db/migrations.ts';
import { updateOf } from '../test/scenarios/claims/work-update.ts';
import { tokenOf, workerNames, workerTokens } from '../test/support/workers.ts';

/**
 * Cost of claims, over HTTP on loopback, in a database on the disk of the working directory, flushes
 * included: `npm run bench -- claims`. 50 workers claim, beat twice and complete over 10,000 issues; beside it
 * a bare loop of single updates on the same database. Then one worker alone, over 1,000 and over 20,000
 * issues. Workers, service and database share this process.
 */
const workerCount = 50;
const issueCount = 10_000;
const claimsInAll = 1_500;
const aloneClaims = 200;
const bareUpdates = 2_000;

interface Times {
  readonly claim: number[];
  readonly heartbeat: number[];
  readonly complete: number[];
}

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));
const agentsFile = join(directory, 'agents.json');
const agents = builtInAgents.map((profile) => ({ ...profile, concurrency: workerCount }));
writeFileSync(agentsFile, JSON.stringify({ agents }));

/** A running service with so many issues, one in five of which waits for another. */
async function startWith(issues: number) {
  const path = join(directory, `claims-${issues}.db`);
  const db = createDatabase(path);
  await migrate(db);
  const at = Date.parse('2026-11-23T10:00:00Z');
  await db.transaction().execute(async (transaction) => {
    for (let number = 1; number <= issues; number += 1)
      await storeUpdate(
        transaction,
        updateOf(number, { open: true, assigned: true, version: 0 }, at),
        at + number,
      );
  });
  await db.destroy();
  const config = loadConfig({
    GITEA_WEBHOOK_SECRET: 'secret-of-the-benchmark',
    GITEA_URL: 'https://git.example.test',
    ISSUE_READER: 'offline',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: `file:${path}`,
    API_TOKENS: workerTokens,
    AGENTS_FILE: agentsFile,
  });
  const service = createService(config, createLogger('error', { write: () => undefined }));
  const { url } = await service.start();
  return { url, path, close: service.close };
}

const heldSchema = z.object({ claim: z.object({ claimId: z.string(), token: z.string() }) });

async function timed(
  times: number[],
  request: { readonly url: string; readonly worker: string; readonly token?: string },
  body: unknown,
): Promise<unknown> {
  const startedAt = performance.now();
  const reply = await fetch(request.url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenOf(request.worker)}`,
      'content-type': 'application/json',
      ...(request.token === undefined ? {} : { 'x-claim-token': request.token }),
    },
    body: JSON.stringify(body),
  });
  const json: unknown = await reply.json();
  times.push(performance.now() - startedAt);
  if (!reply.ok) throw new Error(`${reply.status} ${JSON.stringify(json)}`);
  return json;
}

/** Claims, beats twice and completes until `left` says that it is enough. */
async function work(url: string, worker: string, times: Times, left: { claims: number }) {
  while (left.claims > 0) {
    left.claims -= 1;
    const json = await timed(times.claim, { url: `${url}/api/v1/claims`, worker }, {});
    const { claimId, token } = heldSchema.parse(json).claim;
    const of = `${url}/api/v1/claims/${claimId}`;
    for (let beat = 0; beat < 2; beat += 1)
      await timed(
        times.heartbeat,
        { url: `${of}/heartbeat`, worker, token },
        { contextUsed: (beat + 1) * 400_000 },
      );
    await timed(times.complete, { url: `${of}/complete`, worker, token }, { commit: 'abcdef0' });
  }
}

function bareLoop(path: string): number {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  const update = database.prepare('update issues set changed_at = changed_at where number = ?');
  const startedAt = performance.now();
  for (let round = 0; round < bareUpdates; round += 1) update.run(1 + round);
  const seconds = (performance.now() - startedAt) / 1_000;
  database.close();
  return bareUpdates / seconds;
}

const noTimes = (): Times => ({ claim: [], heartbeat: [], complete: [] });

function quantile(times: readonly number[], share: number): string {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
}

function figures(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const many = await startWith(issueCount);
  const bareBefore = bareLoop(many.path);
  const times = noTimes();
  const left = { claims: claimsInAll };
  const startedAt = performance.now();
  await Promise.all(
    workerNames.slice(0, workerCount).map((worker) => work(many.url, worker, times, left)),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  const calls = times.claim.length + times.heartbeat.length + times.complete.length;
  const bareAfter = bareLoop(many.path);
  await many.close();
  const bare = `${bareBefore.toFixed(0)} before, ${bareAfter.toFixed(0)} after`;
  print(`bare updates a second, each flushed: ${bare}`);
  print(
    `${workerCount} workers over ${issueCount} issues: ${(calls / seconds).toFixed(0)} calls a second, of them ${(times.claim.length / seconds).toFixed(0)} claims`,
  );
  print(`claim: ${figures(times.claim)}; heartbeat: ${figures(times.heartbeat)}`);
  for (const issues of [1_000, 20_000]) {
    const service = await startWith(issues);
    const alone = noTimes();
    await work(service.url, 'worker-1', alone, { claims: aloneClaims });
    await service.close();
    print(
      `one worker over ${issues} issues: claim ${figures(alone.claim)}; heartbeat ${figures(alone.heartbeat)}`,
    );
  }
} finally {
  rmSync(directory, { recursive: true });
}
