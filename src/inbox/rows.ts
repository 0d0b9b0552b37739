import { sql, type RawBuilder } from 'kysely';

import { issueEventSchema, type IssueEvent } from '../issue/event.ts';
import type { DeliveryRow } from '../db/schema.ts';
import type { NewDelivery } from './insert-deliveries.ts';

/** One webhook POST, authentic and parsed. */
export interface Delivery {
  readonly id: string;
  /** Name in the event header. */
  readonly eventName: string;
  readonly bodyHash: string;
  readonly event: IssueEvent;
}

/** One webhook POST, authentic but not parsed: its bytes are stored. */
export interface RejectedDelivery {
  readonly id: string;
  readonly eventName: string;
  readonly bodyHash: string;
  readonly raw: Buffer;
  readonly error: string;
}

/** The columns of an event; the issue's text has a column of its own. */
export function eventColumns({ kind, issue }: IssueEvent) {
  const { body, ...rest } = issue;
  return {
    kind,
    repository_id: issue.repositoryId,
    issue_number: issue.number,
    snapshot_at: issue.updatedAt,
    event: JSON.stringify({ kind, issue: rest }),
    body,
  };
}

export function deliveryRow(delivery: Delivery, now: number): NewDelivery {
  return {
    ...newRow(delivery, now),
    ...eventColumns(delivery.event),
    status: 'waiting',
    raw: null,
    raw_size: 0,
    error: null,
  };
}

export function rejectedRow(delivery: RejectedDelivery, now: number): NewDelivery {
  return {
    ...newRow(delivery, now),
    kind: null,
    repository_id: null,
    issue_number: null,
    snapshot_at: null,
    event: null,
    body: null,
    status: 'rejected',
    raw: delivery.raw.toString('base64'),
    raw_size: delivery.raw.length,
    error: delivery.error,
  };
}

function newRow({ id, eventName, bodyHash }: Delivery | RejectedDelivery, now: number) {
  return {
    id,
    event_name: eventName,
    body_hash: bodyHash,
    received_at: now,
    due_at: now,
    attempts: 0,
    handled_at: null,
  };
}

const storedEventSchema = issueEventSchema.extend({
  issue: issueEventSchema.shape.issue.omit({ body: true }),
});

/** The event of a stored row. */
export function storedEvent(row: Pick<DeliveryRow, 'event' | 'body'>): IssueEvent {
  const { kind, issue } = storedEventSchema.parse(JSON.parse(row.event ?? 'null'));
  return { kind, issue: { ...issue, body: row.body ?? '' } };
}

type StoredStatus = DeliveryRow['status'];

/**
 * A status as a literal of the statement instead of a parameter: only then can SQLite use the partial indexes
 * of `deliveries`.
 */
export function statusLiteral(status: StoredStatus): RawBuilder<StoredStatus> {
  return sql.lit(status);
}

/** The status of pending and scheduled deliveries. */
export const waiting = statusLiteral('waiting');

/**
 * The statuses of the index of failed deliveries. SQLite uses that index only for statements that contain
 * this condition word for word, whatever other conditions they have.
 */
export const failedStatuses = [statusLiteral('dead'), statusLiteral('rejected')];
