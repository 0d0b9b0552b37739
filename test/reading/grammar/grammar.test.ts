import { expect, test } from 'vitest';

import { dependencyLimit, readOffline } from '../../../src/reading/offline-reading.ts';

function findDependencies(title: string, body: string) {
  const issue = { repository: 'acme/orbit', number: 500, title, body, bodyCut: false };
  return readOffline(issue, []).dependencies;
}

/** `<` waits for, `>` holds up; with the repository where one is named. */
function found(body: string, title = ''): string[] {
  return findDependencies(title, body).map(
    ({ direction, repository, number }) =>
      `${direction === 'blocks' ? '>' : '<'}${repository ?? ''}#${number}`,
  );
}

test.each([
  ['Blocked by #12', ['<#12']],
  ['Blocked by: #12', ['<#12']],
  ['- **Blocked by:** #12', ['<#12']],
  ['- **Blocked by**: #12 (COORD-001), #13 (COORD-002)', ['<#12', '<#13']],
  ['This depends on #4.', ['<#4']],
  ['BLOCKS #9', ['>#9']],
  ['Blocks: #7 (COORD-007)', ['>#7']],
  ['blocked by #1, #2 and acme/lib#3', ['<#1', '<#2', '<acme/lib#3']],
  ['blocked by #1, #2, and #3', ['<#1', '<#2', '<#3']],
  ['blocked by #1 & #2', ['<#1', '<#2']],
  ['blocked by #1, blocks #2; depends on #3', ['<#1', '>#2', '<#3']],
  ['blocked by #1, see #9', ['<#1']],
  ['depends on acme.org/some-repo_x#5', ['<acme.org/some-repo_x#5']],
  ['blocked by #1\nblocked by #1', ['<#1']],
  ['blocked by acme/lib#1 and Acme/LIB#1', ['<acme/lib#1']],
  ['blocked by #1 and blocks #1', []],
  ['not blocked by #3', []],
  ['No longer blocked by #3', []],
  ["It isn't blocked by #3", []],
  ['It never depends on #3', []],
  ['not only that, it is blocked by #3', ['<#3']],
  ['This fixes #3 and mentions #4', []],
  ['blocked by COORD-001', []],
  ['blocked by #0', []],
  ['blocked by #12345678901', []],
  ['blocked by #12abc', []],
  ['unblocks #4', ['>#4']],
  ['```\nblocked by #3\n```', []],
  ['~~~text\nblocked by #3\n~~~\nblocked by #4', ['<#4']],
  [`${'A long paragraph on one line. '.repeat(40)}Blocked by #3.`, ['<#3']],
  ['', []],
])('%j declares %j', (body, expected) => {
  expect(found(body)).toEqual(expected);
});

test('the title declares as well, and comes first', () => {
  expect(found('blocks #2', 'Store it (blocked by #1)')).toEqual(['<#1', '>#2']);
});

test('the evidence is the words without their markup, cut to 200 characters', () => {
  expect(findDependencies('', 'So, **Blocked by:** #1, #2')[0]).toEqual({
    direction: 'blocked_by',
    repository: null,
    number: 1,
    source: 'declared',
    evidence: 'Blocked by: #1, #2',
  });
  const many = Array.from({ length: 90 }, (_, index) => `#${index + 1}`).join(', ');
  expect(findDependencies('', `blocked by ${many}`)[0]?.evidence.length).toBeLessThanOrEqual(200);
});

test('beyond the first hundred, dependencies are left out', () => {
  const many = Array.from({ length: 150 }, (_, index) => `blocks #${index + 1}`).join('\n');
  expect(findDependencies('', many)).toHaveLength(dependencyLimit);
});

test.each([
  ['keywords that run into one another', 'blocks.'],
  ['blanks', 'blocks                    '],
  ['negations', 'not '],
  ['a name without an end', 'a'],
  ['references without blanks', '#1,'],
])('one hostile line of a million characters is read to its end: %s', (_name, part) => {
  const line = `blocks ${part.repeat(Math.ceil(1_000_000 / part.length))}`;
  expect(findDependencies(line, line).length).toBeLessThanOrEqual(dependencyLimit);
});

test.each([
  '<!-- for example: Blocked by: #12 -->',
  '<!--\nBlocked by: #12\n-->',
  'Write `depends on #12` if it waits.',
  'Write ``depends on #12`` if it waits.',
  '<!-- a --> b <!--\nBlocked by: #12\n\nBlocked by: #13',
])('%j declares nothing', (body) => {
  expect(findDependencies('', body)).toEqual([]);
});

test.each([
  ['beside a comment', 'Blocked by <!-- one --> #12 <!-- two -->'],
  ['behind a comment of several lines', '<!--\nBlocked by #3\n--> Blocked by #12'],
  ['below code that names a comment', 'Never write `<!--` there.\nBlocked by #12'],
  ['below a fence that names a comment', '```\n<!--\n```\nBlocked by #12'],
])('a relation %s counts', (_name, body) => {
  expect(found(body)).toEqual(['<#12']);
});

test.each(['<!--', '<!-- -->', '`', '` <!--', '<!-- ` -->', '-->'])(
  'a million characters of %j are read to their end',
  (part) => {
    const text = part.repeat(Math.ceil(1_000_000 / part.length));
    expect(found(text)).toEqual([]);
    expect(found(text.replaceAll(' ', '\n'))).toEqual([]);
  },
);
