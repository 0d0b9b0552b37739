import { expect, test } from 'vitest';

import type { PlanEdge } from '../../../src/issue/plan.ts';
import { proposalOf, removalLine } from '../../../src/issue/proposals.ts';
import { commentText } from '../../../src/publish/comment/comment.ts';
import { readOffline } from '../../../src/reading/offline-reading.ts';
import { findMentions } from '../../support/mentions.ts';
import { planOf } from './ready-plan.ts';

const agents = ['haiku', 'sonnet', 'opus'];
const setting = {
  ...{ giteaUrl: 'https://git.example.test', author: 'bot', bot: 'bot', agents },
  holdLabels: ['blocked'],
  visibleRepositories: new Set(['acme/orbit', 'acme/lib']),
};

/** What an author reads in a comment as words to type. */
function wordsIn(told: string): string[] {
  return [...told.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words);
}

function read(body: string) {
  const issue = { repository: 'acme/orbit', number: 42, title: 'Persist', bodyCut: false };
  return readOffline({ ...issue, body }, agents);
}

test('the words that a comment gives do what it says when they are typed into the text', () => {
  const words = wordsIn(commentText(planOf(), setting));
  const only = (start: string) => words.filter((each) => each.startsWith(start));
  expect(only('Recommended agent').map((line) => read(line).assignedAgent.value)).toEqual([
    'haiku',
  ]);
  expect(only('Difficulty').map((line) => read(line).difficulty.value)).toEqual([
    'low',
    'medium',
    'high',
  ]);
  expect(only('Total').map((line) => read(line).estimatedContext)).toMatchObject([
    { value: 50_000, source: 'declared' },
  ]);
  expect(only('agent:')).toEqual(agents.map((name) => `agent:${name}`));
  const [blocked = ''] = only('Blocked by');
  expect(read(blocked.replace('NUMBER', '7')).dependencies).toMatchObject([
    { direction: 'blocked_by', number: 7 },
  ]);
});

test.each(['acme/orbit#12', 'acme/lib#3'])(
  'the words that %s is said to wait by are words of a dependency',
  (ref) => {
    const blockedBy: PlanEdge[] = [{ ref, state: 'open', source: 'declared', evidence: '' }];
    const reason = { code: 'open_blockers', params: { refs: [ref], more: 0 } } as const;
    const words = wordsIn(commentText(planOf({ state: 'blocked', reason, blockedBy }), setting));
    const here = words.find((each) => /^Blocked by .*\d$/.test(each)) ?? '';
    expect(read(here).dependencies).toMatchObject([
      { direction: 'blocked_by', number: Number(ref.split('#')[1]) },
    ]);
    const there = words.find((each) => each.startsWith('Blocks')) ?? '';
    const [repository = '', number = ''] = ref.split('#');
    const other = { repository, number: Number(number), title: 'Other', bodyCut: false };
    expect(readOffline({ ...other, body: there }, agents).dependencies).toMatchObject([
      { direction: 'blocks', number: 42 },
    ]);
  },
);

test.each(['acme/orbit#12', 'acme/lib#3'])(
  'the line that ends a dependency of Claude on %s is a denial, and the ones that confirm are dependencies',
  (ref) => {
    const own = 'acme/orbit#42';
    const number = Number(ref.split('#')[1]);
    const mentions = findMentions({
      ...{ repository: 'acme/orbit', number: 42, title: 'Persist', bodyCut: false },
      body: removalLine(own, ref),
    });
    expect(mentions).toMatchObject([{ number, verdict: { kind: 'ruled_out', reason: 'negated' } }]);
    for (const direction of ['blocked_by', 'blocks'] as const) {
      const given = { ref, direction, standing: 'disputed', evidence: '', readIn: own } as const;
      const { confirm } = proposalOf(own, given);
      expect(confirm.issue).toBe(own);
      expect(read(confirm.line).dependencies).toMatchObject([{ direction, number }]);
    }
  },
);
