import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { RepositoryName } from './issue-update.ts';
import { hasIssuesOfBot } from './repository-facts.ts';

/** The id of the repository that bears a name now; undefined when no event has reported it. */
export async function findRepositoryId(db: Database, name: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('repositories')
    .select('id')
    .where('lower_name', '=', name.toLowerCase())
    .orderBy('named_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** The id of the repository that a text means by a name, which may be one it no longer bears. */
export async function findNamedRepositoryId(
  db: Database,
  lowerName: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('repository_names')
    .select('repository_id')
    .where('lower_name', '=', lowerName)
    .orderBy('named_at', 'desc')
    .orderBy('repository_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.repository_id;
}

/** Names of one repository that one issue's events and Gitea's answer gave. */
interface ReportedNames {
  readonly names: readonly RepositoryName[];
  /** The name that Gitea itself just gave: it is the present one. */
  readonly given: string | undefined;
}

/** Lower-case names that now lead to the repository, and whether its present name is another one. */
interface StoredNames {
  readonly lowerNames: readonly string[];
  readonly renamed: boolean;
}

/** Stores a repository's present name and those it was seen under before. */
export async function storeNames(
  transaction: Transaction<Schema>,
  repositoryId: number,
  { names, given }: ReportedNames,
  now: number,
): Promise<StoredNames> {
  const before = await presentName(transaction, repositoryId);
  // A rename changes no `updated_at`, and Gitea's clock, of which the stored time may be, is not ours.
  const updatedAt = Math.max(now, before?.named_at ?? 0, ...names.map((name) => name.updatedAt));
  const present = given === undefined ? [] : [{ repository: given, updatedAt }];
  const newest = newestOfEach([...names, ...present]);
  for (const name of newest) await storeName(transaction, repositoryId, name);
  const lowerNames = newest.map(({ repository }) => repository.toLowerCase());
  const after = await presentName(transaction, repositoryId);
  const renamed = before !== undefined && before.full_name !== after?.full_name;
  return { lowerNames, renamed };
}

function newestOfEach(names: readonly RepositoryName[]): RepositoryName[] {
  const newest = new Map<string, RepositoryName>();
  for (const name of names) {
    const known = newest.get(name.repository);
    if (known === undefined || name.updatedAt >= known.updatedAt) newest.set(name.repository, name);
  }
  return [...newest.values()];
}

async function storeName(
  transaction: Transaction<Schema>,
  id: number,
  { repository, updatedAt }: RepositoryName,
): Promise<void> {
  const lower_name = repository.toLowerCase();
  const present = { full_name: repository, lower_name, named_at: updatedAt };
  await transaction
    .insertInto('repositories')
    .values({ id, ...present })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet(present).where('repositories.named_at', '<=', updatedAt),
    )
    .execute();
  await transaction
    .insertInto('repository_names')
    .values({ repository_id: id, lower_name, named_at: updatedAt })
    .onConflict((conflict) =>
      conflict
        .columns(['lower_name', 'repository_id'])
        .doUpdateSet({ named_at: updatedAt })
        .where('repository_names.named_at', '<', updatedAt),
    )
    .execute();
}

async function presentName(
  transaction: Transaction<Schema>,
  repositoryId: number,
): Promise<{ full_name: string; named_at: number } | undefined> {
  return transaction
    .selectFrom('repositories')
    .select(['full_name', 'named_at'])
    .where('id', '=', repositoryId)
    .executeTakeFirst();
}

/** The repositories that deliveries or texts have told of, those last heard of first; `assigned`: an open issue is the bot's. */
export async function listKnownRepositories(
  db: Database,
  limit: number,
): Promise<{ id: number; name: string; assigned: boolean }[]> {
  const rows = await db
    .selectFrom('repositories')
    .select(['id', 'full_name as name'])
    .select((eb) => hasIssuesOfBot(eb).as('assigned'))
    .orderBy('named_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, assigned: Boolean(row.assigned) }));
}
