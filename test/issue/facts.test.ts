import fc from 'fast-check';
import { expect, test } from 'vitest';

import { eventKinds, issueEventSchema, type IssueEvent } from '../../src/issue/event.ts';
import { advance, isAssigned, labelsUncertain, type IssueFacts } from '../../src/issue/facts.ts';

function event(
  more: Partial<IssueEvent['issue']>,
  kind: IssueEvent['kind'] = 'edited',
): IssueEvent {
  const issue = {
    repositoryId: 2,
    repository: 'acme/orbit',
    number: 5,
    title: 'Title',
    body: 'Body',
    bodyCut: false,
    open: true,
    assignees: [],
    labels: [],
    updatedAt: 10_000,
    ...more,
  };
  return { kind, issue };
}

function fold(events: readonly IssueEvent[]): IssueFacts | undefined {
  return events.reduce<IssueFacts | undefined>(advance, undefined);
}

test('the newest snapshot decides, whenever it arrives', () => {
  const older = event({ updatedAt: 1_000, title: 'Old' });
  const newer = event({ updatedAt: 2_000, title: 'New', open: false });
  expect(fold([newer, older])).toMatchObject({ title: 'New', open: false, updatedAt: 2_000 });
  expect(fold([older, newer])).toEqual(fold([newer, older]));
});

test('snapshots of the same second apply in the order they arrive', () => {
  const first = event({ title: 'First', labels: ['a'] });
  const second = event({ title: 'Second', labels: ['b'] });
  expect(fold([first, second])).toMatchObject({ title: 'Second', labels: ['b'] });
  expect(fold([second, first])).toMatchObject({ title: 'First', labels: ['a'] });
});

test('deletion is final, even when its snapshot is the older one', () => {
  const gone = event({ updatedAt: 1_000 }, 'deleted');
  const later = event({ updatedAt: 2_000, title: 'Still here?' });
  for (const order of [
    [gone, later],
    [later, gone],
  ])
    expect(fold(order)).toMatchObject({ deleted: true, title: 'Still here?' });
});

test('labels that cannot be trusted leave the known ones, and the doubt is known', () => {
  const told = event({ updatedAt: 1_000, labels: ['bug'] });
  const lying = event({ updatedAt: 2_000, labels: null, title: 'Newer' }, 'labelled');
  const facts = advance(advance(undefined, told), lying);
  expect(facts).toMatchObject({ title: 'Newer', labels: ['bug'] });
  expect(labelsUncertain(facts)).toBe(true);
  const cleared = advance(facts, event({ updatedAt: 3_000, labels: [] }, 'labelled'));
  expect(cleared.labels).toEqual([]);
  expect(labelsUncertain(cleared)).toBe(false);
});

test('an issue first heard of by a label event that lies has no labels until one tells', () => {
  const facts = advance(undefined, event({ updatedAt: 0, labels: null }, 'labelled'));
  expect(facts.labels).toEqual([]);
  expect(labelsUncertain(facts)).toBe(true);
  expect(advance(facts, event({ updatedAt: 0, labels: ['a'] })).labels).toEqual(['a']);
});

const history = fc
  .uniqueArray(
    fc.record({
      updatedAt: fc.integer({ min: 0, max: 50 }).map((second) => second * 1_000),
      title: fc.string({ maxLength: 3 }),
      open: fc.boolean(),
      repository: fc.constantFrom('acme/orbit', 'acme/nova'),
      assignees: fc.subarray(['bot', 'ann']),
      labels: fc.option(fc.subarray(['a', 'b']), { nil: null }),
      kind: fc.constantFrom(...eventKinds),
    }),
    { minLength: 1, maxLength: 10, selector: ({ updatedAt }) => updatedAt },
  )
  .map((list) => list.map(({ kind, ...issue }) => event(issue, kind)));

test('any order and any repetition of a history ends in the same facts', () => {
  const disordered = history.chain((events) =>
    fc.tuple(
      fc.constant(events),
      fc.shuffledSubarray([...events, ...events], { minLength: events.length }),
      fc.shuffledSubarray(events, { minLength: events.length }),
    ),
  );
  fc.assert(
    fc.property(disordered, ([events, some, all]) => {
      const inOrder = [...events].sort((a, b) => a.issue.updatedAt - b.issue.updatedAt);
      expect(fold([...some, ...all])).toEqual(fold(inOrder));
    }),
  );
});

test.each([
  [[], undefined, false],
  [['ann'], undefined, true],
  [['ann'], 'bot', false],
  [['ann', 'Bot'], 'bOT', true],
])('assignees %j and bot %s: the bot has the issue is %s', (assignees, bot, expected) => {
  expect(isAssigned(assignees, bot)).toBe(expected);
});

test('a stored event is checked when it is read back', () => {
  expect(issueEventSchema.safeParse(event({})).success).toBe(true);
  expect(issueEventSchema.safeParse(event({ number: 0 })).success).toBe(false);
  expect(issueEventSchema.safeParse({ ...event({}), kind: 'exploded' }).success).toBe(false);
});

test('a look made without the text does not make up for it, an edit does', () => {
  const known = { ...advance(undefined, event({ body: '' })), textMissing: true };
  expect(advance(known, event({ body: '' }, 'refreshed')).textMissing).toBe(true);
  expect(advance(known, event({ updatedAt: 1_000 })).textMissing).toBe(true);
  expect(advance(known, event({ body: '' }))).not.toHaveProperty('textMissing');
  expect(advance(known, event({}, 'refreshed'))).not.toHaveProperty('textMissing');
});
