import { expect, test } from 'vitest';

import { reasonText, type ChosenAgent, type ParkingReason } from '../../src/issue/reasons.ts';
import { decideState, type Blocker, type StateFacts } from '../../src/issue/state.ts';

const ready: StateFacts = {
  open: true,
  assigned: true,
  read: true,
  blockers: [],
  cycle: [],
  assignment: { agent: 'sonnet', reason: { code: 'declared_agent', params: { agent: 'sonnet' } } },
};
const tooLarge: ChosenAgent = {
  agent: null,
  reason: {
    code: 'no_agent_fits',
    params: {
      ...{ difficulty: 'medium', likely: 900_000, high: 1_170_000, enable: [], trust: [] },
      ...{ split: { parts: 2, agent: 'opus', max: 500_000, usable: 1_000_000 }, nearest: null },
    },
  },
};
const stuck: ParkingReason = {
  code: 'worker_blocked',
  params: { worker: 'worker-1', agent: 'sonnet', words: 'Stuck.' },
};

function blockers(state: Blocker['state'], count: number): Blocker[] {
  return Array.from({ length: count }, (_, index) => ({ ref: `acme/orbit#${index + 1}`, state }));
}

/** From the last rule to the first: each adds what makes an earlier rule match as well. */
const layers: [string, Partial<StateFacts>][] = [
  ['ready', {}],
  ['oversized', { assignment: tooLarge }],
  ['blocked', { blockers: blockers('open', 1) }],
  ['needs_human', { parked: stuck }],
  ['in_progress', { claim: { worker: 'worker-1', agent: 'sonnet' } }],
  ['received', { read: false }],
  ['released', { assigned: false }],
  ['done', { open: false }],
];

test('the first rule that matches decides, whatever else holds', () => {
  let facts = ready;
  for (const [state, change] of layers) {
    facts = { ...facts, ...change };
    expect(decideState(facts).state).toBe(state);
  }
});

test('an issue without an assignment is not read yet', () => {
  expect(decideState({ ...ready, assignment: undefined }).state).toBe('received');
});

test('a cycle is named before open blockers, these before hidden ones, and those before unknown ones', () => {
  const all = [...blockers('unknown', 1), ...blockers('open', 1)];
  const code = (facts: Partial<StateFacts>) => decideState({ ...ready, ...facts }).reason.code;
  expect(code({ blockers: all, cycle: ['a/b#1', 'a/b#2'] })).toBe('cycle');
  expect(code({ blockers: all, hiddenBlockers: 1 })).toBe('open_blockers');
  expect(code({ blockers: blockers('unknown', 1), hiddenBlockers: 1 })).toBe('hidden_blocker');
  expect(code({ hiddenBlockers: 0 })).toBe('ready');
  expect(code({ blockers: blockers('unknown', 1) })).toBe('unknown_blockers');
  expect(code({ blockers: blockers('closed', 3) })).toBe('ready');
});

test('every state comes with a sentence', () => {
  const sentence = (facts: Partial<StateFacts>) => {
    const { state, reason } = decideState({ ...ready, ...facts });
    return `${state} (${reason.code}): ${reasonText(reason)}`;
  };
  expect([
    sentence({}),
    sentence({ open: false }),
    sentence({ assigned: false }),
    sentence({ read: false }),
    sentence({ assignment: tooLarge }),
    sentence({ blockers: blockers('open', 1) }),
    sentence({ blockers: blockers('open', 2) }),
    sentence({ blockers: blockers('open', 5) }),
    sentence({ blockers: blockers('open', 8) }),
    sentence({ blockers: blockers('unknown', 1) }),
    sentence({ blockers: blockers('unknown', 7) }),
    sentence({ hiddenBlockers: 1 }),
    sentence({ hiddenBlockers: 3 }),
    sentence({ cycle: ['a/b#1', 'a/b#2', 'c/d#3'] }),
  ]).toMatchInlineSnapshot(`
    [
      "ready (ready): Nothing is in the way: sonnet can start.",
      "done (closed): Closed on Gitea.",
      "released (not_assigned): Not assigned to the bot.",
      "received (not_read): Assigned to the bot, not read yet.",
      "oversized (no_agent_fits): No enabled agent takes 900,000 tokens at medium difficulty: split it into 2 (at most 500,000 tokens fit opus).",
      "blocked (open_blockers): Waits for acme/orbit#1, which is open.",
      "blocked (open_blockers): Waits for acme/orbit#1 and acme/orbit#2, which are open.",
      "blocked (open_blockers): Waits for acme/orbit#1, acme/orbit#2, acme/orbit#3, acme/orbit#4 and acme/orbit#5, which are open.",
      "blocked (open_blockers): Waits for acme/orbit#1, acme/orbit#2, acme/orbit#3, acme/orbit#4, acme/orbit#5 and 3 more, which are open.",
      "blocked (unknown_blockers): Waits for acme/orbit#1, of which nothing is known yet: if the number is wrong, correct it or remove the dependency.",
      "blocked (unknown_blockers): Waits for acme/orbit#1, acme/orbit#2, acme/orbit#3, acme/orbit#4, acme/orbit#5 and 2 more, of which nothing is known yet: if the number is wrong, correct it or remove the dependency.",
      "blocked (hidden_blocker): Waits for an issue, set on Gitea, that the bot may not read: give the bot read access to its repository, or remove the dependency.",
      "blocked (hidden_blocker): Waits for 3 issues, set on Gitea, that the bot may not read: give the bot read access to their repositories, or remove the dependencies.",
      "blocked (cycle): Waits for itself in a cycle: a/b#1 → a/b#2 → c/d#3 → a/b#1.",
    ]
  `);
});

test('a long cycle is named by its first members and a number', () => {
  const cycle = Array.from({ length: 1_000 }, (_, index) => `a/b#${index + 1}`);
  expect(reasonText(decideState({ ...ready, cycle }).reason)).toBe(
    'Waits for itself in a cycle: a/b#1 → a/b#2 → a/b#3 → a/b#4 → a/b#5 → 995 more → a/b#1.',
  );
});

test('an issue beside the cycle of its tangle says so', () => {
  const cycle = ['a/b#1', 'a/b#2'];
  expect(reasonText(decideState({ ...ready, cycle, besideCycle: true }).reason)).toBe(
    'Waits in a tangle of issues that wait for each other, such as a/b#1 → a/b#2 → a/b#1.',
  );
});
