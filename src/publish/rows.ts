import { sql, type RawBuilder, type Transaction } from 'kysely';

import type { IssueKey } from '../issue/ref.ts';
import { keyIn, ofIssue } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import type { PublicationRow, Schema } from '../db/schema.ts';

/** An issue whose comment or label on Gitea may be outdated, as of when it was read. */
export interface DueIssue extends IssueKey {
  readonly revision: number;
  readonly published: number;
  /** Open requests to verify the comment and the label on Gitea. */
  readonly verificationRequests: number;
}

/** Word for word the condition of the index `issues_to_publish`. */
const isDue = sql<boolean>`(published <> revision or verification_requests > 0)`;

/** Issues to publish whose time has come, the newest change first, without those in work (`except`). */
export function dueIssues(
  db: Database,
  { now, limit, except }: { now: number; limit: number; except: readonly IssueKey[] },
): Promise<DueIssue[]> {
  let query = db
    .selectFrom('issues')
    .leftJoin('publications', (join) =>
      join
        .onRef('publications.repository_id', '=', 'issues.repository_id')
        .onRef('publications.number', '=', 'issues.number'),
    )
    .select(['issues.repository_id as repositoryId', 'issues.number', 'revision', 'published'])
    .select('verification_requests as verificationRequests')
    .where(isDue)
    .where((eb) => eb.or([eb('due_at', 'is', null), eb('due_at', '<=', now)]))
    .where((eb) => eb.or([eb('paused_until', 'is', null), eb('paused_until', '<=', now)]))
    .where((eb) => eb.not(awaitsBlocker(now)));
  if (except.length > 0)
    query = query.where((eb) => eb.not(keyIn('issues.repository_id', 'issues.number', except)));
  // No further sorting: the index returns them in this order, however many changed at the same time.
  return query.orderBy('changed_at', 'desc').limit(limit).execute();
}

/** Time by which a refresh may be due later: the caller may have waited for the transaction that requested it. */
const refreshWithinMs = 1_000;

/**
 * A blocker is unknown and its refresh is due: a comment would be outdated in a moment, and Gitea sends a
 * first comment also by mail.
 */
function awaitsBlocker(now: number): RawBuilder<boolean> {
  return sql<boolean>`(reason_code = 'unknown_blockers' and exists (select 1 from edges
    join deliveries on deliveries.repository_id = blocker_repository_id
      and deliveries.issue_number = blocker_number
    where blocked_repository_id = issues.repository_id and blocked_number = issues.number
      and deliveries.status = 'waiting' and deliveries.due_at <= ${now + refreshWithinMs}))`;
}

/** The comment and the label of an issue on Gitea, as far as they are known, and failures to write them. */
export type Publication = Omit<PublicationRow, keyof ReturnType<typeof columnsOf>>;

const nothing: Publication = {
  comment_id: null,
  comment_uncertain: 0,
  comment_hash: null,
  label: null,
  label_uncertain: 0,
  label_refused: 0,
  comment_deletions: 0,
  attempts: 0,
  due_at: null,
  paused_until: null,
  error: null,
  comment_at: null,
  label_at: null,
};

