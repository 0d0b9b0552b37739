import { expect, test } from 'vitest';

import { verdict } from '../../../../src/issue/verification.ts';
import { createVerifier } from '../../../../src/cli/demo/world/verifier.ts';
import { createOutcomes } from '../../../../src/cli/demo/world/verdict/outcomes.ts';
import { verdictOf } from '../../../../src/cli/demo/world/verdict/verdict.ts';
import { loadedDice, scriptedApi } from './played.ts';

const commit = 'a'.repeat(40);
const job = {
  ...{ verificationId: 'v1', token: 't', leaseExpiresAt: '', issue: 'acme/charts#3' },
  ...{ repository: 'acme/charts', repositoryId: 1, commit, branch: null, baseBranch: 'main' },
  attempt: 1,
};
const run = {
  ...{ ref: 'acme/charts#3', base: 'b'.repeat(40), commit, isGood: false, isRepeated: false },
  ...{ startedAt: 1_000_000, endedAt: 1_120_000 },
};

function start({ isAway = false, heartbeat = 200, hasJob = true } = {}) {
  const outcomes = createOutcomes();
  let now = 0;
  const { api, posts, paths } = scriptedApi((path) => {
    if (path === '/verifications/take') return { json: { job: hasJob ? job : null } };
    return path.endsWith('/heartbeat') ? { status: heartbeat } : undefined;
  });
  const verifier = createVerifier({
    ...{ api, outcomes, dice: loadedDice({ chance: () => isAway }) },
    ...{ now: () => (now += 60_000), pace: () => 1 },
  });
  return { verifier, outcomes, posts, paths };
}

test('a verifier takes its time, keeps its lease, and says what was planned', async () => {
  const { verifier, outcomes, posts, paths } = start();
  outcomes.plan(commit, { base: 'b'.repeat(40), temper: 'careful', round: 0 });
  for (let done = 0; done < 3; done += 1) {
    await verifier.step();
    await verifier.beat();
  }
  expect(paths()).toEqual([
    ...['/verifications/take', '/verifications/v1/heartbeat'],
    ...['/verifications/v1/heartbeat', '/verifications/v1/verdict'],
  ]);
  expect(verdict.parse(posts.at(-1)?.body)).toMatchObject({
    ...{ outcome: 'failed', base: 'b'.repeat(40) },
    durations: { fetchMs: 1_800, mergeMs: 300, gatesMs: 57_900 },
  });
});

test('of a commit that nobody planned it finds nothing bad', async () => {
  const { verifier, posts } = start();
  for (let done = 0; done < 3; done += 1) await verifier.step();
  expect(verdict.parse(posts.at(-1)?.body)).toMatchObject({ outcome: 'passed' });
});

test('a network that is away is nobody’s fault', async () => {
  const { verifier, posts } = start({ isAway: true });
  for (let done = 0; done < 3; done += 1) await verifier.step();
  expect(verdict.parse(posts.at(-1)?.body)).toMatchObject({ outcome: 'error' });
});

test('without a job, and after a lost lease, it asks for one', async () => {
  const idle = start({ hasJob: false });
  for (let done = 0; done < 2; done += 1) await idle.verifier.step();
  await idle.verifier.beat();
  expect(idle.paths()).toEqual(['/verifications/take', '/verifications/take']);
  const lost = start({ heartbeat: 409 });
  await lost.verifier.step();
  await lost.verifier.beat();
  await lost.verifier.step();
  expect(lost.paths().at(-1)).toBe('/verifications/take');
});

test('careful work passes in the second round, stubborn work never', () => {
  const outcomes = createOutcomes();
  const isGood = (temper: 'smooth' | 'careful' | 'stubborn', round: number) => {
    outcomes.plan(commit, { base: commit, temper, round });
    return outcomes.of(commit)?.isGood;
  };
  expect([isGood('smooth', 0), isGood('careful', 0), isGood('careful', 1)]).toEqual([
    ...[true, false, true],
  ]);
  expect(isGood('stubborn', 5)).toBe(false);
  for (let number = 0; number < 500; number += 1)
    outcomes.plan(`other ${number}`, { base: commit, temper: 'smooth', round: 0 });
  expect(outcomes.of(commit)).toBeUndefined();
});

test('a verdict is made of real hashes, files of its repository, and times that fit', () => {
  const found = verdict.parse(verdictOf(run));
  expect(found.outcome).toBe('failed');
  expect(found.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(found.findings).toMatch(/^(?:src|test)\/(?:contours|wrecks)\S*:\d+ /);
  const took = found.gates.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const { fetchMs, mergeMs, gatesMs } = found.durations;
  expect(took).toBeLessThanOrEqual(gatesMs);
  expect(took).toBeGreaterThan(gatesMs * 0.99);
  expect(fetchMs + mergeMs + gatesMs).toBe(120_000);
  expect(found.report).toMatchObject({ startedAt: '1970-01-01T00:16:44.200Z', commit });
  expect(JSON.stringify(found)).not.toMatch(/c0ffee|d{40}|f{40}/);
});

test('other commits and repositories have other findings, a stubborn agent the same again', () => {
  const of = (more: Partial<typeof run>) => verdictOf({ ...run, ...more });
  const commits = Array.from({ length: 12 }, (_, index) => index.toString(16).repeat(40));
  const seen = new Set(commits.map((one) => of({ commit: one }).findings));
  expect(seen.size).toBeGreaterThan(3);
  expect(of({ ref: 'acme/beacon#3' }).findings).not.toBe(of({}).findings);
  expect(of({ ref: 'acme/harbor#3' }).findings).not.toBe(of({}).findings);
  const again = commits.map((one) => of({ commit: one, isRepeated: true }));
  expect(new Set(again.map(({ tree, fingerprint }) => `${tree} ${fingerprint}`)).size).toBe(1);
});
