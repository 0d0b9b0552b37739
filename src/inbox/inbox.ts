import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Transaction } from 'kysely';

import { describeError, TryAgainLater } from '../errors.ts';
import type { IssueEvent } from '../issue/event.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { keyIn } from '../db/key-filter.ts';
import type { Database } from '../db/database.ts';
import type { DeliveryRow, Schema } from '../db/schema.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { maxAttempts, outageDelayMs, retryDelayMs } from './backoff.ts';
import {
  deliveryRow,
  eventColumns,
  rejectedRow,
  storedEvent,
  type Delivery,
  type RejectedDelivery,
} from './rows.ts';
import { createGroupCommit, type AddResult } from './group-commit.ts';
import type { InsertDeliveries } from './insert-deliveries.ts';
import { createRate } from './rate.ts';
import { failedStatuses, literal, waiting } from './status.ts';

/** The waiting deliveries of one issue, in order of arrival, to be handled as one. */
export interface DeliveryGroup {
  readonly issue: IssueKey;
  readonly deliveries: readonly GroupMember[];
  /** Only the snapshot that decides, the last of the newest ones, comes with the issue's text. */
  readonly events: readonly IssueEvent[];
}

interface GroupMember {
  readonly seq: number;
  readonly id: string;
  readonly attempts: number;
  readonly kind: string | null;
  readonly received_at: number;
  readonly snapshot_at: number | null;
  readonly due_at: number;
  /** False for one that waits for later and was only taken along. */
  readonly due: boolean;
}

export interface InboxCounts {
  readonly pending: number;
  readonly scheduled: number;
  readonly dead: number;
  readonly rejected: number;
  /** Age of the oldest pending delivery, seconds. */
  readonly oldestSeconds: number;
}

type UnreadRow = Pick<DeliveryRow, 'seq' | 'event_name' | 'raw'>;

/** Most deliveries handled as one group; the rest of a larger storm follows in the next round. */
const groupLimit = 10_000;
/** Bytes of deliveries not understood that are kept; beyond it the oldest lose theirs. */
const rejectedBytesKept = 64 * 1024 * 1024;
/** Rows deleted in one turn of the event loop. */
const pruneChunk = 200;
/** More than a Gitea sends: handling each delivery would hold up taking in the next. */
const stormPerSecond = 100;
/** In a storm of 1,000 a second a group is begun every 100 ms; handling must go on, too. */
const giveWayMsPerArrival = 0.1;
const longestGiveWayMs = 1_000;
const firstRefreshMs = 30_000;
/** Brought forward looks keep this distance: one that asks nobody must not bring on the next at once. */
const refreshGapMs = 5_000;
const hourMs = 3_600_000;

export interface InboxOptions {
  readonly db: Database;
  readonly writes: WriteQueue;
  /** Stores what was received; everything else goes through `db`. */
  readonly insert: InsertDeliveries;
  readonly now: () => number;
  readonly random: () => number;
  /** How many deliveries come in; measured by default. */
  readonly arrivals?: ReturnType<typeof createRate>;
  /** Reads the bytes of a delivery that an earlier version, or this one, did not understand. */
  readonly parse: (eventName: string, raw: Buffer) => IssueEvent;
}

export type Inbox = ReturnType<typeof createInbox>;

/**
 * The durable queue every event goes through. Promises: what `add` accepted is on disk; the deliveries of
 * one issue are handed out one group at a time (the worker says which issues it holds); a row stays
 * `waiting` until the transaction that stores its effect marks it done, so a crash repeats it. One
 * process hands out rows (the database lock sees to it); others may only list and replay.
 */
