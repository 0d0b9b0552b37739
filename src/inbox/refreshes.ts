import { randomUUID } from 'node:crypto';

import { sql, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { keyIn } from '../db/key-filter.ts';
import type { DeliveryRow, Schema } from '../db/schema.ts';
import type { IssueEvent } from '../issue/event.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { longestDelayMs } from './backoff.ts';
import type { DeliveryGroup, QueueState } from './queue.ts';
import { deliveryRow, waiting, withoutText } from './rows.ts';

/**
 * A refresh is a delivery of our own: it makes the service read an issue again. A requested or scheduled one
 * has no text and is dated before the snapshot it stems from, so the stored text wins over it, and so does an
 * event of the same second.
 */

/** Delay of the first refresh of a chain; each further one waits twice as long, up to `longestDelayMs`. */
const firstDelayMs = 30_000;
/** Minimum gap between refreshes that are brought forward: one that asks nobody must not bring on the next at once. */
const minGapMs = 5_000;

/**
 * Refreshes of one issue within a minute from which duplicates have to wait, and for how long: whoever repeats
 * a captured delivery must not make the service repeat its questions to Gitea.
 */
const refreshesPerMinute = 10;
const duplicateDelayMs = 10_000;

type Clock = Readonly<{ now: () => number }>;

/** Adds refreshes that are due now, in the transaction that stores their cause. */
export async function addRefreshes(
  { now }: Clock,
  transaction: Transaction<Schema>,
  events: readonly IssueEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => refreshRow(event, now()));
  await transaction.insertInto('deliveries').values(rows).execute();
}

/**
 * Schedules the next refresh of an issue, in the transaction that stores the effect of `group`. Any newer
 * delivery of the issue takes a scheduled refresh along at once, so there is never more than one.
 */
export async function scheduleRefresh(
  { now }: Clock,
  transaction: Transaction<Schema>,
  event: IssueEvent,
  group: DeliveryGroup,
): Promise<void> {
  const doubled = group.deliveries
    .filter(({ kind }) => kind === 'refreshed')
    .map((member) => 2 * (member.due_at - member.received_at));
  const delayMs = Math.min(Math.max(firstDelayMs, ...doubled), longestDelayMs);
  await transaction
    .insertInto('deliveries')
    .values({ ...refreshRow(withoutText(event), now()), due_at: now() + delayMs })
    .execute();
}

/**
 * Makes one refresh of each issue due now: a waiting one, or else a new one. It needs no transaction. When two
 * replicas do it at once, an issue gets two refreshes, which are handled as one group; and one that was handled since
 * it was read here was handled after the cause of the request, or was under way, as with one replica.
 */
export async function requestRefreshes(
  { now }: Clock,
  connection: Database,
  events: readonly IssueEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const refreshes = await waitingOf(connection, events).where('kind', '=', 'refreshed').execute();
  await connection
    .updateTable('deliveries')
    .set({ due_at: now() })
    .where('seq', 'in', seqs(refreshes))
    .where('due_at', '>', now())
    .execute();
  const rows = withoutWaiting(events, refreshes).map((event) =>
    refreshRow(withoutText(event), now()),
  );
  if (rows.length > 0) await connection.insertInto('deliveries').values(rows).execute();
}

/**
 * Adds refreshes of issues that differ on Gitea, in a transaction; returns the issues that were added. An
 * issue with a waiting delivery is not added: the delivery is made due, unless its handling failed before,
 * because its handler asks Gitea later than the finder of the difference did. A group in work may have asked
 * earlier and does not count; `inWork` holds its last delivery by issue, and the other replicas tell theirs.
 */
export async function addDifferences(
  state: Pick<QueueState, 'now' | 'replica'>,
  transaction: Transaction<Schema>,
  events: readonly IssueEvent[],
  inWork: ReadonlyMap<string, number>,
): Promise<IssueKey[]> {
  const now = state.now();
  const issues = events.map(({ issue }) => issue);
  const elsewhere = new Set(((await state.replica?.heldElsewhere(issues)) ?? []).map(keyOf));
  const rows = await waitingOf(transaction, events).execute();
  const ahead = rows.filter(
    (row) => row.seq > (inWork.get(rowKey(row)) ?? 0) && !elsewhere.has(rowKey(row)),
  );
  await transaction
    .updateTable('deliveries')
    .set({ due_at: now })
    .where('seq', 'in', seqs(ahead))
    .where('due_at', '>', now)
    .where('attempts', '=', 0)
    .execute();
  const added = withoutWaiting(events, ahead);
  await addRefreshes(state, transaction, added);
  return added.map(({ issue }) => issue);
}