/** All null or 0 if nothing was ever written. */
export async function findPublication(db: Database, issue: IssueKey): Promise<Publication> {
  const row = await db
    .selectFrom('publications')
    .select(['comment_id', 'comment_uncertain', 'comment_hash', 'comment_deletions'])
    .select(['label', 'label_uncertain', 'label_refused'])
    .select(['attempts', 'due_at', 'paused_until', 'error', 'comment_at', 'label_at'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  return row ?? nothing;
}

/** Records a write, or why there was none. */
export async function storePublication(
  db: Database,
  issue: IssueKey,
  changes: Partial<Publication>,
): Promise<void> {
  await db
    .insertInto('publications')
    .values({ ...nothing, ...changes, ...columnsOf(issue) })
    .onConflict((conflict) => conflict.columns(['repository_id', 'number']).doUpdateSet(changes))
    .execute();
}

/**
 * Records that this revision is on Gitea and verified. Another change, or another request to verify it,
 * since the issue was read leaves it due.
 */
export async function markPublished(db: Database, due: DueIssue): Promise<void> {
  await db
    .updateTable('issues')
    .set({ published: due.revision, verification_requests: 0 })
    .where(ofIssue(due))
    .where('published', '=', due.published)
    .where('verification_requests', '=', due.verificationRequests)
    .execute();
}

/**
 * Requests verification of issues where somebody may have changed our comment or label. Requests are
 * counted, so that one that comes during a verification is not taken for answered by it.
 */
export async function requestVerification(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<void> {
  if (issues.length === 0) return;
  await transaction
    .updateTable('issues')
    .set({ verification_requests: oneMore })
    .where(keyIn('repository_id', 'number', issues))
    .where(hasPublication)
    .execute();
}

/**
 * The same for every open issue that may have our comment or label. Closed issues grow without end: only an
 * event makes us verify one.
 */
export async function requestVerificationOfAll(transaction: Transaction<Schema>): Promise<void> {
  await transaction
    .updateTable('issues')
    .set({ verification_requests: oneMore })
    .where('open', '=', 1)
    .where(hasPublication)
    .execute();
}

/** Writes again what could not be written to a repository: it is open again. */
export async function publishRepositoryAgain(
  transaction: Transaction<Schema>,
  repositoryId: number,
): Promise<void> {
  await transaction
    .updateTable('publications')
    .set({ due_at: null })
    .where('repository_id', '=', repositoryId)
    .where('due_at', 'is not', null)
    .execute();
  await transaction
    .updateTable('issues')
    .set({ verification_requests: oneMore })
    .where('repository_id', '=', repositoryId)
    .where(hasPublication)
    .execute();
}

const oneMore = sql<number>`verification_requests + 1`;
const hasPublication = sql<boolean>`exists (select 1 from publications
  where publications.repository_id = issues.repository_id and publications.number = issues.number
    and (comment_id is not null or comment_uncertain = 1
      or label is not null or label_uncertain = 1))`;

/** A person has assigned the issue to the bot: a comment that was deleted before may be created again. */
export async function forgetDeletedComment(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<void> {
  await transaction
    .updateTable('publications')
    .set({ comment_deletions: 0 })
    .where(ofIssue(issue))
    .where('comment_deletions', '>', 0)
    .execute();
}

/** Retries refused issues at once: the token or the access to the repository may have changed. */
export async function retryRefused(db: Database): Promise<void> {
  await db
    .updateTable('publications')
    .set({ due_at: null })
    .where(isTroubled)
    .where('due_at', 'is not', null)
    .execute();
}

/** The longest pause of an issue after refusals or a storm. */
const longestPauseMs = 3_600_000;

/** Cuts pauses that a clock far ahead has left. */
export async function boundPostponements(
  transaction: Transaction<Schema>,
  now: number,
): Promise<void> {
  const latest = now + longestPauseMs;
  for (const column of ['due_at', 'paused_until'] as const)
    await transaction
      .updateTable('publications')
      .set({ [column]: latest })
      .where(isTroubled)
      .where(column, '>', latest)
      .execute();
}

/** For health. `pending`: issues whose comment or label may be outdated, paused and failing ones included. */
export async function countPublications(db: Database, now: number) {
  const { pending } = await db
    .selectFrom('issues')
    .select((eb) => eb.fn.countAll<number>().as('pending'))
    .where(isDue)
    .executeTakeFirstOrThrow();
  const { paused, failing } = await db
    .selectFrom('publications')
    .select((eb) => [
      eb.fn.count<number>(eb.case().when('paused_until', '>', now).then(1).end()).as('paused'),
      eb.fn.count<number>(eb.case().when('attempts', '>', 0).then(1).end()).as('failing'),
    ])
    .where(isTroubled)
    .executeTakeFirstOrThrow();
  return { pending, paused, failing };
}

/** Word for word the condition of the index `publications_troubled`. */
const isTroubled = sql<boolean>`(attempts > 0 or paused_until is not null)`;

function columnsOf({ repositoryId, number }: IssueKey) {
  return { repository_id: repositoryId, number };
}
