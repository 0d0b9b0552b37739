import { describe, expect, test } from 'vitest';

import {
  isOwnComment,
  isOwnLabelChange,
  ownCommentMarker,
  ownLabelScope,
  withoutOwnLabels,
  type KnownLabels,
} from '../../src/issue/own-marks.ts';

test('a comment is ours when it starts with the marker of any version', () => {
  expect(isOwnComment(`${ownCommentMarker}\nReady.`)).toBe(true);
  expect(isOwnComment('<!-- mosaic-coordinator:2 -->\nReady.')).toBe(true);
  expect(isOwnComment(`> ${ownCommentMarker}`)).toBe(false);
  expect(isOwnComment(`\n${ownCommentMarker}`)).toBe(false);
  expect(isOwnComment('')).toBe(false);
});

test('labels of our scope are ours, in the letter case that we write', () => {
  const labels = [`${ownLabelScope}ready`, 'bug', 'Coordinator/ready', 'my-coordinator/ready'];
  expect(withoutOwnLabels(labels)).toEqual(['bug', 'Coordinator/ready', 'my-coordinator/ready']);
});

describe('labels changed by the account of the bot', () => {
  const bugs: KnownLabels = { labels: ['bug'], assigned: true };
  const none: KnownLabels = { labels: [], assigned: true };
  const rows: [string, string[], KnownLabels | undefined, boolean][] = [
    ['ours was added', ['bug', 'coordinator/ready'], bugs, true],
    ['ours was added as the only one', ['coordinator/ready'], none, true],
    ['ours took the place of another of ours', ['coordinator/done', 'bug'], bugs, true],
    ['ours was removed', ['bug'], bugs, true],
    [
      'the last one was removed from an issue taken from the bot',
      [],
      { ...none, assigned: false },
      true,
    ],
    ['the list is empty as after a replacement', [], none, false],
    ['the list is empty, and one is stored', [], bugs, false],
    ['a worker has set a priority', ['bug', 'priority/high'], bugs, false],
    [
      'a worker has set a priority beside ours',
      ['bug', 'coordinator/ready', 'priority/high'],
      bugs,
      false,
    ],
    ['a worker has removed a label', ['coordinator/ready'], bugs, false],
    ['a worker has put one in the place of another', ['defect', 'coordinator/ready'], bugs, false],
    ['two have the same name', ['bug', 'bug', 'coordinator/ready'], bugs, false],
    ['another order', ['b', 'a', 'coordinator/ready'], { ...bugs, labels: ['a', 'b'] }, true],
    [
      'an earlier version stored ours',
      ['bug', 'coordinator/ready'],
      { ...bugs, labels: ['coordinator/blocked', 'bug'] },
      true,
    ],
    [
      'the newest event is wrong about them',
      ['bug', 'coordinator/ready'],
      { ...bugs, labels: undefined },
      false,
    ],
    ['nothing is stored, ours is there', ['coordinator/ready'], undefined, true],
    ['nothing is stored, ours is not there', ['bug'], undefined, false],
    ['nothing is stored, and there is none', [], undefined, false],
  ];
  test.each(rows)('%s', (_name, labels, known, ours) => {
    expect(isOwnLabelChange(labels, known)).toBe(ours);
  });
});
