import type { Transaction } from 'kysely';

import { findCycles, type Cycle } from './find-cycles.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { keyIn, oneOf } from '../db/key-filter.ts';
import { cycleCandidates, distinctKeys, edgesWithin, openIssues } from './open-graph.ts';
import type { Schema } from '../db/schema.ts';

/** Issues whose cycle may have changed, and the cycles of those that are in one. */
export interface ChangedCycles {
  readonly issues: ReadonlyMap<string, IssueKey>;
  readonly cycles: ReadonlyMap<string, Cycle>;
}

/** Maximum of issues to search from one by one; above it the whole graph is searched. */
const maxSearchedFrom = 50;

/**
 * Finds the cycles that a change can have opened or closed. A stored cycle, by its key, can only have lost
 * members. A new cycle leads through an issue of `joined`, which was opened or got an edge.
 */
export async function findChangedCycles(
  transaction: Transaction<Schema>,
  cycleKeys: readonly string[],
  joined: readonly IssueKey[],
): Promise<ChangedCycles> {
  const candidates = distinctKeys(await membersOf(transaction, cycleKeys));
  if (joined.length > maxSearchedFrom) {
    for (const key of await openIssues(transaction)) candidates.set(keyOf(key), key);
  } else {
    for (const issue of joined) {
      for (const key of await cycleCandidates(transaction, issue)) candidates.set(keyOf(key), key);
    }
  }
  if (candidates.size === 0) return { issues: candidates, cycles: new Map() };
  const keys = [...candidates.values()];
  const cycles = findCycles(await edgesWithin(transaction, keys));
  const before = distinctKeys(await inStoredCycles(transaction, keys));
  const issues = [...candidates].filter(([id]) => cycles.has(id) || before.has(id));
  return { issues: new Map(issues), cycles };
}

/** All members of these stored cycles. */
async function membersOf(
  transaction: Transaction<Schema>,
  cycleKeys: readonly string[],
): Promise<IssueKey[]> {
  if (cycleKeys.length === 0) return [];
  return transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('cycle_key', 'is not', null)
    .where(oneOf('cycle_key', cycleKeys))
    .execute();
}

/** The issues of these that were in a cycle before. */
async function inStoredCycles(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<IssueKey[]> {
  return transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('cycle_key', 'is not', null)
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}
