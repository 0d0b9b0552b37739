import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { temporaryDirectory } from '../support/service.ts';
import { codeOf, leaseSeconds, startWork } from '../support/work.ts';
import { call, claim, type HeldClaim } from '../support/workers.ts';

const budget = { issue: { tokens: 1_000_000 }, day: { usd: 10 } };
const planSchema = z.looseObject({ spent: z.unknown(), warnings: z.array(z.unknown()) });

/** Sonnet may spend a million tokens on an issue, and ten dollars a day. */
async function startBudget() {
  const directory = temporaryDirectory();
  const file = join(directory, 'agents.json');
  const agents = builtInAgents.map((agent) =>
    agent.name === 'sonnet' ? { ...agent, budget } : agent,
  );
  writeFileSync(file, JSON.stringify({ agents }));
  const service = await startWork({ directory, env: { AGENTS_FILE: file } });
  const say = (held: HeldClaim, spent: unknown, what = 'heartbeat', more = {}) =>
    call(service, 'worker-1', { held, what, body: { spent, ...more } });
  async function shown(number: number) {
    const { json } = await service.api(`/issues/acme/orbit/${number}`);
    return planSchema.parse(json);
  }
  async function spending() {
    const { json } = await service.api('/queue');
    return z.looseObject({ spending: z.array(z.unknown()) }).parse(json).spending;
  }
  return { ...service, say, shown, spending };
}

test('an issue may cost so much: a warning, then a person; a resume gives it the budget once more', async () => {
  const { say, shown, tell, held, stateOf, api } = await startBudget();
  await tell(1);
  const first = await held('worker-1');
  expect(await say(first, { tokens: 500_000, costUsd: 0.5 })).toMatchObject({ status: 200 });
  // Overtaken by the one before.
  expect(await say(first, { tokens: 400_000, costUsd: 0.4 })).toMatchObject({ status: 200 });
  expect(codeOf(await say(first, { tokens: -1 }))).toBe('422 spent_invalid');
  expect((await shown(1)).warnings).toEqual([]);
  const handoff = 'Half way.';
  expect(await say(first, { tokens: 600_000 }, 'rotate', { handoff })).toMatchObject({
    json: { rotations: 1 },
  });
  await say(first, { tokens: 700_000 }, 'release', { reason: 'Full.', handoff });
  const second = await held('worker-1');
  await say(second, { tokens: 100_000 });
  expect(await shown(1)).toMatchObject({
    spent: { tokens: 800_000, usd: 0.5377, estimated: true },
    claim: { spent: { tokens: 100_000, usd: 0.0377, estimated: true } },
    pastClaims: [{ spent: { tokens: 700_000, usd: 0.5, estimated: false } }],
    warnings: [
      {
        code: 'budget_nearly_used',
        text: '80 % of the 1,000,000 tokens that sonnet may spend on this issue is spent: after that a person is asked.',
      },
    ],
  });
  expect(codeOf(await say(second, { tokens: 300_000 }))).toBe('409 withdrawn');
  expect(await stateOf(1)).toBe('needs_human issue_budget');
  expect(await shown(1)).toMatchObject({
    reason: {
      text: 'worker-1, working as sonnet, has used up the budget of the issue: 1,000,000 tokens of 1,000,000 tokens. Raise the budget, change the issue, or resume it.',
    },
    warnings: [],
  });
  const body = JSON.stringify({ issue: 'acme/orbit#1' });
  const headers = { 'content-type': 'application/json' };
  await api('/resume', { method: 'POST', body, headers });
  expect(await say(await held('worker-1'), { tokens: 10 })).toMatchObject({ status: 200 });
  expect((await shown(1)).spent).toMatchObject({ tokens: 1_000_010 });
});

test('a day may cost so much: then nothing is handed out until the next day, and live claims go on', async () => {
  const { say, spending, tell, held, clock, logs, ...service } = await startBudget();
  await tell(1);
  await tell(2);
  const mine = await held('worker-1');
  const day = '2026-11-23';
  await say(mine, { costUsd: 8 });
  const spent = { tokens: 0, usd: 8 };
  const cap = { tokens: null, usd: 10 };
  expect(await spending()).toEqual([
    { agent: 'sonnet', day, spent, budget: cap, state: 'nearly_used' },
  ]);
  await say(mine, { costUsd: 11 });
  expect(await claim(service, 'worker-2')).toMatchObject({
    claim: null,
    waiting: { day_budget: 1 },
  });
  expect(logs.filter(({ msg }) => msg?.startsWith('the budget of the day'))).toHaveLength(2);
  expect(await say(mine, { costUsd: 12 })).toMatchObject({ status: 200 });
  clock.advance(Date.parse('2026-11-24T00:00:00Z') - clock.now());
  expect(await held('worker-2')).toMatchObject({ issue: 'acme/orbit#2' });
  expect(await spending()).toEqual([
    {
      agent: 'sonnet',
      day: '2026-11-24',
      spent: { tokens: 0, usd: 0 },
      budget: cap,
      state: 'open',
    },
  ]);
});

test.each(['heartbeat', 'rotate', 'release', 'block', 'complete'])(
  'what a claim has cost is counted when %s says so after its end, once',
  async (what) => {
    const { say, shown, spending, tell, held, clock, ...service } = await startBudget();
    await tell(1);
    const mine = await held('worker-1');
    await say(mine, { tokens: 100_000, costUsd: 1 });
    clock.advance(leaseSeconds * 1_000);
    await expect.poll(() => service.stateOf(1), { timeout: 10_000 }).toBe('ready ready');
    const bodies: Readonly<Record<string, object>> = {
      ...{ rotate: { handoff: 'Full.' }, complete: { commit: '3f2c1ab' } },
      ...{ release: { reason: 'Late.' }, block: { reason: 'Late.' } },
    };
    const last = { tokens: 900_000, costUsd: 9 };
    // Again, because its answer was lost; the one before, which arrives last; and somebody without the token.
    for (const spent of [last, last, { tokens: 500_000, costUsd: 5 }])
      expect(codeOf(await say(mine, spent, what, bodies[what]))).toBe('409 stale_lease');
    const forged = await say({ ...mine, token: 'wrong' }, { costUsd: 99 }, what, bodies[what]);
    expect(codeOf(forged)).toBe('403 claim_token_invalid');
    expect(await shown(1)).toMatchObject({
      spent: { tokens: 900_000, usd: 9 },
      pastClaims: [{ spent: { tokens: 900_000, usd: 9 } }],
      warnings: [{ code: 'budget_nearly_used' }],
    });
    expect(await spending()).toMatchObject([{ spent: { tokens: 900_000, usd: 9 } }]);
    // The budget of the issue is used up with the next claim.
    const next = await held('worker-2');
    const more = { held: next, what: 'heartbeat', body: { spent: { tokens: 100_000 } } };
    expect(codeOf(await call(service, 'worker-2', more))).toBe('409 withdrawn');
    // What comes more than a day late is not counted.
    clock.advance(86_400_001);
    await say(mine, { tokens: 5_000_000, costUsd: 50 }, what, bodies[what]);
    expect(await shown(1)).toMatchObject({ spent: { tokens: 1_000_000 } });
  },
);
