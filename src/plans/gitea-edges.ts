import type { Transaction } from 'kysely';

import type { GiteaDependencies, GiteaIssue } from '../issue/gitea-dependencies.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from './issue-update.ts';
import { keyIn, ofIssue } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import type { EdgeChange } from './edges.ts';
import type { Schema } from '../db/schema.ts';

/*
 * A dependency that is set on Gitea is listed on the pages of both issues, so each planned one of them
 * declares it. The page of the blocked issue is the authority: an edge that it does not list is deleted.
 */

/** The stored Gitea dependencies of an issue, as its own page listed them. */
export async function findGiteaDependencies(db: Database, issue: IssueKey) {
  const row = await db
    .selectFrom('issues')
    .select('hidden_blockers as hidden')
    .where(ofIssue(issue))
    .executeTakeFirst();
  const blockedBy = await declaredTies(db, issue, 'blocker');
  const blocks = await declaredTies(db, issue, 'blocked');
  return { blockedBy, blocks, hidden: row?.hidden ?? 0, complete: true };
}

const opposite = { blocked: 'blocker', blocker: 'blocked' } as const;

/** The issues at this end of the Gitea edges that an issue declares from the other end. */
async function declaredTies(
  db: Database,
  { repositoryId, number }: IssueKey,
  end: keyof typeof opposite,
): Promise<(GiteaIssue & { open: boolean | undefined; merged: boolean | undefined })[]> {
  const rows = await db
    .selectFrom('edges')
    .innerJoin('repositories', 'repositories.id', `${end}_repository_id`)
    .leftJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', `${end}_repository_id`)
        .onRef('issues.number', '=', `${end}_number`),
    )
    .select(['repositories.id', 'full_name', `${end}_number as number`, 'open', 'merged'])
    .where('source', '=', 'gitea')
    .where('declared_repository_id', '=', repositoryId)
    .where('declared_number', '=', number)
    .where(`${opposite[end]}_repository_id`, '=', repositoryId)
    .where(`${opposite[end]}_number`, '=', number)
    .orderBy('edges.id')
    .execute();
  return rows.map((row) => ({
    repositoryId: row.id,
    repository: row.full_name,
    number: row.number,
    open: row.open === null ? undefined : row.open === 1,
    merged: row.merged === null ? undefined : row.merged === 1,
  }));
}

/** The repositories of the issues that Gitea just listed, under the names it gave. */
export function namedRepositories({
  facts,
  giteaDependencies,
  unknownTargets = [],
  confirmed,
}: IssueUpdate): Map<number, string> {
  const named =
    confirmed === true && giteaDependencies !== undefined ? bothSides(giteaDependencies) : [];
  const names = new Map<number, string>();
  for (const { repositoryId, repository } of [...named, ...unknownTargets])
    if (repositoryId !== undefined) names.set(repositoryId, repository);
  names.delete(facts.repositoryId);
  return names;
}

function bothSides({ blockedBy, blocks }: GiteaDependencies): GiteaIssue[] {
  return [...blockedBy, ...blocks];
}

/** Deletes edges that other issues still declare and the page of this one no longer lists. */
export async function dropStaleGiteaDependencies(
  transaction: Transaction<Schema>,
  { facts, giteaDependencies, confirmed }: IssueUpdate,
): Promise<EdgeChange[]> {
  if (confirmed !== true || giteaDependencies?.complete !== true) return [];
  const rows = await transaction
    .selectFrom('edges')
    .select(['id', 'declared_repository_id', 'declared_number'])
    .where('source', '=', 'gitea')
    .where('blocked_repository_id', '=', facts.repositoryId)
    .where('blocked_number', '=', facts.number)
    .execute();
  const listed = new Set([facts, ...giteaDependencies.blockedBy].map(keyOf));
  const stale = rows.flatMap((row) => {
    const blocker = { repositoryId: row.declared_repository_id, number: row.declared_number };
    return listed.has(keyOf(blocker)) ? [] : [{ id: row.id, blocker }];
  });
  for (const { id } of stale) await transaction.deleteFrom('edges').where('id', '=', id).execute();
  return stale.map(({ blocker }) => ({ blocked: facts, blocker, came: false }));
}

/**
 * Issues of the bot to refresh because they disagree with this issue's page: they declare that they wait for
 * it and are not listed, or their text has a listed pair the other way round. Call it after the issue itself
 * is stored.
 */
export async function findDisagreeing(
  transaction: Transaction<Schema>,
  { facts, giteaDependencies, confirmed }: IssueUpdate,
): Promise<IssueKey[]> {
  if (confirmed !== true || giteaDependencies === undefined) return [];
  const waiting = await declaring(transaction, facts, 'blocker')
    .where('source', '=', 'gitea')
    .execute();
  const listed = new Set(giteaDependencies.blocks.map(keyOf));
  const gone = giteaDependencies.complete
    ? waiting.filter((issue) => !listed.has(keyOf(issue)))
    : [];
  const turned = [
    ...(await declaring(transaction, facts, 'blocker')
      .where('source', '!=', 'gitea')
      .where(keyIn('declared_repository_id', 'declared_number', giteaDependencies.blockedBy))
      .execute()),
    ...(await declaring(transaction, facts, 'blocked')
      .where('source', '!=', 'gitea')
      .where(keyIn('declared_repository_id', 'declared_number', giteaDependencies.blocks))
      .execute()),
  ];
  return [...gone, ...turned];
}

/** The other issues that declare an edge with this one at the given end. */
function declaring(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
  end: keyof typeof opposite,
) {
  return transaction
    .selectFrom('edges')
    .select(['declared_repository_id as repositoryId', 'declared_number as number'])
    .distinct()
    .where(`${end}_repository_id`, '=', repositoryId)
    .where(`${end}_number`, '=', number)
    .where((eb) =>
      eb.or([
        eb('declared_repository_id', '!=', repositoryId),
        eb('declared_number', '!=', number),
      ]),
    );
}
