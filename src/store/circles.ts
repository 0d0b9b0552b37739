import type { Transaction } from 'kysely';

import { findCycles, type Cycle } from '../issue/graph.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { among, inChunks } from './among.ts';
import { circleCandidates, distinctKeys, edgesWithin, openIssues } from './open-graph.ts';
import type { Schema } from './schema.ts';

/** Issues whose circles are known, and the circles of those that are in one. */
export interface Circles {
  readonly issues: ReadonlyMap<string, IssueKey>;
  readonly cycles: ReadonlyMap<string, Cycle>;
}

/** More issues than this are not walked from one by one: the whole graph is looked at instead. */
const walkedFrom = 50;

/**
 * Finds anew the circles that a change can have opened or closed. One that was there before can only have
 * lost members: `decided` are issues that may have been in it. A new one leads through an issue that
 * opened or that got an edge: `joined`.
 */
export async function findCircles(
  transaction: Transaction<Schema>,
  decided: readonly IssueKey[],
  joined: readonly IssueKey[],
): Promise<Circles> {
  const candidates = distinctKeys(await storedCircles(transaction, decided));
  if (joined.length > walkedFrom) {
    for (const key of await openIssues(transaction)) candidates.set(keyOf(key), key);
  } else {
    for (const issue of joined) {
      const around = await circleCandidates(transaction, issue);
      // Alone: nothing waits for it, or it waits for nothing.
      if (around.length > 1) for (const key of around) candidates.set(keyOf(key), key);
    }
  }
  const cycles = findCycles(await edgesWithin(transaction, [...candidates.values()]));
  const before = distinctKeys(await storedCircles(transaction, [...candidates.values()]));
  const issues = [...candidates].filter(([id]) => cycles.has(id) || before.has(id));
  return { issues: new Map(issues), cycles };
}

/** All members of the stored circles that any of these issues is in. */
async function storedCircles(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<IssueKey[]> {
  return inChunks(issues, (some) =>
    transaction
      .selectFrom('issues')
      .select(['repository_id as repositoryId', 'number'])
      .where('circle', 'is not', null)
      .where('circle', 'in', (eb) =>
        eb
          .selectFrom('issues as member')
          .select('member.circle')
          .where('member.circle', 'is not', null)
          .where(among('member.repository_id', 'member.number', some)),
      )
      .execute(),
  );
}
