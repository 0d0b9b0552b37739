import { sql, type RawBuilder } from 'kysely';

import { issueEventSchema, type IssueEvent } from '../issue/event.ts';
import type { DeliveryRow } from '../db/schema.ts';
import { emptyRow, type NewDelivery } from '../db/delivery-rows.ts';

/** One webhook POST, authentic and parsed. */
export interface Delivery {
  readonly id: string;
  /** Name in the event header. */
  readonly eventName: string;
  readonly bodyHash: string;
  readonly event: IssueEvent;
}

/** One webhook POST, authentic but not parsed: its bytes are stored. */
export interface RejectedDelivery extends Omit<Delivery, 'event'> {
  readonly raw: Buffer;
  readonly error: string;
}

/** The id of a delivery by its bytes alone. */
export function bytesId(bodyHash: string): string {
  return `body-${bodyHash}`;
}

/** The columns of an event; the issue's text has a column of its own. */
export function eventColumns({ kind, issue }: IssueEvent) {
  return {
    kind,
    repository_id: issue.repositoryId,
    issue_number: issue.number,
    snapshot_at: issue.updatedAt,
    event: JSON.stringify({ kind, issue: { ...issue, body: undefined } }),
    body: issue.body,
  };
}

export function deliveryRow(delivery: Delivery, now: number): NewDelivery {
  return { ...newRow(delivery, now), ...eventColumns(delivery.event) };
}

export function rejectedRow(delivery: RejectedDelivery, now: number): NewDelivery {
  return {
    ...newRow(delivery, now),
    status: 'rejected',
    raw: delivery.raw.toString('base64'),
    raw_size: delivery.raw.length,
    error: delivery.error,
  };
}

function newRow(delivery: Omit<Delivery, 'event'>, now: number): NewDelivery {
  const { id, eventName, bodyHash } = delivery;
  const times = { received_at: now, due_at: now };
  return { ...emptyRow, id, event_name: eventName, body_hash: bodyHash, ...times };
}

const storedEventSchema = issueEventSchema.extend({
  issue: issueEventSchema.shape.issue.omit({ body: true }),
});

/** The event of a stored row. */
export function storedEvent(row: Pick<DeliveryRow, 'event' | 'body'>): IssueEvent {
  const { kind, issue } = storedEventSchema.parse(JSON.parse(row.event ?? 'null'));
  return { kind, issue: { ...issue, body: row.body ?? '' } };
}

/**
 * A status as a literal of the statement instead of a parameter: only then can SQLite use the partial indexes
 * of `deliveries`.
 */
export function statusLiteral(status: DeliveryRow['status']): RawBuilder<DeliveryRow['status']> {
  return sql.lit(status);
}

/** The status of pending and scheduled deliveries. */
export const waiting = statusLiteral('waiting');

/**
 * The statuses of the index of failed deliveries. SQLite uses that index only for statements that contain
 * this condition word for word, whatever other conditions they have.
 */
export const failedStatuses = [statusLiteral('dead'), statusLiteral('rejected')];

/**
 * The event without the issue's text, dated before the snapshot it stems from: the stored text wins over it,
 * and so does an event of the same second.
 */
export function withoutText({ kind, issue }: IssueEvent): IssueEvent {
  return { kind, issue: { ...issue, body: '', updatedAt: issue.updatedAt - 1 } };
}
