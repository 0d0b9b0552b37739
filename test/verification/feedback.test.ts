import { expect, test } from 'vitest';

import { feedbackHandoff, isFeedback } from '../../src/verification/feedback.ts';

const feedback = { pull: 15, branch: 'agent/one', why: 'changes_requested', checks: [] } as const;

function handed(texts: readonly string[], before: string | null = null): unknown {
  const remarks = texts.map((text) => ({ author: 'maria', path: 'a.ts', line: 3, text }));
  return JSON.parse(feedbackHandoff({ ...feedback, remarks }, before));
}

test('remarks are marked as words of people, bounded, and the rest is counted', () => {
  const few = handed(['Off by\u202e one.']);
  expect(few).toMatchObject({
    ...{ kind: 'review', why: 'changes_requested', pullRequest: 15, branch: 'agent/one' },
    remarks: [{ author: 'maria', path: 'a.ts', line: 3, text: 'Off by one.' }],
  });
  expect(few).not.toHaveProperty('leftOut');
  const many = handed(Array.from({ length: 20 }, () => 'x'.repeat(5_000)));
  expect(JSON.stringify(many).length).toBeLessThan(9_000);
  expect(many).toHaveProperty('leftOut', 17);
});

test('red checks are named, bounded, and the rest is counted', () => {
  const check = { context: 'ci/other', state: 'failure', description: 'Two\nfailed.', url: '/x' };
  const hand = (checks: readonly (typeof check)[]): unknown =>
    JSON.parse(feedbackHandoff({ ...feedback, why: 'checks_failed', remarks: [], checks }, null));
  expect(hand([check, { ...check, description: '', url: `/${'x'.repeat(400)}` }])).toMatchObject({
    ...{ kind: 'review', why: 'checks_failed' },
    checks: [
      { context: 'ci/other', state: 'failure', description: 'Two failed.', url: '/x' },
      { context: 'ci/other', state: 'failure' },
    ],
  });
  const many = Array.from({ length: 200 }, () => ({ ...check, description: 'x'.repeat(900) }));
  expect(JSON.stringify(hand(many)).length).toBeLessThan(5_000);
  expect(hand(many)).toHaveProperty('leftOut', 190);
});

test('what the agent had left stays below them, over any number of rounds', () => {
  const first = handed(['One.'], '"Read b.ts."');
  expect(first).toHaveProperty('handoff', 'Read b.ts.');
  const second = handed(['Two.'], JSON.stringify(first));
  expect(second).toMatchObject({ remarks: [{ text: 'Two.' }], handoff: 'Read b.ts.' });
  expect(isFeedback(second)).toBe(true);
  expect(isFeedback('review')).toBe(false);
  expect(isFeedback({ kind: 'plan' })).toBe(false);
});
