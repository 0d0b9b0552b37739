import type { ExpressionBuilder, Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { RepositoryFacts } from '../issue/repository-facts.ts';

export type StoredRepository = NonNullable<Awaited<ReturnType<typeof findRepository>>>;

export function findRepository(db: Database, id: number) {
  return db.selectFrom('repositories').selectAll().where('id', '=', id).executeTakeFirst();
}

/** What is stored of a repository of which no delivery has told more than the name. */
export const noFacts: StoredFacts = { archived: 0, visibility: null, facts_at: -1 };

type StoredFacts = Pick<StoredRepository, 'archived' | 'visibility' | 'facts_at'>;

/**
 * The facts of a repository after a report of it, which counts unless something newer is stored. `at` is Gitea's time
 * of the report, while an answer of Gitea is dated by our clock: the two are close enough, and the next answer
 * puts right what they confuse.
 */
export function newerFacts(
  stored: StoredFacts,
  reported: RepositoryFacts | undefined,
  at: number,
): StoredFacts {
  if (reported === undefined || stored.facts_at > at) return stored;
  const { archived, visibility } = reported;
  return {
    archived: archived ? 1 : 0,
    visibility: visibility ?? stored.visibility,
    facts_at: at,
  };
}

/** A repository as Gitea describes it to the bot. */
export interface RepositoryAnswer extends RepositoryFacts {
  readonly name: string;
  readonly hasIssues: boolean;
  readonly permissions: { readonly push: boolean };
}

interface AskedRepository {
  readonly repositoryId: number;
  /** Its last known name. */
  readonly repository: string;
  readonly publishes: boolean;
  readonly writeRefused: boolean;
  readonly at: number;
}

/**
 * Stores an answer of Gitea about a repository; undefined: the bot may not see it. True: it was shut or opened.
 *
 * That the bot may read proves access, unless it has lost the right to write: a public repository can be read
 * by everybody. Who had no such right from the start, and is refused nothing, is left alone.
 */
export async function storeRepositoryAnswer(
  transaction: Transaction<Schema>,
  { repositoryId: id, repository, publishes, writeRefused, at }: AskedRepository,
  answer: RepositoryAnswer | undefined,
): Promise<boolean> {
  await insertIfNew(transaction, id, answer?.name ?? repository);
  const before = await findRepository(transaction, id);
  if (before === undefined) return false;
  const lostWrite =
    answer !== undefined &&
    publishes &&
    !answer.permissions.push &&
    (writeRefused || before.write_refused === 1 || before.can_push === 1);
  const isReadable = answer?.hasIssues === true;
  const after = {
    access: isReadable && !lostWrite ? 1 : 0,
    write_refused: lostWrite ? 1 : 0,
    can_push: answer === undefined ? before.can_push : answer.permissions.push ? 1 : 0,
    archived: answer === undefined ? before.archived : answer.archived ? 1 : 0,
    visibility: answer?.visibility ?? before.visibility,
  };
  await transaction
    .updateTable('repositories')
    .set({ ...after, checked_at: at, facts_at: Math.max(at, before.facts_at) })
    .where('id', '=', id)
    .execute();
  return after.access !== before.access || after.archived !== before.archived;
}

/** Its first event gives it its name again, dated. */
async function insertIfNew(
  transaction: Transaction<Schema>,
  id: number,
  name: string,
): Promise<void> {
  const lower_name = name.toLowerCase();
  await transaction
    .insertInto('repositories')
    .values({ id, full_name: name, lower_name, named_at: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** The bot's open issues of a repository. */
export function openIssuesOf(db: Database, repositoryId: number): Promise<IssueKey[]> {
  return db
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('repository_id', '=', repositoryId)
    .where('open', '=', 1)
    .where('deleted', '=', 0)
    .where('assigned', '=', 1)
    .execute();
}

/** Condition for repositories in which an open issue is the bot's. */
export function hasIssuesOfBot(eb: ExpressionBuilder<Schema, 'repositories'>) {
  return eb.exists(
    eb
      .selectFrom('issues')
      .select('issues.number')
      .whereRef('issues.repository_id', '=', 'repositories.id')
      .where('issues.assigned', '=', 1)
      .where('issues.open', '=', 1)
      .where('issues.deleted', '=', 0),
  );
}

/** Repositories with open issues of the bot; `shutOnly`: those in which nothing is handed out. */
export async function listRepositoriesOfBot(
  db: Database,
  { shutOnly, limit }: { readonly shutOnly: boolean; readonly limit: number },
): Promise<{ repositoryId: number; repository: string }[]> {
  let query = db
    .selectFrom('repositories')
    .select(['id as repositoryId', 'full_name as repository'])
    .where(hasIssuesOfBot);
  if (shutOnly) query = query.where((eb) => eb.or([eb('access', '=', 0), eb('archived', '=', 1)]));
  return query.orderBy('checked_at').limit(limit).execute();
}
