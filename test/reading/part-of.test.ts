import { expect, test } from 'vitest';

import { readOffline } from '../../src/reading/offline-reading.ts';

function read(body: string, title = '') {
  const issue = { repository: 'acme/orbit', number: 500, title, body, bodyCut: false };
  const { partOf, dependencies } = readOffline(issue, [], {
    trackerUrl: 'https://git.example.test',
  });
  const name = (of: { repository: string | null; number: number }) =>
    `${of.repository ?? ''}#${of.number}`;
  return {
    partOf: partOf.map(name).join(' '),
    dependencies: dependencies.map(
      (edge) => (edge.direction === 'blocks' ? '>' : '<') + name(edge),
    ),
  };
}

test.each([
  ['Part of #20. Files to modify: 2', '#20'],
  ['Parent: #20', '#20'],
  ['**Parent:** #20', '#20'],
  ['Parent issue #20', '#20'],
  ['The parent issue is #20.', '#20'],
  ['Epic: #20', '#20'],
  ['**Epic:** #20', '#20'],
  ['Epic #20: offline mode', '#20'],
  ['Umbrella: #20', '#20'],
  ['Tracking issue: #20', '#20'],
  ['Sub-task of #20', '#20'],
  ['Subtask of #20.', '#20'],
  ['This is a sub-issue of #20.', '#20'],
  ['This is a child of #20.', '#20'],
  ['Child issue of #20', '#20'],
  ['This belongs to #20.', '#20'],
  ['It belongs to the epic #20.', '#20'],
  ['part 2 of #20', '#20'],
  ['Part 2/4 of #20', '#20'],
  ['Part two of #20.', '#20'],
  ['Part B of #20.', '#20'],
  ['First of four parts of #20.', '#20'],
  ['The last part of #20.', '#20'],
  ['One of the parts of #20.', '#20'],
  ['2 of 4 parts of #20', '#20'],
  ['## Parent\n\n- #20', '#20'],
  ['## Parent\n\n- [ ] #20 Offline mode', '#20'],
  ['## Epic\n\n#20', '#20'],
  ['## Part of\n- #20\n- acme/lib#3', '#20 acme/lib#3'],
  ['- Parent:\n  - #20', '#20'],
  ['| Parent | #20 |\n| --- | --- |\n| Size | 3 |', '#20'],
  ['Part of acme/lib#20 and #21', 'acme/lib#20 #21'],
  ['Part of https://git.example.test/acme/lib/issues/20', 'acme/lib#20'],
  ['#20 is the parent of this issue.', '#20'],
  ['#20 is the epic.', '#20'],
  ['Part of #20.\n\nPart of #20.', '#20'],
])('a parent is found in %j', (body, partOf) => {
  expect(read(body)).toEqual({ partOf, dependencies: [] });
});

test.each([
  'Is this part of #20?',
  'Not part of #20.',
  'This is not a part of #20.',
  'This is no longer part of #20.',
  'This was part of #20.',
  'If this is part of #20, close it.',
  '`Part of #20`',
  '> Part of #20',
  '~~Part of #20~~',
  '<!-- Part of #20 -->',
  '```\nPart of #20\n```',
  '#21 is part of #20.',
  'Parent of #20',
  'The epic for #20.',
  '#20 is part of this issue.',
  'Part of #500.',
  'See #20.',
])('no parent is found in %j', (body) => {
  expect(read(body)).toEqual({ partOf: '', dependencies: [] });
});

test.each([
  ['Part of #20. Blocked by #3.', '#20', '<#3'],
  ['Blocked by the epic #20.', '', '<#20'],
  ['Blocked by epic #20', '', '<#20'],
  ['Depends on part 2 of #20.', '', '<#20'],
  ['Depends on the last part of #20.', '', '<#20'],
  ['Blocked by #20 - the epic.', '', '<#20'],
  ['Blocked by our epic #20', '', '<#20'],
  ['Blocked by epic: #20', '', '<#20'],
  ['Waiting for our parent issue #20.', '', '<#20'],
  ['## Blocked by\n\n- #20 Epic search', '', '<#20'],
  ['## Blocked by\n\n- #20 Umbrella sampling', '', '<#20'],
  ['## Blocked by\n\n- #20 the parent page', '', '<#20'],
  ['## Blocked by\n\n- #20: Epic, parent and umbrella', '', '<#20'],
  ['Blocks #21.\n\nParent: #20', '#20', '>#21'],
  ['## Parent\n\n#20\n\n## Blocked by\n\n- #3', '#20', '<#3'],
])('a parent is no dependency, and a dependency no parent: %j', (body, partOf, edge) => {
  expect(read(body)).toEqual({ partOf, dependencies: [edge] });
});

test('the title may name the parent', () => {
  expect(read('', 'Part two of #20: offline mode').partOf).toBe('#20');
});
