import { sql } from 'kysely';

import { CoordinatorError } from '../errors.ts';
import { parseJson } from '../lib/text.ts';
import { isoTime } from '../issue/iso-time.ts';
import { formatRef } from '../issue/ref.ts';
import type { Database } from '../db/database.ts';
import type { DeliveryRow } from '../db/schema.ts';
import { failedStatuses, statusLiteral, storedEvent, waiting } from './rows.ts';

export const deliveryStatuses = ['pending', 'scheduled', 'done', 'dead', 'rejected'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** A delivery as operators see it; times are ISO 8601, UTC. */
export interface DeliveryView {
  readonly deliveryId: string;
  readonly status: DeliveryStatus;
  /** Name in the event header. */
  readonly eventName: string;
  /** Kind of the parsed event; null for a rejected delivery. */
  readonly event: string | null;
  readonly ref: string | null;
  readonly receivedAt: string;
  readonly dueAt: string;
  readonly handledAt: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly bodyHash: string;
}

interface ListOptions {
  readonly status?: DeliveryStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly now: number;
}

/** Deliveries, newest first, a page at a time. Throws `invalid_cursor`. */
export async function listDeliveries(db: Database, options: ListOptions) {
  const { status, limit, cursor, now } = options;
  let query = db.selectFrom('deliveries').select(viewColumns).orderBy('seq', 'desc');
  if (cursor !== undefined) query = query.where('seq', '<', parseCursor(cursor));
  if (status === 'pending' || status === 'scheduled') {
    query = query
      .where('status', '=', waiting)
      .where('due_at', status === 'pending' ? '<=' : '>', now);
  } else if (status !== undefined) {
    query = query.where('status', '=', statusLiteral(status));
    if (status !== 'done') query = query.where('status', 'in', failedStatuses);
  }
  const rows = await query.limit(limit + 1).execute();
  const items = rows.slice(0, limit);
  const nextCursor = rows.length > limit ? String(items.at(-1)?.seq ?? '') : null;
  return { items: items.map((row) => viewOf(row, now)), nextCursor };
}

/** One delivery; undefined when there is none with that id. */
export async function findDelivery(
  db: Database,
  id: string,
  now: number,
): Promise<DeliveryView | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select(viewColumns)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : viewOf(row, now);
}

/**
 * What is stored of a delivery beside its view: the event as readable JSON, without the text of its issue, and the
 * size of the bytes that are kept while it is not understood. Undefined when there is none with that id.
 */
export async function findStoredEvent(
  db: Database,
  id: string,
): Promise<{ readonly event: string | null; readonly size: number } | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select(['event', 'raw_size'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { event, raw_size: size } = row;
  return { event: event === null ? null : JSON.stringify(parseJson(event), null, 2), size };
}

/** Whether a webhook was stored since a time (epoch milliseconds), by whichever replica. */
export async function wasReceived(db: Database, since: number): Promise<boolean> {
  const row = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('received_at', '>=', since)
    .where('event_name', '!=', 'refresh')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a delivery of these bytes is stored, other than as rejected or given up. */
export async function isStored(db: Database, bodyHash: string): Promise<boolean> {
  const row = await db
    .selectFrom('deliveries')
    .select('status')
    .where('body_hash', '=', bodyHash)
    // The condition of the index.
    .where('body_hash', '!=', sql.lit(''))
    .executeTakeFirst();
  return row !== undefined && row.status !== 'rejected' && row.status !== 'dead';
}

/**
 * Makes a delivery due now, in any status; handling it twice does no harm. The service parses a rejected one
 * again. One statement, so that a command can replay beside a running service. Returns the delivery, or
 * undefined when there is none with that id; throws `bytes_not_kept`.
 */
export async function replayDelivery(
  db: Database,
  id: string,
  now: number,
): Promise<DeliveryView | undefined> {
  await db
    .updateTable('deliveries')
    .set({ status: 'waiting', due_at: now, attempts: 0, handled_at: null, error: null })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('event', 'is not', null), eb('raw', 'is not', null)]))
    .execute();
  const view = await findDelivery(db, id, now);
  if (view?.status === 'rejected') {
    const message = `The bytes of delivery ${id} are no longer kept. Replay it from the history page of the hook in Gitea.`;
    throw new CoordinatorError('bytes_not_kept', message);
  }
  return view;
}

const viewColumns = [
  'seq',
  'id',
  'status',
  'event_name',
  'kind',
  'event',
  'received_at',
  'due_at',
  'handled_at',
  'attempts',
  'error',
  'body_hash',
] as const;

type ViewRow = Pick<DeliveryRow, (typeof viewColumns)[number]>;

function viewOf(row: ViewRow, now: number): DeliveryView {
  return {
    deliveryId: row.id,
    status: row.status === 'waiting' ? (row.due_at <= now ? 'pending' : 'scheduled') : row.status,
    eventName: row.event_name,
    event: row.kind,
    ref: refOf(row),
    receivedAt: isoTime(row.received_at),
    dueAt: isoTime(row.due_at),
    handledAt: row.handled_at === null ? null : isoTime(row.handled_at),
    attempts: row.attempts,
    error: row.error,
    bodyHash: row.body_hash,
  };
}

function refOf({ event }: ViewRow): string | null {
  if (event === null) return null;
  try {
    return formatRef(storedEvent({ event, body: null }).issue);
  } catch {
    // Stored by another version; people can still see and replay it.
    return null;
  }
}

function parseCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new CoordinatorError('invalid_cursor', 'cursor is not one that this list gave out.');
}

/** The ids of the newest deliveries that were given up. */
export async function findDead(db: Database, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('id')
    .where('status', '=', statusLiteral('dead'))
    .where('status', 'in', failedStatuses)
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}