/**
 * Makes sure that one scheduled refresh is due by `at`: it then asks whether the service that all of them
 * wait for is back. The one scheduled first goes first, so each has its turn. That of a text which could not
 * be read asks nobody.
 */
export async function bringRefreshForward(
  { now }: Clock,
  transaction: Transaction<Schema>,
  at: number,
): Promise<void> {
  const dueAt = Math.max(at, now() + minGapMs);
  const refresh = await transaction
    .selectFrom('deliveries')
    .select(['seq', 'due_at'])
    .where('status', '=', waiting)
    .where('kind', '=', 'refreshed')
    .where('due_at', '>', now())
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('issues')
            .select('number')
            .whereRef('issues.repository_id', '=', 'deliveries.repository_id')
            .whereRef('issues.number', '=', 'deliveries.issue_number')
            .where('unreadable', 'is not', null),
        ),
      ),
    )
    .orderBy((eb) => eb('due_at', '>', dueAt))
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  if (refresh === undefined || refresh.due_at <= dueAt) return;
  await transaction
    .updateTable('deliveries')
    .set({ due_at: dueAt })
    .where('seq', '=', refresh.seq)
    .execute();
}

/** Makes all scheduled refreshes due now: the service they waited for is back. */
export async function makeRefreshesDue({ now }: Clock, connection: Database): Promise<void> {
  await connection
    .updateTable('deliveries')
    .set({ due_at: now() })
    .where('status', '=', waiting)
    .where('kind', '=', 'refreshed')
    .where('due_at', '>', now())
    .execute();
}

/**
 * Adds a refresh after a delivery whose bytes came before. That may be a replay, or a person who wants the
 * issue looked at again; and assigned, unassigned and assigned again within one second give equal bytes twice.
 * None is needed while the first one waits to be handled and nothing came after it. Returns whether one is due.
 *
 * It needs no transaction, and takes none: whoever repeats deliveries must not hold up the decisions of all replicas.
 * Accepted race: replicas that count at once may each add one, so there may be one more in a minute for each replica.
 */
export async function refreshAfterDuplicate(
  { now }: Clock,
  connection: Database,
  event: IssueEvent,
  bodyHash: string,
): Promise<boolean> {
  const { repositoryId, number } = event.issue;
  const first = await connection
    .selectFrom('deliveries')
    .select(['seq', 'status'])
    .where('body_hash', '=', bodyHash)
    .where('body_hash', '!=', sql.lit(''))
    .executeTakeFirst();
  if (first === undefined) return false;
  const ofIssue = connection
    .selectFrom('deliveries')
    .select(['seq', 'due_at'])
    .where('repository_id', '=', repositoryId)
    .where('issue_number', '=', number);
  const later = ofIssue.where('kind', '!=', 'refreshed').where('seq', '>', first.seq).limit(1);
  if (first.status === 'waiting' && (await later.executeTakeFirst()) === undefined) return false;
  const recent = await ofIssue
    .where('kind', '=', 'refreshed')
    .where('received_at', '>', now() - 60_000)
    .execute();
  const delayMs = recent.length < refreshesPerMinute ? 0 : duplicateDelayMs;
  if (delayMs > 0 && recent.some((row) => row.due_at > now())) return false;
  const row = refreshRow({ ...withoutText(event), kind: 'refreshed' }, now());
  await connection
    .insertInto('deliveries')
    .values({ ...row, due_at: now() + delayMs })
    .execute();
  return delayMs === 0;
}

type WaitingRow = Pick<DeliveryRow, 'seq' | 'repository_id' | 'issue_number'>;

function waitingOf(connection: Database, events: readonly IssueEvent[]) {
  const issues = events.map(({ issue }) => issue);
  return connection
    .selectFrom('deliveries')
    .select(['seq', 'repository_id', 'issue_number'])
    .where('status', '=', waiting)
    .where(keyIn('repository_id', 'issue_number', issues));
}

function withoutWaiting(events: readonly IssueEvent[], rows: readonly WaitingRow[]) {
  const keys = new Set(rows.map(rowKey));
  return events.filter(({ issue }) => !keys.has(keyOf(issue)));
}

function rowKey(row: WaitingRow): string {
  return `${row.repository_id}#${row.issue_number}`;
}

function seqs(rows: readonly WaitingRow[]): number[] {
  return rows.map(({ seq }) => seq);
}

function refreshRow(event: IssueEvent, now: number) {
  const id = `refresh-${randomUUID()}`;
  return deliveryRow({ id, eventName: 'refresh', bodyHash: '', event }, now);
}
