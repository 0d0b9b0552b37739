import { expect, test } from 'vitest';

import { viewWarning } from '../../src/issue/plan.ts';
import type { GiteaDependencies, GiteaIssue } from '../../src/issue/gitea-dependencies.ts';
import type { IssueFacts } from '../../src/issue/facts.ts';
import {
  addGiteaDependencies,
  giteaDependencyLimit,
} from '../../src/handling/add-gitea-dependencies.ts';
import { dependencyLimit, readOffline } from '../../src/reading/offline-reading.ts';
import { parseRef } from '../../src/issue/ref.ts';

const ids = new Map([
  ['acme/orbit', 2],
  ['acme/lib', 3],
]);

function at(ref: string): GiteaIssue {
  const parsed = parseRef(ref);
  if (parsed === undefined) throw new TypeError(`not a reference: ${ref}`);
  return { ...parsed, repositoryId: ids.get(parsed.repository) ?? 0 };
}

const none: GiteaDependencies = { blockedBy: [], blocks: [], hidden: 0, complete: true };

/** What acme/orbit#5 comes to with this text and these dependencies on Gitea. */
function read(body: string, native: Partial<GiteaDependencies>) {
  const facts: IssueFacts = {
    ...{ repositoryId: 2, repository: 'acme/orbit', number: 5, title: 'Five', body },
    ...{ bodyCut: false, open: true, deleted: false, assignees: ['bot'], labels: [] },
    ...{ updatedAt: 0, labelsUpdatedAt: 0 },
  };
  const reading = addGiteaDependencies(readOffline(facts, []), facts, { ...none, ...native });
  const edges = reading.dependencies.map(
    ({ direction, repository, number, source }) =>
      `${direction} ${repository ?? ''}#${number} (${source})`,
  );
  const warnings = reading.warnings
    .map(viewWarning)
    .filter(({ code }) => code !== 'nothing_readable');
  return { edges, warnings, reading };
}

test('what is set on Gitea is added to what the text says, with its own source', () => {
  const { edges, warnings, reading } = read('Blocked by: #7', {
    blockedBy: [at('acme/orbit#8'), at('acme/lib#1')],
    blocks: [at('acme/orbit#9')],
  });
  expect(edges).toEqual([
    'blocked_by #7 (declared)',
    'blocked_by #8 (gitea)',
    'blocked_by acme/lib#1 (gitea)',
    'blocks #9 (gitea)',
  ]);
  expect(warnings).toEqual([]);
  expect(reading.dependencies.at(-1)).toEqual({
    ...{ direction: 'blocks', repository: null, repositoryId: 2, number: 9 },
    ...{ source: 'gitea', evidence: 'Set on Gitea.' },
  });
});

test('a pair that text and Gitea name alike is one dependency of Gitea', () => {
  const { edges, warnings } = read('Blocked by: #7 and ACME/Lib#1', {
    blockedBy: [at('acme/lib#1'), at('acme/orbit#7')],
  });
  expect(edges).toEqual(['blocked_by #7 (gitea)', 'blocked_by acme/lib#1 (gitea)']);
  expect(warnings).toEqual([]);
});

test('of a pair the other way round in the text Gitea counts, with a warning', () => {
  const { edges, warnings } = read('Blocks: #7', { blockedBy: [at('acme/orbit#7')] });
  expect(edges).toEqual(['blocked_by #7 (gitea)']);
  expect(warnings).toEqual([
    {
      code: 'direction_disagrees',
      text: 'Gitea says that this issue waits for #7, the text that #7 waits for this issue: Gitea counts.',
    },
  ]);
});

test('an issue that depends on itself waits for nothing, and the plan says so', () => {
  const self = at('acme/orbit#5');
  const { edges, warnings } = read('Small.', { blockedBy: [self], blocks: [self] });
  expect(edges).toEqual([]);
  expect(warnings).toEqual([
    {
      code: 'self_reference',
      text: 'On Gitea acme/orbit#5 depends on itself, which does not count; it cannot be closed there until that dependency is removed.',
    },
  ]);
});

test('a pair that was turned round between the two answers blocks', () => {
  const other = [at('acme/orbit#7')];
  expect(read('', { blockedBy: other, blocks: other }).edges).toEqual(['blocked_by #7 (gitea)']);
});

test('the limit of the text is not that of Gitea, and what is cut is told', () => {
  const text = Array.from({ length: dependencyLimit }, (_, n) => `Blocked by: #${n + 10}`);
  const blockedBy = Array.from({ length: giteaDependencyLimit }, (_, n) =>
    at(`acme/orbit#${n + 1000}`),
  );
  const { reading, warnings } = read(text.join('\n\n'), { blockedBy, complete: false });
  expect(reading.dependencies).toHaveLength(dependencyLimit + giteaDependencyLimit);
  expect(warnings).toContainEqual({
    code: 'too_many_native_dependencies',
    text: 'On Gitea 500 dependencies or more are set in one direction: only the first 500 count.',
  });
});