export function createInbox({
  db,
  writes,
  insert,
  now,
  random,
  arrivals = createRate(),
  parse,
}: InboxOptions) {
  const commits = createGroupCommit(insert, writes);

  /** Stores a delivery; resolves after the commit. Rejects with `StoreUnavailable`. */
  function add(delivery: Delivery): Promise<AddResult> {
    arrivals.count();
    return commits.add(deliveryRow(delivery, now()));
  }

  /** Keeps the bytes of a delivery that was not understood, for a replay after an upgrade. */
  async function addRejected(delivery: RejectedDelivery): Promise<AddResult> {
    const result = await commits.add(rejectedRow(delivery, now()));
    // The delivery is stored; what could not be trimmed now is trimmed with the next one.
    await forgetOldBytes().catch(() => undefined);
    return result;
  }

  async function forgetOldBytes(): Promise<void> {
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'raw_size'])
      .where('status', 'in', failedStatuses)
      .where('status', '=', literal('rejected'))
      .where('raw_size', '>', 0)
      .orderBy('seq', 'desc')
      .execute();
    let kept = 0;
    const oldest = rows.find(({ raw_size }) => (kept += raw_size) > rejectedBytesKept);
    if (oldest === undefined) return;
    const forget = db
      .updateTable('deliveries')
      .set({ raw: null, raw_size: 0 })
      .where('status', 'in', failedStatuses)
      .where('status', '=', literal('rejected'))
      .where('seq', '<=', oldest.seq);
    await writes.run(() => forget.execute());
  }

  /**
   * Waits while a storm of deliveries comes in, the longer the stronger it is: taking in goes before
   * handling, and what comes of one issue meanwhile is handled as one.
   */
  async function yieldToArrivals(signal: AbortSignal): Promise<void> {
    const perSecond = arrivals.perSecond();
    if (perSecond < stormPerSecond) return;
    const waitMs = Math.min(perSecond * giveWayMsPerArrival, longestGiveWayMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }

  /** The due group whose turn it is, leaving out the issues in `busy`; undefined when there is none. */
  async function claim(busy: readonly IssueKey[]): Promise<DeliveryGroup | undefined> {
    for (;;) {
      const at = now();
      const next = await nextDueRow(busy, at);
      if (next === undefined) return undefined;
      const { repository_id: repositoryId, issue_number: number } = next;
      if (repositoryId === null || number === null) {
        await reparse(next);
        continue;
      }
      const group = await groupOf({ repositoryId, number }, at);
      if (group !== undefined) return group;
    }
  }

  function nextDueRow(busy: readonly IssueKey[], at: number) {
    let query = db
      .selectFrom('deliveries')
      .select(['seq', 'event_name', 'repository_id', 'issue_number', 'raw'])
      .where('status', '=', waiting)
      .where('due_at', '<=', at);
    for (const { repositoryId, number } of busy) {
      query = query.where((eb) =>
        eb.or([
          eb('repository_id', 'is', null),
          eb('repository_id', '!=', repositoryId),
          eb('issue_number', '!=', number),
        ]),
      );
    }
    return query.orderBy('due_at').orderBy('seq').limit(1).executeTakeFirst();
  }

  async function reparse(row: UnreadRow): Promise<void> {
    const update = db.updateTable('deliveries').set(tryParse(row)).where('seq', '=', row.seq);
    await writes.run(() => update.execute());
  }

  function tryParse(row: UnreadRow) {
    try {
      const event = parse(row.event_name, Buffer.from(row.raw ?? '', 'base64'));
      return { ...eventColumns(event), raw: null, raw_size: 0, error: null };
    } catch (error) {
      return { status: 'rejected' as const, error: describeError(error) };
    }
  }

  /** Undefined when rows that cannot be read were in the way: they are given up now. */
  async function groupOf(issue: IssueKey, at: number): Promise<DeliveryGroup | undefined> {
    // Those that are due come first: members that wait for later must not keep them out of the group.
    const members = db
      .selectFrom('deliveries')
      .select('seq')
      .where('repository_id', '=', issue.repositoryId)
      .where('issue_number', '=', issue.number)
      .where('status', '=', waiting)
      .orderBy((eb) => eb('due_at', '>', at))
      .orderBy('seq')
      .limit(groupLimit);
    const rows = await db
      .selectFrom('deliveries')
      .select(['seq', 'id', 'attempts', 'event', 'kind', 'snapshot_at', 'received_at', 'due_at'])
      .where('seq', 'in', members)
      .orderBy('seq')
      .execute();
    const newest = newestSeq(rows);
    const text = await db
      .selectFrom('deliveries')
      .select('body')
      .where('seq', '=', newest)
      .executeTakeFirst();
    const events: IssueEvent[] = [];
    const unreadable: { readonly seq: number; readonly error: string }[] = [];
    for (const { seq, event } of rows) {
      try {
        events.push(storedEvent({ event, body: seq === newest ? (text?.body ?? null) : null }));
      } catch (error) {
        unreadable.push({ seq, error: describeError(error) });
      }
    }
    if (unreadable.length === 0) {
      return { issue, deliveries: rows.map((row) => ({ ...row, due: row.due_at <= at })), events };
    }
    await writes.transaction(async (transaction) => {
      for (const { seq, error } of unreadable) {
        await transaction
          .updateTable('deliveries')
          .set({ status: 'dead', error, handled_at: now() })
          .where('seq', '=', seq)
          .execute();
      }
    });
    return undefined;
  }

  /** Marks the group handled; to be called in the transaction that stores its effect. */
  async function complete(transaction: Transaction<Schema>, group: DeliveryGroup): Promise<void> {
    await transaction
      .updateTable('deliveries')
      .set({ status: 'done', handled_at: now(), error: null })
      .where('seq', 'in', seqs(group.deliveries))
      .execute();
  }

  /**
   * Puts a group that failed back for later. It was a try of the members that were due; the others keep
   * their time. Members that have used up their tries are given up with the error kept, and the later ones
   * go on; but the newest snapshot and a deletion, without which the others would tell something outdated,
   * go on until all are used up. `TryAgainLater` uses up no try: an outage elsewhere may last for hours.
   */
  async function retryLater(group: DeliveryGroup, error: unknown): Promise<'scheduled' | 'dead'> {
    if (error instanceof TryAgainLater) return waitForOthers(group, error);
    const newest = newestSeq(group.deliveries);
    const members = group.deliveries.map(({ seq, kind, due, attempts }) => ({
      seq,
      due,
      decides: seq === newest || kind === 'deleted',
      attempts: Math.min(due ? attempts + 1 : attempts, maxAttempts),
    }));
    const allSpent = members.every(({ attempts }) => attempts >= maxAttempts);
    const isOver = ({ attempts, decides }: (typeof members)[number]) =>
      attempts >= maxAttempts && (allSpent || !decides);
    const over = members.filter(isOver);
    const again = members.filter((member) => member.due && !isOver(member));
    const failure = describeError(error);
    await writes.transaction(async (transaction) => {
      if (over.length > 0) {
        await transaction
          .updateTable('deliveries')
          .set({ status: 'dead', attempts: maxAttempts, error: failure, handled_at: now() })
          .where('seq', 'in', seqs(over))
          .execute();
      }
      for (const [attempts, alike] of Map.groupBy(again, (member) => member.attempts)) {
        await transaction
          .updateTable('deliveries')
          .set({ attempts, due_at: now() + retryDelayMs(attempts, random), error: failure })
          .where('seq', 'in', seqs(alike))
          .execute();
      }
    });
    return allSpent ? 'dead' : 'scheduled';
  }

  async function waitForOthers(group: DeliveryGroup, error: TryAgainLater): Promise<'scheduled'> {
    const newest = Math.max(...group.deliveries.map((member) => member.received_at));
    const dueAt = now() + outageDelayMs(now() - newest, random);
    const delay = db
      .updateTable('deliveries')
      .set({ due_at: dueAt, error: describeError(error) })
      .where('seq', 'in', seqs(group.deliveries));
    await writes.run(() => delay.execute());
    return 'scheduled';
  }

  /** Puts looks at issues into the queue, in the transaction that stores what led to them. */
  async function addRefreshes(
    transaction: Transaction<Schema>,
    events: readonly IssueEvent[],
  ): Promise<void> {
    if (events.length === 0) return;
    const rows = events.map((event) => refreshRow(event, now()));
    await transaction.insertInto('deliveries').values(rows).execute();
  }

  /**
   * Plans another look at an issue, to be called in the transaction that stores the present one. Each
   * look of a chain waits twice as long as the one before, up to an hour; any newer delivery of the issue
   * takes it along at once, so there is never more than one. It is dated before the snapshot it stems
   * from, and has no text: what is stored wins over it, and so does an event of the same second.
   */
  async function scheduleRefresh(
    transaction: Transaction<Schema>,
    event: IssueEvent,
    group: DeliveryGroup,
  ): Promise<void> {
    const waits = group.deliveries
      .filter(({ kind }) => kind === 'refreshed')
      .map((member) => member.due_at - member.received_at);
    const delayMs = Math.min(Math.max(firstRefreshMs, ...waits.map((wait) => 2 * wait)), hourMs);
    await transaction
      .insertInto('deliveries')
      .values({ ...refreshRow(lookOf(event), now()), due_at: now() + delayMs })
      .execute();
  }

  /**
   * Sees to it that a look at each of these issues is due now: one that waits for later is brought forward,
   * a new one is dated like those of `scheduleRefresh`. So there is at most one look an issue.
   */
  async function requestRefreshes(
    connection: Database,
    events: readonly IssueEvent[],
  ): Promise<void> {
    if (events.length === 0) return;
    const waitingLooks = await connection
      .selectFrom('deliveries')
      .select(['seq', 'repository_id', 'issue_number'])
      .where('status', '=', waiting)
      .where('kind', '=', 'refreshed')
      .where(
        keyIn(
          'repository_id',
          'issue_number',
          events.map(({ issue }) => issue),
        ),
      )
      .execute();
    await connection
      .updateTable('deliveries')
      .set({ due_at: now() })
      .where('seq', 'in', seqs(waitingLooks))
      .where('due_at', '>', now())
      .execute();
    const planned = new Set(waitingLooks.map((row) => `${row.repository_id}#${row.issue_number}`));
    const rows = events
      .filter(({ issue }) => !planned.has(keyOf(issue)))
      .map((event) => refreshRow(lookOf(event), now()));
    if (rows.length === 0) return;
    await connection.insertInto('deliveries').values(rows).execute();
  }

  /**
   * Puts in issues that were found to be otherwise on Gitea, to be called in a transaction. One that waits
   * here already is not put in again, but made due, unless its handling failed: whoever handles it asks
   * Gitea later than the finder did. A group that is being handled may have asked before, and does not
   * count: `inWork` has the last of its rows by issue. Returns the issues that were put in.
   */
  async function addDifferences(
    transaction: Transaction<Schema>,
    events: readonly IssueEvent[],
    inWork: ReadonlyMap<string, number>,
  ): Promise<IssueKey[]> {
    const rows = await transaction
      .selectFrom('deliveries')
      .select(['seq', 'repository_id', 'issue_number', 'due_at', 'attempts'])
      .where('status', '=', waiting)
      .where(
        keyIn(
          'repository_id',
          'issue_number',
          events.map(({ issue }) => issue),
        ),
      )
      .execute();
    const ahead = rows.filter(
      (row) => row.seq > (inWork.get(`${row.repository_id}#${row.issue_number}`) ?? 0),
    );
    await transaction
      .updateTable('deliveries')
      .set({ due_at: now() })
      .where('seq', 'in', seqs(ahead))
      .where('due_at', '>', now())
      .where('attempts', '=', 0)
      .execute();
    const waitingHere = new Set(ahead.map((row) => `${row.repository_id}#${row.issue_number}`));
    const found = events.filter(({ issue }) => !waitingHere.has(keyOf(issue)));
    await addRefreshes(transaction, found);
    return found.map(({ issue }) => issue);
  }

  /**
   * Sees to it that one of the planned looks is due by `at`: what they all wait for is then asked whether
   * it is back. The one planned first goes first, so that each has its turn.
   */
  async function bringRefreshForward(transaction: Transaction<Schema>, at: number): Promise<void> {
    const dueAt = Math.max(at, now() + refreshGapMs);
    const look = await transaction
      .selectFrom('deliveries')
      .select(['seq', 'due_at'])
      .where('status', '=', waiting)
      .where('kind', '=', 'refreshed')
      .where('due_at', '>', now())
      .orderBy((eb) => eb('due_at', '>', dueAt))
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst();
    if (look === undefined || look.due_at <= dueAt) return;
    await transaction
      .updateTable('deliveries')
      .set({ due_at: dueAt })
      .where('seq', '=', look.seq)
      .execute();
  }

  /** Makes the planned looks due now: what they waited for is back. */
  async function makeRefreshesDue(connection: Database = db): Promise<void> {
    await connection
      .updateTable('deliveries')
      .set({ due_at: now() })
      .where('status', '=', waiting)
      .where('kind', '=', 'refreshed')
      .where('due_at', '>', now())
      .execute();
  }

  /** When the next waiting delivery is due, epoch milliseconds; undefined when none waits. */
  async function nextDueAt(): Promise<number | undefined> {
    const row = await db
      .selectFrom('deliveries')
      .select('due_at')
      .where('status', '=', waiting)
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return row?.due_at;
  }

  async function counts(): Promise<InboxCounts> {
    const at = now();
    const rows = await db
      .selectFrom('deliveries')
      .select(['status', (eb) => eb.fn.countAll<number>().as('count')])
      .where('status', 'in', failedStatuses)
      .groupBy('status')
      .execute();
    const due = await db
      .selectFrom('deliveries')
      .select((eb) => [
        eb.fn.countAll<number>().as('all'),
        eb.fn.count<number>(eb.case().when('due_at', '<=', at).then(1).end()).as('pending'),
        eb.fn.min(eb.case().when('due_at', '<=', at).then(eb.ref('due_at')).end()).as('oldest'),
      ])
      .where('status', '=', waiting)
      .executeTakeFirstOrThrow();
    const count = (status: string) => rows.find((row) => row.status === status)?.count ?? 0;
    return {
      pending: due.pending,
      scheduled: due.all - due.pending,
      dead: count('dead'),
      rejected: count('rejected'),
      oldestSeconds: due.oldest === null ? 0 : Math.max(0, Math.floor((at - due.oldest) / 1000)),
    };
  }

  /** Deletes what is over and older than the retention; returns how many rows went. */
  async function prune(retentionDays: number): Promise<number> {
    const before = now() - retentionDays * 86_400_000;
    let pruned = 0;
    for (;;) {
      const old = await db
        .selectFrom('deliveries')
        .select('seq')
        .where('status', 'in', ['done', 'dead', 'rejected'])
        .where('received_at', '<', before)
        .limit(pruneChunk)
        .execute();
      if (old.length === 0) return pruned;
      const removal = db.deleteFrom('deliveries').where('seq', 'in', seqs(old));
      await writes.run(() => removal.execute());
      pruned += old.length;
      await nextTurn();
    }
  }

  return {
    add,
    addRejected,
    claim,
    complete,
    retryLater,
    addRefreshes,
    addDifferences,
    scheduleRefresh,
    requestRefreshes,
    bringRefreshForward,
    makeRefreshesDue,
    nextDueAt,
    counts,
    prune,
    yieldToArrivals,
    settled: commits.settled,
  };
}

/** Older than the snapshot it stems from, and without its text. */
function lookOf({ kind, issue }: IssueEvent): IssueEvent {
  return { kind, issue: { ...issue, body: '', updatedAt: issue.updatedAt - 1 } };
}

function refreshRow(event: IssueEvent, now: number) {
  const id = `refresh-${randomUUID()}`;
  return deliveryRow({ id, eventName: 'refresh', bodyHash: '', event }, now);
}

/** The one that `advance` keeps: of equal times the last to arrive. */
function newestSeq(rows: readonly Pick<DeliveryRow, 'seq' | 'snapshot_at'>[]): number {
  let newest = { seq: 0, at: -Infinity };
  for (const { seq, snapshot_at } of rows) {
    const at = snapshot_at ?? -Infinity;
    if (at >= newest.at) newest = { seq, at };
  }
  return newest.seq;
}

function seqs(rows: readonly { readonly seq: number }[]): number[] {
  return rows.map(({ seq }) => seq);
}
