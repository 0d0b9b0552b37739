import { expect, test } from 'vitest';

import { handleIssue } from '../../src/handling/handle-issue.ts';
import type { HandlingDeps } from '../../src/handling/handle-issue.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import type { IssueEvent } from '../../src/issue/event.ts';
import { advance } from '../../src/issue/facts.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import type { IssueText } from '../../src/issue/reading.ts';

const key = { repositoryId: 2, number: 5 };
const { signal } = new AbortController();

/** What is to be stored after a round of events. */
async function updateAfter(events: readonly IssueEvent[], deps: HandlingDeps) {
  const { update } = await handleIssue(key, events, deps, signal);
  return update;
}

function event(
  more: Partial<IssueEvent['issue']>,
  kind: IssueEvent['kind'] = 'edited',
): IssueEvent {
  const issue = {
    ...key,
    repository: 'acme/orbit',
    title: 'Title',
    body: 'Total estimated: 20k',
    bodyCut: false,
    open: true,
    assignees: ['bot'],
    labels: [],
    updatedAt: 10_000,
    ...more,
  };
  return { kind, issue };
}

/** Deps that know what `known` told, and write down what they were asked to read. */
function worldWhere(known: readonly IssueEvent[], bot: string | undefined = 'bot') {
  const texts: IssueText[] = [];
  const [first, ...rest] = known;
  const facts = first && rest.reduce(advance, advance(undefined, first));
  const deps: HandlingDeps = {
    findFacts: () => Promise.resolve(facts),
    read: (text) => {
      texts.push(text);
      return Promise.resolve(readOffline(text, []));
    },
    agents: builtInAgents,
    bot: () => Promise.resolve(bot),
    giteaState: undefined,
  };
  return { deps, texts };
}

const closed = { open: false, updatedAt: 20_000 };
const free = { assignees: [], updatedAt: 20_000 };

test.each<[string, IssueEvent[], IssueEvent[], { assigned: boolean; planned: boolean }]>([
  ['is assigned to the bot', [], [event({}, 'assigned')], { assigned: true, planned: true }],
  ['is opened already assigned', [], [event({}, 'opened')], { assigned: true, planned: true }],
  [
    'is opened after its assignment was told',
    [event({}, 'assigned')],
    [event({}, 'opened')],
    { assigned: true, planned: true },
  ],
  [
    'is opened for nobody',
    [],
    [event({ assignees: [] }, 'opened')],
    { assigned: false, planned: false },
  ],
  [
    'is assigned to somebody else',
    [],
    [event({ assignees: ['ann'] }, 'assigned')],
    { assigned: false, planned: false },
  ],
  [
    'is assigned to the bot among others',
    [],
    [event({ assignees: ['ann', 'BOT'] })],
    { assigned: true, planned: true },
  ],
  [
    'is taken from the bot',
    [event({})],
    [event(free, 'unassigned')],
    { assigned: false, planned: false },
  ],
  ['is closed', [event({})], [event(closed, 'closed')], { assigned: true, planned: true }],
  [
    "is closed and was never the bot's",
    [],
    [event({ ...closed, assignees: [] }, 'closed')],
    { assigned: false, planned: false },
  ],
  [
    'is reopened',
    [event(closed, 'closed')],
    [event({ updatedAt: 30_000 }, 'reopened')],
    { assigned: true, planned: true },
  ],
  ['is deleted', [event({})], [event({}, 'deleted')], { assigned: false, planned: false }],
  [
    'is closed, and a late assignment arrives',
    [event(closed, 'closed')],
    [event({}, 'assigned')],
    { assigned: true, planned: true },
  ],
  [
    'is commented on',
    [event({})],
    [event({ updatedAt: 20_000 }, 'commented')],
    { assigned: true, planned: true },
  ],
  [
    'is relabelled',
    [event({})],
    [event({ labels: null, updatedAt: 20_000 }, 'labelled')],
    { assigned: true, planned: true },
  ],
])('an issue that %s', async (_name, known, events, { assigned, planned }) => {
  const { deps, texts } = worldWhere(known);
  const update = await updateAfter(events, deps);
  expect(update.assigned).toBe(assigned);
  expect(update.plan !== undefined).toBe(planned);
  expect(texts).toHaveLength(planned ? 1 : 0);
});

test('without a configured bot any assignee counts', async () => {
  const { deps } = worldWhere([], undefined);
  const anybody = { ...deps, bot: () => Promise.resolve(undefined) };
  const handle = (assignees: string[]) => updateAfter([event({ assignees })], anybody);
  expect((await handle(['ann'])).assigned).toBe(true);
  expect((await handle([])).assigned).toBe(false);
});

test('events that wait together are one round: the newest snapshot decides, and is read once', async () => {
  const { deps, texts } = worldWhere([event({ title: 'First' })]);
  const events = [
    event({ title: 'Third', updatedAt: 30_000 }),
    event({ title: 'Second', updatedAt: 20_000, body: '' }),
  ];
  const update = await updateAfter(events, deps);
  expect(update.facts.title).toBe('Third');
  expect(texts.map(({ title }) => title)).toEqual(['Third']);
});

test('a late event leaves what is known, and tells only the name of its repository', async () => {
  const { deps } = worldWhere([event({ updatedAt: 50_000, repository: 'acme/nova' })]);
  const update = await updateAfter([event({ title: 'Late' })], deps);
  expect(update.facts).toMatchObject({ title: 'Title', repository: 'acme/nova' });
  expect(update.names).toEqual([{ repository: 'acme/orbit', updatedAt: 10_000 }]);
});

test('of a deleted issue only the fact is kept, and late events revive nothing', async () => {
  const { deps } = worldWhere([event({}, 'deleted')]);
  const update = await updateAfter([event({ updatedAt: 99_000 }, 'edited')], deps);
  expect(update).toMatchObject({ assigned: false, plan: undefined });
  expect(update.facts).toMatchObject({
    deleted: true,
    title: '',
    body: '',
    assignees: [],
    labels: [],
  });
});

test('what is planned follows from the text', async () => {
  const { deps } = worldWhere([]);
  const { plan } = await updateAfter([event({ body: 'Total estimated: 900k' })], deps);
  expect(plan?.estimate.likely).toBe(900_000);
  expect(plan?.assignment.agent).toBeNull();
});

test('twice gives the same', async () => {
  const once = await updateAfter([event({})], worldWhere([]).deps);
  const again = await updateAfter([event({})], worldWhere([event({})]).deps);
  expect(again).toEqual(once);
});

test('a reader that fails fails the round, so that it is tried again', async () => {
  const { deps } = worldWhere([]);
  const failing = { ...deps, read: () => Promise.reject(new Error('no answer')) };
  await expect(handleIssue(key, [event({})], failing, signal)).rejects.toThrow('no answer');
});

test('a round without events is a mistake of the caller', async () => {
  await expect(handleIssue(key, [], worldWhere([]).deps, signal)).rejects.toThrow(RangeError);
});
