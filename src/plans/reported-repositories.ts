import type { Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import { resolveNames, waitingAround, type EdgeChange } from './edges.ts';
import { namedRepositories } from './gitea-edges.ts';
import type { IssueUpdate } from './issue-update.ts';
import { resolveParents } from './parents.ts';
import { markProposalsAround, resolveProposals } from './proposals.ts';
import { storeRepository } from './repository-names.ts';
import { changedAt } from './revisions.ts';

/** What the names and facts of repositories that came with an issue have changed. */
interface StoredRepositories {
  readonly resolved: readonly EdgeChange[];
  readonly parts: readonly IssueKey[];
  readonly renamed: readonly IssueKey[];
  readonly repositoryChanged: boolean;
}

/**
 * Stores the names of the issue's repository and of those that Gitea just named. Returns the edges that
 * waited for one of these names, and the issues whose sentences show an old one.
 */
export async function storeReportedRepositories(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<StoredRepositories> {
  const { facts, names, confirmed } = update;
  const given = confirmed === true && !facts.deleted ? facts.repository : undefined;
  const others = [...namedRepositories(update)].map(
    ([id, repository]) => [id, { names: [], given: repository }] as const,
  );
  const resolved: EdgeChange[] = [];
  const parts: IssueKey[] = [];
  const renamed: IssueKey[] = [];
  let repositoryChanged = false;
  for (const [id, reported] of [[facts.repositoryId, { names, given }] as const, ...others]) {
    const stored = await storeRepository(transaction, id, reported, now);
    repositoryChanged ||= stored.shutOrOpened;
    for (const lowerName of stored.newNames) {
      resolved.push(...(await resolveNames(transaction, id, lowerName)));
      await resolveProposals(transaction, id, lowerName);
      parts.push(...(await resolveParents(transaction, id, lowerName)));
    }
    if (!stored.renamed) continue;
    await transaction
      .updateTable('issues')
      .set(changedAt(now))
      .where('repository_id', '=', id)
      .execute();
    await markProposalsAround(transaction, id);
    renamed.push(...(await waitingAround(transaction, id)));
  }
  return { resolved, parts, renamed, repositoryChanged };
}
