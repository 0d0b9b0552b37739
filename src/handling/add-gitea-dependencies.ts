import type { GiteaDependencies, GiteaIssue } from '../issue/gitea-dependencies.ts';
import type { IssueFacts } from '../issue/facts.ts';
import { mergeEdges } from '../reading/model/source-precedence.ts';
import type { Dependency, Reading } from '../issue/reading.ts';
import type { Warning } from '../issue/warnings.ts';
import { formatRef, keyOf } from '../issue/ref.ts';

/** Maximum of dependencies that count in each direction; a list of Gitea is not read further. */
export const giteaDependencyLimit = 500;

const evidence = 'Set on Gitea.';

/**
 * Adds the dependencies set on Gitea to those read in the text. One pair of issues is one dependency: where
 * text and Gitea disagree about the direction, Gitea wins, with a warning.
 */
export function addGiteaDependencies(
  reading: Reading,
  facts: IssueFacts,
  { blockedBy, blocks, complete }: GiteaDependencies,
): Reading {
  const self = keyOf(facts);
  const waitsFor = new Set(blockedBy.map(keyOf));
  const others = (issues: readonly GiteaIssue[]) => issues.filter((issue) => keyOf(issue) !== self);
  const giteaDependencies = [
    ...others(blockedBy).map((issue) => dependencyOn(facts, issue, 'blocked_by')),
    // Gitea refuses a pair that blocks each other: somebody turned it round between the two answers.
    ...others(blocks)
      .filter((issue) => !waitsFor.has(keyOf(issue)))
      .map((issue) => dependencyOn(facts, issue, 'blocks')),
  ];
  const { dependencies, warnings } = mergeEdges(facts, [
    ...reading.dependencies,
    ...giteaDependencies,
  ]);
  return {
    ...reading,
    dependencies,
    warnings: [
      ...reading.warnings,
      ...warnings,
      ...(waitsFor.has(self) ? [selfReference(facts)] : []),
      ...(complete ? [] : [tooMany]),
    ],
  };
}

function dependencyOn(
  facts: IssueFacts,
  { repositoryId, repository, number }: GiteaIssue,
  direction: Dependency['direction'],
): Dependency {
  const own = repositoryId === facts.repositoryId;
  return {
    direction,
    repository: own ? null : repository,
    repositoryId,
    number,
    source: 'gitea',
    evidence,
  };
}

/** Gitea accepts such a dependency, and then never lets the issue be closed. */
function selfReference(facts: IssueFacts): Warning {
  return { code: 'self_reference', params: { found: 'gitea', ref: formatRef(facts) } };
}

const tooMany: Warning = {
  code: 'too_many_native_dependencies',
  params: { limit: giteaDependencyLimit },
};
