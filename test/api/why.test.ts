import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { readWhy } from '../../src/api/explain.ts';
import { builtIn } from '../../src/planning/built-in-agents.ts';
import { openExisting } from '../../src/db/database.ts';
import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { startService, temporaryDirectory, type Service } from '../support/service.ts';
import { containing, including } from '../support/matching.ts';

async function tell(service: Service, changes: PayloadChanges): Promise<void> {
  const payload = issuePayload({ assignees: ['coordinator-bot'], labels: null, ...changes });
  await service.send(signedRequest(payload));
  await service.idle();
}

/** The built-in agents with glm switched on, as a file. */
function agentsWithGlm(): string {
  const agents = builtIn.agents.map((profile) =>
    profile.name === 'glm' ? { ...profile, enabled: true } : profile,
  );
  const path = join(temporaryDirectory(), 'agents.json');
  writeFileSync(path, JSON.stringify({ agents }));
  return path;
}

const body = 'Difficulty: medium\nTotal estimated: 64,350 tokens';

test('a named agent is told which rule it fails', async () => {
  const service = await startService();
  await tell(service, { number: 1, body });
  expect(await service.api('/issues/acme/orbit/1/why?agent=GLM')).toEqual({
    status: 200,
    json: {
      ref: 'acme/orbit#1',
      state: 'ready',
      reason: { code: 'ready', text: 'Nothing is in the way: sonnet can start.' },
      heldUp: null,
      assigned: 'sonnet',
      agents: [
        {
          agent: 'glm',
          chosen: false,
          fits: false,
          reason: { code: 'not_enabled', text: 'glm is not enabled.' },
          failing: [
            { code: 'not_enabled', text: 'glm is not enabled.' },
            {
              code: 'window_too_small',
              text: 'glm takes 64,000 tokens at most (half of its window of 128,000) and the issue needs 64,350.',
            },
          ],
          change: 'To make it fit: enable it, and bring the issue to at most 64,000 tokens.',
          expectedCost: 0,
        },
      ],
      note: null,
    },
  });
});

test('without a name every profile is explained, the chosen one with the reason of the plan', async () => {
  const service = await startService();
  await tell(service, { number: 1, body, labels: ['agent/opus'] });
  const plan = await service.plan('acme/orbit#1');
  const { json } = await service.api('/issues/acme/orbit/1/why');
  expect(json).toMatchObject({
    assigned: 'opus',
    agents: [
      { agent: 'opus', chosen: true, reason: plan?.assignment?.['reason'] },
      { agent: 'sonnet', chosen: false, fits: true, reason: { code: 'overridden' } },
      { agent: 'haiku', reason: { code: 'difficulty_not_trusted' } },
      { agent: 'glm' },
      { agent: 'minimax' },
    ],
  });
});

test('a changed label makes a new plan', async () => {
  const service = await startService();
  await tell(service, { number: 1, body, updatedAt: '2026-11-23T10:00:00Z' });
  expect(await service.plan('acme/orbit#1')).toMatchObject({ assignment: { agent: 'sonnet' } });
  await tell(service, {
    number: 1,
    body,
    action: 'label_updated',
    labels: ['agent:opus'],
    updatedAt: '2026-11-23T11:00:00Z',
  });
  expect(await service.plan('acme/orbit#1')).toMatchObject({
    assignment: { agent: 'opus', reason: { code: 'label_agent' } },
  });
});

