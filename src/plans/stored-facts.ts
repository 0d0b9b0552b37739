import { sql, type RawBuilder, type Transaction } from 'kysely';
import { z } from 'zod';

import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import { withNumber } from '../db/portable.ts';
import type { IssueRow, Schema } from '../db/schema.ts';
import { parseNames } from '../db/stored-names.ts';
import type { IssueFacts } from '../issue/facts.ts';
import type { KnownLabels } from '../issue/own-marks.ts';
import type { IssueKey } from '../issue/ref.ts';
import { dateBounds } from '../issue/snapshot-dates.ts';

/** The stored facts of an issue; undefined when no event has reported it. */
export async function findFacts(db: Database, key: IssueKey): Promise<IssueFacts | undefined> {
  const row = await db
    .selectFrom('issues')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('issue_texts')
        .select('body')
        .whereRef('issue_texts.repository_id', '=', 'issues.repository_id')
        .whereRef('issue_texts.number', '=', 'issues.number')
        .as('text'),
    )
    .where(ofIssue(key))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const text = row.deleted === 1 ? '' : (row.text ?? (await deliveredText(db, row)));
  return {
    repositoryId: row.repository_id,
    repository: row.snapshot_repository,
    number: row.number,
    title: row.title,
    body: text ?? '',
    bodyCut: row.body_cut === 1,
    ...(text === undefined ? { textMissing: true } : {}),
    open: row.open === 1,
    deleted: row.deleted === 1,
    assignees: parseNames(row.assignees),
    labels: parseNames(row.labels),
    updatedAt: row.snapshot_at,
    ...(row.merged === null ? {} : { merged: row.merged === 1 }),
    labelsUpdatedAt: row.labels_at,
  };
}

/** Labels of an issue, as its newest waiting delivery has them, else as stored; undefined when none was handled. */
export async function findLabels(db: Database, key: IssueKey): Promise<KnownLabels | undefined> {
  const row = await db
    .selectFrom('issues')
    .select(['labels', 'assigned'])
    .where(ofIssue(key))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const newest = await db
    .selectFrom('deliveries')
    .select('event')
    .where('repository_id', '=', key.repositoryId)
    .where('issue_number', '=', key.number)
    .where('status', '=', sql.lit('waiting'))
    // A refresh carries no labels.
    .where('kind', '!=', 'refreshed')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const labels = newest === undefined ? parseNames(row.labels) : labelsOfEvent(newest.event);
  return { labels, assigned: row.assigned === 1 };
}

const waitingSchema = z.object({ issue: z.object({ labels: z.array(z.string()).nullable() }) });

/** The labels of a stored event; undefined: it says nothing about them. */
export function labelsOfEvent(event: string | null): readonly string[] | undefined {
  const parsed = waitingSchema.safeParse(JSON.parse(event ?? 'null'));
  return parsed.success ? (parsed.data.issue.labels ?? undefined) : undefined;
}

/** The text of a stored snapshot from its newest delivery; refreshes may lack it. */
async function deliveredText(db: Database, row: IssueRow): Promise<string | undefined> {
  const delivery = await db
    .selectFrom('deliveries')
    .select('body')
    .where('repository_id', '=', row.repository_id)
    .where('issue_number', '=', row.number)
    .where('snapshot_at', '=', row.snapshot_at)
    .where('body', 'is not', null)
    .where('kind', '!=', 'refreshed')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return delivery?.body ?? undefined;
}

/**
 * Dates stored snapshots as if they came now, where they are of the future: the clock that believed them was put
 * back. A delivery whose text or event is still needed is dated as its issue is. A group of deliveries in work
 * meanwhile keeps its date until the next start.
 */
export async function boundSnapshotDates(
  transaction: Transaction<Schema>,
  now: number,
): Promise<void> {
  const { unmarked, believed, received } = dateBounds(now);
  const bounded = (date: RawBuilder<number>, latest: RawBuilder<number>) => sql<number>`
    case when ${date} > ${believed} then ${latest}
    when ${date} > ${unmarked} and ${date} % 1000 = 0 then ${date} + (${date} - ${now}) / 1000
    else ${date} end`;
  const cut = sql<number>`${received}`;
  const snapshotAt = sql<number>`snapshot_at`;
  await transaction
    .updateTable('issues')
    .set({
      snapshot_at: bounded(snapshotAt, cut),
      labels_at: bounded(sql<number>`labels_at`, cut),
    })
    .where((eb) => eb.or([eb('snapshot_at', '>', unmarked), eb('labels_at', '>', unmarked)]))
    .execute();
  // A refresh stays older than the snapshot from which it stems.
  const ofDelivery = bounded(
    snapshotAt,
    sql`${received} - case when kind = 'refreshed' then 1 else 0 end`,
  );
  await transaction
    .updateTable('deliveries')
    .set({
      snapshot_at: ofDelivery,
      event: withNumber('event', ['issue', 'updatedAt'], ofDelivery),
    })
    .where((eb) =>
      eb.or([
        eb('status', '=', sql.lit('waiting')),
        eb.and([eb('status', '=', sql.lit('done')), eb('body', 'is not', null)]),
      ]),
    )
    .where('snapshot_at', '>', unmarked)
    .execute();
}
