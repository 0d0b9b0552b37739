import type { Transaction } from 'kysely';

import { findCycles, type Cycle } from './graph.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { keyIn, oneOf } from '../db/key-filter.ts';
import { circleCandidates, distinctKeys, edgesWithin, openIssues } from './open-graph.ts';
import type { Schema } from '../db/schema.ts';

/** Issues whose circles are known, and the circles of those that are in one. */
export interface Circles {
  readonly issues: ReadonlyMap<string, IssueKey>;
  readonly cycles: ReadonlyMap<string, Cycle>;
}

/** More issues than this are not walked from one by one: the whole graph is looked at instead. */
const walkedFrom = 50;

/**
 * Finds anew the circles that a change can have opened or closed. One that was there before, of those in
 * `groups`, can only have lost members. A new one leads through an issue that opened or that got an edge:
 * `joined`.
 */
export async function findCircles(
  transaction: Transaction<Schema>,
  groups: readonly string[],
  joined: readonly IssueKey[],
): Promise<Circles> {
  const candidates = distinctKeys(await membersOf(transaction, groups));
  if (joined.length > walkedFrom) {
    for (const key of await openIssues(transaction)) candidates.set(keyOf(key), key);
  } else {
    for (const issue of joined) {
      for (const key of await circleCandidates(transaction, issue)) candidates.set(keyOf(key), key);
    }
  }
  if (candidates.size === 0) return { issues: candidates, cycles: new Map() };
  const keys = [...candidates.values()];
  const cycles = findCycles(await edgesWithin(transaction, keys));
  const before = distinctKeys(await inStoredCircles(transaction, keys));
  const issues = [...candidates].filter(([id]) => cycles.has(id) || before.has(id));
  return { issues: new Map(issues), cycles };
}

/** All members of these stored circles. */
async function membersOf(
  transaction: Transaction<Schema>,
  groups: readonly string[],
): Promise<IssueKey[]> {
  if (groups.length === 0) return [];
  return transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('circle', 'is not', null)
    .where(oneOf('circle', groups))
    .execute();
}

/** Those of these issues that were in a circle before. */
async function inStoredCircles(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<IssueKey[]> {
  return transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('circle', 'is not', null)
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}
