import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { audit } from '../../../src/claims/audit.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { startCrashProcess, workPoints, type WorkPoint } from './crash-process.ts';
import { randomNumbers } from '../../support/random.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';
import {
  claimAnswerSchema,
  issueEvent,
  post,
  workerTokens,
  type HeldClaim,
} from '../../support/workers.ts';

const killsPerPoint = 10;
const cycles = killsPerPoint * workPoints.length;
const issueCount = 150;
const workerCount = 6;
const leaseMs = 60_000;
const seed = Number(process.hrtime.bigint() % 1_000_000n);

/** A call whose answer never came is made again, the same, in the next life of the service. */
interface Call {
  readonly what: 'claim' | 'heartbeat' | 'release' | 'complete';
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface Worker {
  readonly name: string;
  held: HeldClaim | undefined;
  pending: Call | undefined;
}

const codeSchema = z.object({ error: z.object({ code: z.string() }) });

test(
  `after ${cycles} kills at the steps of claims no issue has two claims, no slot is lost, and every issue goes on (seed ${seed})`,
  { timeout: 15 * 60_000 },
  async () => {
    const random = randomNumbers(seed);
    const startedAt = performance.now();
    const directory = temporaryDirectory();
    const env = { API_TOKENS: workerTokens, LEASE_SECONDS: String(leaseMs / 1_000) };
    await fill(directory, env);
    const workers = Array.from({ length: workerCount }, (_, index): Worker => {
      return { name: `worker-${index + 1}`, held: undefined, pending: undefined };
    });
    const counts = { claims: 0, refused: 0, retried: 0, kept: 0 };
    let aheadMs = 0;

    /** Takes one answer; undefined: the service died over it. */
    async function settle(url: string, worker: Worker, call: Call): Promise<boolean> {
      worker.pending = call;
      const { path, body, headers } = call;
      const answer = await post({ url }, { worker: worker.name, path, body, headers }).catch(
        () => undefined,
      );
      if (answer === undefined) return false;
      worker.pending = undefined;
      const { status, json } = answer;
      if (call.what === 'claim') {
        worker.held = claimAnswerSchema.parse(json).claim ?? undefined;
        if (worker.held !== undefined) counts.claims += 1;
      } else if (status === 409) {
        expect(codeSchema.parse(json).error.code).toBe('stale_lease');
        counts.refused += 1;
        worker.held = undefined;
      } else {
        expect(status).toBe(200);
        if (call.what !== 'heartbeat') worker.held = undefined;
      }
      return true;
    }

    async function workOn(url: string, worker: Worker): Promise<void> {
      if (worker.pending !== undefined) counts.retried += 1;
      for (;;) {
        const call = worker.pending ?? nextCall(worker, random);
        if (!(await settle(url, worker, call))) return;
      }
    }

    for (const point of shuffled(random)) {
      // An hour, so that the expired leases of one worker do not add up to too many. It goes by after the start,
      // which would give the leases a grace. The first pass is the pruning of the sweep at the start.
      const leapMs = point.endsWith('sweep') ? 3_600_000 : 0;
      const passes = point.endsWith('sweep') ? 2 : 1 + Math.floor(random() * 3);
      const ownEnd = { point, passes };
      const service = await startCrashProcess({ directory, env, ownEnd, aheadMs, leapMs });
      aheadMs += leapMs;
      const { url } = service;
      if (url !== undefined) await Promise.all(workers.map((worker) => workOn(url, worker)));
      expect(await service.exit()).toEqual({ code: null, signal: 'SIGKILL' });
      expect(service.output.stderr).toBe(`${point}\n`);
      counts.kept += await inspect(directory, workers, Date.now() + aheadMs);
    }

    const survivor = await startService({ directory, env, now: () => Date.now() + aheadMs });
    for (const worker of workers) {
      while (worker.pending !== undefined) await settle(survivor.url, worker, worker.pending);
      while (worker.held !== undefined) await settle(survivor.url, worker, release(worker.held));
    }
    const db = createDatabase(join(directory, 'coordinator.db'));
    const left = await db.selectFrom('claims').select('id').where('ended_at', 'is', null).execute();
    const violations = await audit(db, Date.now() + aheadMs, 10);
    const all = await db.selectFrom('claims').select('id').execute();
    await db.destroy();
    expect(left).toEqual([]);
    expect(violations).toEqual([]);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    const figures = `crash run of claims: seed ${seed}, ${cycles} kills in ${seconds} s, ${all.length} claims (${counts.claims} answered), ${counts.retried} calls cut off and made again, ${counts.refused} refused as stale, ${counts.kept} claims live at a kill, 0 violations`;
    onTestFinished(() => void process.stdout.write(`${figures}\n`));
  },
);

async function fill(directory: string, env: Record<string, string>): Promise<void> {
  const service = await startService({ directory, env });
  for (let number = 1; number <= issueCount; number += 1)
    await service.send(issueEvent(number, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  await service.close();
}

/** Checks the data of a killed service: the audit finds nothing, and a worker knows of every live claim. */
async function inspect(
  directory: string,
  workers: readonly Worker[],
  now: number,
): Promise<number> {
  const db = createDatabase(join(directory, 'coordinator.db'));
  const live = await db
    .selectFrom('claims')
    .select(['id', 'worker'])
    .where('ended_at', 'is', null)
    .execute();
  const violations = await audit(db, now, 10);
  await db.destroy();
  expect(violations.filter(({ code }) => code !== 'lease_not_swept')).toEqual([]);
  for (const { id, worker } of live) {
    const holder = workers.find(({ name }) => name === worker);
    const known = holder?.held?.claimId === id || holder?.pending?.what === 'claim';
    expect(known, `${worker} knows of ${id}`).toBe(true);
  }
  return live.length;
}

function nextCall({ held }: Worker, random: () => number): Call {
  const key = { 'idempotency-key': randomUUID() };
  if (held === undefined) return { what: 'claim', path: '/claims', body: {}, headers: key };
  const headers = { 'x-claim-token': held.token };
  const path = `/claims/${held.claimId}`;
  const chance = random();
  if (chance < 0.6) return { what: 'heartbeat', path: `${path}/heartbeat`, body: {}, headers };
  if (chance < 0.9) return release(held);
  const body = { commit: held.claimId.replaceAll('-', '') };
  return { what: 'complete', path: `${path}/complete`, body, headers: { ...headers, ...key } };
}

/** With a handoff, so that it is no failed attempt; without a key, as it is safe to repeat by itself. */
function release(held: HeldClaim): Call {
  const body = { reason: 'Rotated.', handoff: 'Half way.' };
  const headers = { 'x-claim-token': held.token };
  return { what: 'release', path: `/claims/${held.claimId}/release`, body, headers };
}

function shuffled(random: () => number): WorkPoint[] {
  return workPoints
    .flatMap((point) => Array.from({ length: killsPerPoint }, () => ({ point, place: random() })))
    .sort((left, right) => left.place - right.place)
    .map(({ point }) => point);
}
