import { sql, type RawBuilder, type Transaction } from 'kysely';

import type { IssueKey } from '../issue/ref.ts';
import { keyIn, ofIssue } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import type { PublicationRow, Schema } from '../db/schema.ts';

/** An issue of which people may see something else than what is stored, as it was when it was read. */
export interface DueIssue extends IssueKey {
  readonly revision: number;
  /** The revision last published; below 0: what stands on Gitea has to be looked at. */
  readonly published: number;
}

interface DueOptions {
  readonly now: number;
  readonly limit: number;
  /** Not these, which are in work. */
  readonly except: readonly IssueKey[];
}

/** Word for word the condition of its index, which holds nothing but these. */
const isDue = sql<boolean>`published <> revision`;

/** Issues that are to be published and wait for no time, the newest change first. */
export function dueIssues(db: Database, { now, limit, except }: DueOptions): Promise<DueIssue[]> {
  let query = db
    .selectFrom('issues')
    .leftJoin('publications', (join) =>
      join
        .onRef('publications.repository_id', '=', 'issues.repository_id')
        .onRef('publications.number', '=', 'issues.number'),
    )
    .select(['issues.repository_id as repositoryId', 'issues.number', 'revision', 'published'])
    .where(isDue)
    .where((eb) => eb.or([eb('due_at', 'is', null), eb('due_at', '<=', now)]))
    .where((eb) => eb.or([eb('paused_until', 'is', null), eb('paused_until', '<=', now)]))
    .where((eb) => eb.not(isAboutToBeKnown(now)));
  if (except.length > 0)
    query = query.where((eb) => eb.not(keyIn('issues.repository_id', 'issues.number', except)));
  // Nothing further: the index gives them in this order, however many changed at the same time.
  return query.orderBy('changed_at', 'desc').limit(limit).execute();
}

/** By the clock of the caller, who may have waited for the transaction that planned the look. */
const lookWithinMs = 1_000;

/**
 * Of a blocker nothing is known, and a look at it is due: what people would be told is outdated in a moment,
 * and a first comment is also sent to them by mail.
 */
function isAboutToBeKnown(now: number): RawBuilder<boolean> {
  return sql<boolean>`(reason_code = 'unknown_blockers' and exists (select 1 from edges
    join deliveries on deliveries.repository_id = blocker_repository_id
      and deliveries.issue_number = blocker_number
    where blocked_repository_id = issues.repository_id and blocked_number = issues.number
      and deliveries.status = 'waiting' and deliveries.due_at <= ${now + lookWithinMs}))`;
}

/** What was written to Gitea about an issue, as far as it is known. */
export type Publication = Omit<PublicationRow, keyof ReturnType<typeof columnsOf>>;

const nothing: Publication = {
  comment_id: null,
  comment_hash: null,
  label: null,
  remade: 0,
  attempts: 0,
  due_at: null,
  paused_until: null,
  error: null,
};

/** All null or 0 when nothing was ever written. */
export async function findPublication(db: Database, issue: IssueKey): Promise<Publication> {
  const row = await db
    .selectFrom('publications')
    .select(['comment_id', 'comment_hash', 'label', 'remade'])
    .select(['attempts', 'due_at', 'paused_until', 'error'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  return row ?? nothing;
}

/** Notes what was written, or why nothing was. */
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
 * Notes that this revision stands on Gitea. Whatever happened since the issue was read, another change or
 * another request to look, leaves it due.
 */
export async function markPublished(db: Database, due: DueIssue): Promise<void> {
  await db
    .updateTable('issues')
    .set({ published: due.revision })
    .where(ofIssue(due))
    .where('published', '=', due.published)
    .execute();
}

/**
 * Somebody may have changed what we wrote below these issues: it is looked at. Each request counts one
 * further down, so that one that comes during a look is not taken for done with it.
 */
export async function requestVerification(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<void> {
  if (issues.length === 0) return;
  await transaction
    .updateTable('issues')
    .set({ published: oneFurtherDown })
    .where(keyIn('repository_id', 'number', issues))
    .where(hasPublication)
    .execute();
}

/**
 * The same for every open issue below which something of ours may stand. Closed ones grow without end, and
 * what somebody does to them is told by an event or not at all.
 */
export async function requestVerificationOfAll(transaction: Transaction<Schema>): Promise<void> {
  await transaction
    .updateTable('issues')
    .set({ published: oneFurtherDown })
    .where('open', '=', 1)
    .where(hasPublication)
    .execute();
}

const oneFurtherDown = sql<number>`min(published, 0) - 1`;
const hasPublication = sql<boolean>`exists (select 1 from publications
  where publications.repository_id = issues.repository_id and publications.number = issues.number
    and (comment_id is not null or label is not null))`;

/** A person has given the issue to the bot: a comment that was deleted before may be made again. */
export async function forgetDeletedComment(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<void> {
  await transaction
    .updateTable('publications')
    .set({ remade: 0 })
    .where(ofIssue(issue))
    .where('remade', '>', 0)
    .execute();
}

/** The token or the repository may be another one now: what was refused is tried again at once. */
export async function retryRefused(db: Database): Promise<void> {
  await db
    .updateTable('publications')
    .set({ due_at: null })
    .where(isTroubled)
    .where('due_at', 'is not', null)
    .execute();
}

export interface PublicationCounts {
  /** Issues of which people may see something outdated, those below included. */
  readonly pending: number;
  readonly paused: number;
  readonly failing: number;
}

/** For health. */
export async function countPublications(db: Database, now: number): Promise<PublicationCounts> {
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

/** Word for word the condition of its index. */
const isTroubled = sql<boolean>`attempts > 0 or paused_until is not null`;

function columnsOf({ repositoryId, number }: IssueKey) {
  return { repository_id: repositoryId, number };
}
