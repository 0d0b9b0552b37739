import { issueEventSchema, type IssueEvent } from '../issue/event.ts';
import type { DeliveryRow } from '../db/schema.ts';
import type { NewDelivery } from './insert-deliveries.ts';

/** One webhook POST, authentic and understood. */
export interface Delivery {
  readonly id: string;
  /** Name in the event header. */
  readonly eventName: string;
  readonly bodyHash: string;
  readonly event: IssueEvent;
}

/** One webhook POST, authentic but not understood: its bytes are kept. */
export interface RejectedDelivery {
  readonly id: string;
  readonly eventName: string;
  readonly bodyHash: string;
  readonly raw: Buffer;
  readonly error: string;
}

/** The columns an event fills; the issue's text stands apart from the rest. */
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

/** Puts the event of a stored row together again. */
export function storedEvent(row: Pick<DeliveryRow, 'event' | 'body'>): IssueEvent {
  const { kind, issue } = storedEventSchema.parse(JSON.parse(row.event ?? 'null'));
  return { kind, issue: { ...issue, body: row.body ?? '' } };
}
