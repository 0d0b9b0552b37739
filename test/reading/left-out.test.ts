import { expect, test } from 'vitest';

import { viewWarning } from '../../src/issue/plan.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';

function read(body: string) {
  const issue = { repository: 'acme/orbit', number: 36, title: '', body, bodyCut: false };
  const { dependencies, warnings } = readOffline(issue, [], {
    trackerUrl: 'https://git.example.test',
  });
  return {
    edges: dependencies.map(
      ({ direction, repository, number }) =>
        `${direction === 'blocks' ? '>' : '<'}${repository ?? ''}#${number}`,
    ),
    warnings: warnings.filter(({ code }) =>
      ['outside_dependencies', 'context_only', 'contradiction'].includes(code),
    ),
  };
}

const outside = (count: number) => ({ code: 'outside_dependencies', params: { count } });

test('dependencies that lie elsewhere are no edges, but one warning with their number', () => {
  const body =
    'This is the tracker of release 0.13. It should be updated to depend on any blocker, and any PR planned for later should be updated to depend on this issue.\n\nDepends on https://git.other.test/upstream/parser/pulls/71\nBlocked by [the fix upstream](https://github.com/acme-upstream/core/issues/88)\nDepends on #61\n';
  const { edges, warnings } = read(body);
  expect(edges).toEqual(['<#61']);
  expect(warnings).toEqual([outside(2)]);
  expect(warnings.map(viewWarning)).toEqual([
    {
      code: 'outside_dependencies',
      text: 'The text waits for 2 things outside this Gitea: nobody looks whether they are done, so a person has to decide.',
    },
  ]);
});

test.each([
  ['Blocked by https://github.com/a/b/issues/8.', 1, []],
  ['Blocked by <https://github.com/a/b/pull/8>', 1, []],
  ['Blocked by [#8](https://github.com/a/b/issues/8)', 1, []],
  ['Blocked by [a/b#8](https://github.com/a/b/issues/8)', 1, []],
  ['Blocked by [the fix][1].\n\n[1]: https://github.com/a/b/issues/8', 1, []],
  ['Blocked by [the fix].\n\n[the fix]: https://github.com/a/b/issues/8', 1, []],
  ['Waits for https://gitlab.com/a/b/-/merge_requests/8', 1, []],
  ['Waits for https://gitlab.com/a/b/-/issues/8', 1, []],
  ['Requires https://jira.test/browse/ABC-12.', 1, []],
  ['Do not merge before https://github.com/a/b/issues/8 is closed.', 1, []],
  ['https://github.com/a/b/issues/8 blocks this.', 1, []],
  ['## Blocked by\n\n- https://github.com/a/b/issues/8\n- #9', 1, ['<#9']],
  ['## Dependencies\n\n- [ ] [Fix](https://github.com/a/b/issues/8)', 1, []],
  ['| Blocked by | https://github.com/a/b/issues/8 |\n| - | - |', 1, []],
  ['Depends on #61 and https://github.com/a/b/issues/8.', 1, ['<#61']],
  [
    'Depends on https://github.com/a/b/issues/8, https://github.com/a/c/issues/8 and #61.',
    2,
    ['<#61'],
  ],
  [
    'Depends on https://github.com/a/b/issues/8.\n\nBlocked by https://github.com/a/b/issues/8',
    1,
    [],
  ],
  ['Depends on https://github.com/a/b/issues/36.', 1, []],
])('what lies elsewhere is counted once: %s', (body, count, edges) => {
  expect(read(body)).toEqual({ edges, warnings: [outside(count)] });
});

test.each([
  ['See https://github.com/a/b/issues/8.', []],
  ['Not blocked by https://github.com/a/b/issues/8.', []],
  ['Is this blocked by https://github.com/a/b/issues/8?', []],
  ['`Blocked by https://github.com/a/b/issues/8`', []],
  ['> Blocked by https://github.com/a/b/issues/8', []],
  ['<!-- Blocked by https://github.com/a/b/issues/8 -->', []],
  ['~~Blocked by https://github.com/a/b/issues/8~~', []],
  ['Blocks https://github.com/a/b/issues/8.', []],
  ['- [x] Blocked by https://github.com/a/b/issues/8', []],
  ['Blocked by https://git.example.test/acme/orbit/wiki/Plan#3', []],
  ['Read https://github.com/a/b/issues/8 and then #9. Blocked by #7.', ['<#7']],
  ['Blocked by #7, see https://github.com/a/b/issues/8.', ['<#7']],
])('what is only named is no dependency elsewhere: %s', (body, edges) => {
  expect(read(body)).toEqual({ edges, warnings: [] });
});

const contextOnly = (...refs: readonly string[]) => ({ code: 'context_only', params: { refs } });

test.each([
  '#12 (for context)',
  '#12 – for context',
  '#12 for reference',
  '#12 - just for background',
  '#12: context only',
  '#12 (context)',
  '#12, FYI',
  '#12 (see also)',
  '#12 (related)',
  '#12 — related work',
  '#12 (not blocking)',
  '#12 – this one is not blocking',
  '#12 (not a blocker)',
  '#12 (non-blocking)',
  '#12 - nice to have',
  '#12 (optional)',
  '#12 the parser (for context, not blocking)',
  '#12 the parser – only for information',
  '[ ] #12 (background)',
])('an entry that is only to be read is left out aloud: %s', (entry) => {
  const expected = { edges: ['<#13'], warnings: [contextOnly('#12')] };
  expect(read(`## Dependencies\n\n- #13\n- ${entry}`)).toEqual(expected);
});

test.each([
  'Depends on: #12 (for context), #13',
  'Depends on #13, #12 (not blocking).',
  'Blocked by #13.\n\nBlocked by #12 (for context).',
  '| Blocked by | #12 | for context |\n| - | - | - |\n| Blocked by | #13 | the lock |',
])('a remark counts for the reference before it, in whatever form: %s', (body) => {
  const { edges, warnings } = read(body);
  expect(edges).toEqual(['<#13']);
  expect(warnings).toEqual([contextOnly('#12')]);
});

test.each([
  '#12 Export (background)',
  '#12 Settings, background',
  '#12 Add cache, optional',
  '#12 Title: context',
  '#12 (API, optional)',
  '#12 - optional: caching',
  '#12. Background: we need the lock.',
  '#12. Nice to have: caching.',
  '#12. Context: the lock is missing',
  '#12! FYI',
  '#12. Not blocking.',
  '#12 (context manager)',
  '#12 Background jobs',
  '#12 Background',
  '#12 – the related endpoints',
  '#12 (blocking)',
  '#12 (merged)',
  '#12 (optional chaining in the parser)',
  '#12 FYI mails are sent twice',
  '#12 the reference implementation',
  '#12 for the context menu',
  '#12, see also #14',
  '#12 – related: #14',
])('a title that has such words stays a dependency: %s', (entry) => {
  for (const body of [`## Dependencies\n\n- ${entry}`, `Depends on ${entry}`]) {
    const { edges, warnings } = read(body);
    expect(edges).toContain('<#12');
    expect(warnings).toEqual([]);
  }
});
