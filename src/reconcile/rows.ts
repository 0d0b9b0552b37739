import { sql, type Transaction } from 'kysely';

import type { StoredIssue } from './difference.ts';
import type { FoundChange } from './missed-webhooks.ts';
import type { IssueKey } from '../issue/ref.ts';
import { keyIn } from '../db/key-filter.ts';
import type { WarningCode } from '../issue/warnings.ts';
import type { Database } from '../db/database.ts';
import { itemsOf } from '../db/portable.ts';
import type { Schema } from '../db/schema.ts';
import { parseNames } from '../db/stored-names.ts';

/** Progress of the passes; it survives a restart. */
export interface Progress {
  /** Newest time seen on Gitea, by its clock, up to which all was compared; undefined: nothing yet. */
  readonly watermark: number | undefined;
  /** Last issue of the round that refreshes issues that are not the bot's, or closed. */
  readonly othersUpTo: IssueKey | undefined;
}

/** Progress and counts of all passes; `lastPassAt` is by our clock. */
export async function findReconciliation(db: Database) {
  const row = await db.selectFrom('reconciliation').selectAll().executeTakeFirstOrThrow();
  const { others_repository_id: repositoryId, others_number: number } = row;
  return {
    watermark: row.watermark ?? undefined,
    othersUpTo: repositoryId === null || number === null ? undefined : { repositoryId, number },
    passes: row.passes,
    lastPassAt: row.last_pass_at ?? undefined,
    differences: row.differences,
    missed: row.missed,
  };
}

/** Called in the transaction that puts the differences into the inbox. */
export async function countDifferences(
  transaction: Transaction<Schema>,
  count: number,
): Promise<void> {
  if (count === 0) return;
  await transaction
    .updateTable('reconciliation')
    .set((eb) => ({ differences: eb('differences', '+', count) }))
    .execute();
}

/** Records a finished pass, after all its differences are stored. */
export async function storePass(
  db: Database,
  pass: Progress & { readonly missed: number; readonly now: number },
): Promise<void> {
  await db
    .updateTable('reconciliation')
    .set((eb) => ({
      watermark: pass.watermark ?? null,
      others_repository_id: pass.othersUpTo?.repositoryId ?? null,
      others_number: pass.othersUpTo?.number ?? null,
      passes: eb('passes', '+', 1),
      last_pass_at: pass.now,
      missed: eb('missed', '+', pass.missed),
    }))
    .execute();
}

/** Stored issues, with their texts. */
export async function findStored(
  db: Database,
  issues: readonly IssueKey[],
): Promise<StoredIssue[]> {
  const rows = await selectStored(db)
    .leftJoin('issue_texts', (join) =>
      join
        .onRef('issue_texts.repository_id', '=', 'issues.repository_id')
        .onRef('issue_texts.number', '=', 'issues.number'),
    )
    .select('issue_texts.body')
    .where(keyIn('issues.repository_id', 'issues.number', issues))
    .execute();
  return rows.map((row) => storedIssue(row, row.body ?? undefined));
}

/** The bot's open issues; their blockers that are not among them; all other stored issues. */
export type StoredList = 'open' | 'blockers' | 'others';

/** Stored issues in the order of their keys, without their texts and without deleted ones. */
export async function listStored(
  db: Database,
  which: StoredList,
  { after, limit }: { readonly after: IssueKey | undefined; readonly limit: number },
): Promise<StoredIssue[]> {
  const from = after ?? { repositoryId: 0, number: 0 };
  let query = selectStored(db)
    .where('issues.deleted', '=', 0)
    .where(
      sql<boolean>`(issues.repository_id, issues.number) > (${from.repositoryId}, ${from.number})`,
    );
  query =
    which === 'open'
      ? query.where('issues.open', '=', 1).where('issues.assigned', '=', 1)
      : query.where((eb) => eb.or([eb('issues.open', '=', 0), eb('issues.assigned', '=', 0)]));
  if (which === 'blockers')
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('edges')
          .innerJoin('issues as waiting', (join) =>
            join
              .onRef('waiting.repository_id', '=', 'edges.blocked_repository_id')
              .onRef('waiting.number', '=', 'edges.blocked_number'),
          )
          .select('edges.id')
          .whereRef('edges.blocker_repository_id', '=', 'issues.repository_id')
          .whereRef('edges.blocker_number', '=', 'issues.number')
          .where('waiting.open', '=', 1)
          .where('waiting.assigned', '=', 1)
          .where('waiting.deleted', '=', 0),
      ),
    );
  const rows = await query
    .orderBy('issues.repository_id')
    .orderBy('issues.number')
    .limit(limit)
    .execute();
  return rows.map((row) => storedIssue(row, undefined));
}

/**
 * Whether a webhook reported the issue as of that time, or newer than it was stored. Only webhooks received
 * since `receivedSince`, by our clock, are searched.
 */
export async function wasReported(
  db: Database,
  change: FoundChange,
  receivedSince: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('status', 'in', ['waiting', 'done', 'dead'])
    .where('received_at', '>=', receivedSince)
    .where('repository_id', '=', change.repositoryId)
    .where('issue_number', '=', change.number)
    .where('snapshot_at', '>=', Math.min(change.updatedAt, (change.storedAt ?? -1) + 1))
    .where('kind', '!=', 'refreshed')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function selectStored(db: Database) {
  return db
    .selectFrom('issues')
    .leftJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select([
      'issues.repository_id',
      'issues.number',
      'issues.title',
      'issues.open',
      'issues.merged',
      'issues.deleted',
      'issues.assigned',
      'issues.labels',
      'issues.snapshot_at',
      'issues.snapshot_repository',
      'repositories.full_name',
    ])
    .select(
      sql<number>`case when exists (select 1 from ${itemsOf('issues.own_warnings')}
      where value ->> 'code' = ${'gitea_unreadable' satisfies WarningCode}) then 1 else 0 end`.as(
        'unreadable',
      ),
    );
}

type StoredRow = Awaited<ReturnType<ReturnType<typeof selectStored>['execute']>>[number];

function storedIssue(row: StoredRow, body: string | undefined): StoredIssue {
  return {
    repositoryId: row.repository_id,
    number: row.number,
    repository: row.full_name ?? row.snapshot_repository,
    title: row.title,
    body,
    open: row.open === 1,
    merged: row.merged === null ? undefined : row.merged === 1,
    deleted: row.deleted === 1,
    assigned: row.assigned === 1,
    labels: parseNames(row.labels),
    updatedAt: row.snapshot_at,
    unreadable: row.unreadable > 0,
  };
}
