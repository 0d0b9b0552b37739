import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { codeOf, startWork } from '../support/work.ts';
import { commits, failed, hash, startVerifying } from '../support/verifying.ts';
import { call, post, type HeldClaim } from '../support/workers.ts';

/** Bodies of the hooks of Claude Code 2.1.332, as it sent them. */
const recorded = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .parse(
    JSON.parse(
      readFileSync(
        new URL('../fixtures/vectors/claude-code-hook-bodies.json', import.meta.url),
        'utf8',
      ),
    ),
  );

function hooksOf(service: Parameters<typeof post>[0], held: Pick<HeldClaim, 'claimId' | 'token'>) {
  const headers = { 'x-claim-id': held.claimId, 'x-claim-token': held.token };
  return (event: string, more: Record<string, unknown> = {}) =>
    post(service, {
      ...{ worker: 'worker-1', path: '/hooks/claude-code', headers },
      body: { ...recorded[event], ...more },
    });
}

const silent = { status: 200, json: {} };

test('an agent that wants to stop is given new findings, three times at most', async () => {
  const { gitea, service, mine, take, report, complete } = await startVerifying();
  // A commit whose verdict is known is not proved again.
  const stored = gitea.repositories.get(2)?.commits;
  const work = ['5', '6', '7', '8'].map(hash);
  for (const commit of work)
    stored?.set(commit, { parents: [commits.first], files: [`src/${commit}.ts`] });
  const hook = hooksOf(service, mine);
  expect(await hook('Stop')).toEqual(silent);
  async function fail(fingerprint: string, commit: string) {
    await complete(mine, commit);
    expect(await hook('Stop')).toEqual(silent);
    // Its commit is being verified: the end of the session takes nothing back.
    expect(await hook('SessionEnd')).toEqual(silent);
    const job = await take();
    if (job === null) throw new Error('no job');
    await report(job, { ...failed, fingerprint });
  }
  for (const [round, commit] of work.slice(0, 3).entries()) {
    await fail(`f${round}`, commit);
    expect(await hook('Stop (background task runs)')).toEqual(silent);
    expect(await hook('Stop', { agent_id: 'a7ebe5715a950fb06' })).toEqual(silent);
    expect(await hook('Stop (after a block)')).toEqual({
      status: 200,
      json: {
        decision: 'block',
        reason: `The gates failed on ${commit.slice(0, 10)}. Fix the findings, commit, push, and complete the claim again.\n\ntest: src/b.ts:1 expected 1 to be 2`,
      },
    });
    expect(await hook('Stop')).toEqual(silent);
  }
  await fail('f3', work[3] ?? '');
  expect(await hook('Stop')).toEqual(silent);
  expect(codeOf(await hooksOf(service, { ...mine, token: 'x' })('Stop'))).toBe(
    '403 claim_token_invalid',
  );
});

test('a limit and the end of a session give the issue back; compaction arms the bands', async () => {
  const service = await startWork();
  const { clock, tell, held, stateOf, api } = service;
  await tell(1);
  const first = await held('worker-1');
  const hook = hooksOf(service, first);
  const beat = (contextUsed: number) =>
    call(service, 'worker-1', { held: first, what: 'heartbeat', body: { contextUsed } });
  expect(await beat(960_000)).toMatchObject({ json: { context: { crossed: true } } });
  expect(await beat(961_000)).toMatchObject({ json: { context: { crossed: false } } });
  expect(await hook('PreCompact')).toEqual(silent);
  expect(await beat(962_000)).toMatchObject({ json: { context: { crossed: true } } });
  for (const event of ['UserPromptSubmit', 'PostToolUse', 'PostCompact', 'SubagentStop'])
    expect(await hook(event)).toEqual(silent);
  expect(await hook('StopFailure', { error: 'authentication_failed' })).toEqual(silent);
  expect(await hook('SessionEnd', { reason: 'clear' })).toEqual(silent);
  expect(await stateOf(1)).toBe('in_progress claimed');
  expect(await hook('StopFailure')).toEqual(silent);
  expect(await stateOf(1)).toBe('ready ready');
  expect((await api('/pauses')).json).toMatchObject({
    items: [{ until: '2026-11-23T13:40:00.000Z' }, {}, {}],
  });
  // The claim has ended already.
  expect(await hook('SessionEnd')).toEqual(silent);
  clock.advance(6_000_000);
  const second = await held('worker-1');
  expect(await hooksOf(service, second)('SessionEnd')).toEqual(silent);
  expect(await stateOf(1)).toBe('ready ready');
});