test('a start with other profiles plans anew the issues that another agent would get', async () => {
  const directory = temporaryDirectory();
  const before = await startService({ directory });
  await tell(before, { number: 1, body: 'Difficulty: medium\nTotal estimated: 20k' });
  await tell(before, { number: 2, body });
  await tell(before, { number: 3, body: 'Total estimated: 20k', open: false });
  await before.close();
  const service = await startService({ directory, env: { AGENTS_FILE: agentsWithGlm() } });
  await service.idle();
  expect(await service.plan('acme/orbit#1')).toMatchObject({ assignment: { agent: 'glm' } });
  expect(await service.plan('acme/orbit#2')).toMatchObject({ assignment: { agent: 'sonnet' } });
  expect(
    service.logs.filter(
      ({ msg }) => msg === 'refreshing issues: the agents, HOLD_LABELS or the version changed',
    ),
  ).toEqual([including({ issues: 1 })]);
  await service.close();
  const again = await startService({ directory, env: { AGENTS_FILE: agentsWithGlm() } });
  await again.idle();
  expect(
    again.logs.filter(
      ({ msg }) => msg === 'refreshing issues: the agents, HOLD_LABELS or the version changed',
    ),
  ).toEqual([]);
});

test('a start with a new agent plans anew the issues whose texts ask for it, once', async () => {
  const directory = temporaryDirectory();
  const before = await startService({ directory });
  await tell(before, { number: 1, body: 'Recommended agent: FABLE\nTotal estimated: 20k' });
  await tell(before, { number: 2, body: 'Recommended agent: fable', open: false });
  await tell(before, { number: 3, body: 'Recommended agent: fable', assignees: null });
  await tell(before, { number: 4, body });
  await before.close();
  const [first] = builtIn.agents;
  const agents = [...builtIn.agents, { ...first, name: 'fable' }];
  const path = join(directory, 'agents.json');
  writeFileSync(path, JSON.stringify({ agents }));
  const restart = async () => {
    const service = await startService({ directory, env: { AGENTS_FILE: path } });
    await service.idle();
    const said = service.logs.filter(
      ({ msg }) => msg === 'refreshing issues: the agents, HOLD_LABELS or the version changed',
    );
    const plan = await service.plan('acme/orbit#1');
    await service.close();
    return { said, plan };
  };
  expect(await restart()).toMatchObject({
    said: [{ issues: 1 }],
    plan: { assignment: { agent: 'fable', reason: { code: 'declared_agent' } } },
  });
  expect(await restart()).toMatchObject({ said: [] });
});

test('a plan made with other profiles is told apart', async () => {
  const service = await startService();
  await tell(service, { number: 1, body });
  const store = {
    db: await openExisting(service.config.database),
    giteaUrl: 'https://git.example.test',
  };
  onTestFinished(() => store.db.destroy());
  const told = {
    profiles: builtIn.agents.slice(0, 1),
    readHeldUp: () => Promise.resolve(() => null),
  };
  expect(await readWhy(store, { repository: 'acme/orbit', number: 1 }, told)).toMatchObject({
    assigned: 'sonnet',
    agents: [{ agent: 'opus', chosen: true, reason: { code: 'cheapest_fit' } }],
    note: containing('other profiles'),
  });
});

test('an issue without a plan says why it has none', async () => {
  const service = await startService();
  await tell(service, { number: 1, body, assignees: null });
  expect((await service.api('/issues/acme/orbit/1/why')).json).toEqual({
    ref: 'acme/orbit#1',
    state: 'released',
    heldUp: null,
    reason: { code: 'not_assigned', text: 'Not assigned to the bot.' },
    assigned: null,
    agents: [],
    note: null,
  });
});

test('an unknown issue, an unknown agent and an unknown key are refused in plain words', async () => {
  const service = await startService();
  await tell(service, { number: 1, body });
  expect(await service.api('/issues/acme/orbit/2/why')).toEqual({
    status: 404,
    json: { error: { code: 'not_found', message: 'That issue is not known here.' } },
  });
  expect(await service.api('/issues/acme/orbit/1/why?agent=gpt')).toEqual({
    status: 404,
    json: {
      error: {
        code: 'unknown_agent',
        message:
          'There is no agent of that name; the profiles in force are opus, sonnet, haiku, glm, minimax.',
      },
    },
  });
  for (const path of ['1/why?agents=glm', '1/why?agent=a&agent=b', 'one/why'])
    expect(await service.api(`/issues/acme/orbit/${path}`)).toEqual({
      status: 400,
      json: { error: including({ code: 'invalid_request' }) },
    });
});
