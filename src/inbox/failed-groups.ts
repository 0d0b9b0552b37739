import type { Database } from '../db/database.ts';
import { isoTime } from '../issue/iso-time.ts';
import { failedStatuses, statusLiteral } from './rows.ts';

/** Deliveries that failed in the same way: those given up on one issue, or those that were not understood. */
export interface FailedGroup {
  readonly status: 'dead' | 'rejected';
  readonly count: number;
  /** Of the newest: the name in the event header, and the kind of the event if it was understood. */
  readonly eventName: string;
  readonly event: string | null;
  /** Null where no issue was understood. */
  readonly issue: { readonly repository: string; readonly number: number } | null;
  readonly error: string | null;
  /** The newest of them. */
  readonly deliveryId: string;
  readonly receivedAt: string;
}

/** Groups read at once. */
const maxGroups = 200;

/**
 * Deliveries that were given up, and those since a time that were not understood, by issue and cause: the newest
 * first. One query over the index of failed deliveries, which is short.
 */
export async function listFailedGroups(db: Database, since: number): Promise<FailedGroup[]> {
  const groups = db
    .selectFrom('deliveries')
    .select(['status', 'event_name', 'kind', 'repository_id', 'issue_number', 'error'])
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.max('seq').as('newest')])
    .where('status', 'in', failedStatuses)
    .where((eb) =>
      eb.or([eb('status', '=', statusLiteral('dead')), eb('received_at', '>=', since)]),
    )
    .groupBy(['status', 'event_name', 'kind', 'repository_id', 'issue_number', 'error'])
    .orderBy('newest', 'desc')
    .limit(maxGroups)
    .as('failed');
  const rows = await db
    .selectFrom(groups)
    .innerJoin('deliveries', 'deliveries.seq', 'failed.newest')
    .leftJoin('repositories', 'repositories.id', 'failed.repository_id')
    .select(['failed.status', 'failed.event_name', 'failed.kind', 'failed.issue_number'])
    .select(['failed.error', 'count', 'full_name', 'deliveries.id', 'deliveries.received_at'])
    .orderBy('newest', 'desc')
    .execute();
  const views = rows.map((row): FailedGroup => ({
    status: row.status === 'dead' ? 'dead' : 'rejected',
    count: row.count,
    eventName: row.event_name,
    event: row.kind,
    issue:
      row.full_name === null || row.issue_number === null
        ? null
        : { repository: row.full_name, number: row.issue_number },
    error: row.error,
    deliveryId: row.id,
    receivedAt: isoTime(row.received_at),
  }));
  return [...Map.groupBy(views, wayOf).values()].flatMap(merged);
}

/** Whatever an issue was told of, it failed in one way: what counts is its error. */
function wayOf({ status, event, eventName, issue, error }: FailedGroup): string {
  return JSON.stringify([status, error, issue ?? [event, eventName]]);
}

/** The newest first. */
function merged(groups: readonly FailedGroup[]): FailedGroup[] {
  const [newest] = groups;
  if (newest === undefined) return [];
  return [{ ...newest, count: groups.reduce((sum, { count }) => sum + count, 0) }];
}
