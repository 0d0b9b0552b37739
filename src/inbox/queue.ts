import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Replica } from '../db/engine.ts';
import type { DeliveryRow, Schema } from '../db/schema.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { CoordinatorError, describeError, TryAgainLater } from '../errors.ts';
import type { IssueEvent } from '../issue/event.ts';
import type { IssueKey } from '../issue/ref.ts';
import { isNewer } from '../issue/snapshot-dates.ts';
import { maxAttempts, outageDelayMs, retryDelayMs } from './backoff.ts';
import { statusLiteral, waiting } from './rows.ts';

/** The waiting deliveries of one issue in order of arrival, handled as one. */
export interface DeliveryGroup {
  readonly issue: IssueKey;
  readonly deliveries: readonly GroupMember[];
  /** One event for each delivery. Only the newest snapshot comes with the issue's text. */
  readonly events: readonly IssueEvent[];
}

type GroupColumns = 'seq' | 'id' | 'attempts' | 'kind' | 'received_at' | 'snapshot_at' | 'due_at';

interface GroupMember extends Readonly<Pick<DeliveryRow, GroupColumns>> {
  /** False for a scheduled delivery that was only taken along. */
  readonly due: boolean;
}

export interface QueueState {
  readonly db: Database;
  readonly writes: WriteQueue;
  readonly now: () => number;
  readonly random: () => number;
  /** Monotonic time since the start; undefined: the clock is always right. */
  readonly uptimeMs?: () => number;
  /** Takes issues, so that each is handled by one replica; undefined: there is no other one. */
  readonly replica?: Pick<Replica, 'id' | 'hold' | 'release' | 'heldElsewhere'>;
  /** Parses the bytes of a delivery that was rejected when it arrived. */
  readonly parse: (eventName: string, raw: Buffer) => IssueEvent;
}

/** The group is handled by another replica, or was: its effect must not be stored. */
export class GroupTaken extends CoordinatorError {
  constructor() {
    super('group_taken', 'Another replica has handled these deliveries meanwhile.');
    this.name = 'GroupTaken';
  }
}

/**
 * Marks the group done, in the transaction that stores its effect. Only the newest text may still be needed. Throws
 * `GroupTaken` when a row does not wait any more: the session that held the issue was lost meanwhile.
 */
export async function completeGroup(
  { now }: Pick<QueueState, 'now'>,
  transaction: Transaction<Schema>,
  group: DeliveryGroup,
): Promise<void> {
  const newest = newestSeq(group.deliveries);
  const { numUpdatedRows } = await transaction
    .updateTable('deliveries')
    .set((eb) => ({
      status: 'done',
      handled_at: now(),
      error: null,
      body: eb.case().when('seq', '=', newest).then(eb.ref('body')).end(),
    }))
    .where('seq', 'in', seqs(group.deliveries))
    .where('status', '=', waiting)
    .executeTakeFirstOrThrow();
  if (Number(numUpdatedRows) !== group.deliveries.length) throw new GroupTaken();
}

/**
 * Drops the texts of an issue's handled deliveries, but for the one of the snapshot `keepAt`, which is stored
 * nowhere else; undefined: none is needed.
 */
export async function dropTexts(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
  keepAt: number | undefined,
): Promise<void> {
  if (keepAt === undefined) {
    await transaction
      .updateTable('deliveries')
      .set({ body: null })
      .where('repository_id', '=', repositoryId)
      .where('issue_number', '=', number)
      .where('status', '=', statusLiteral('done'))
      .where('body', 'is not', null)
      .execute();
    return;
  }
  const texts = await transaction
    .selectFrom('deliveries')
    .select(['seq', 'kind', 'snapshot_at'])
    .where('repository_id', '=', repositoryId)
    .where('issue_number', '=', number)
    .where('status', '=', statusLiteral('done'))
    .where('body', 'is not', null)
    .orderBy('seq')
    .execute();
  const kept = texts.findLast((row) => row.snapshot_at === keepAt && row.kind !== 'refreshed');
  const dropped = seqs(texts).filter((seq) => seq !== kept?.seq);
  if (dropped.length === 0) return;
  const update = transaction.updateTable('deliveries').set({ body: null });
  await update.where('seq', 'in', dropped).execute();
}

/**
 * Schedules the retry of a group that failed. The failure counts as an attempt of its due deliveries; the
 * others keep their time. A delivery without attempts left is dead, with the error stored, and the later ones
 * go on. The newest snapshot and a deletion go on until every delivery is out of attempts: without them the
 * group would report an outdated state. `TryAgainLater` uses up no attempt: an outage elsewhere may last for
 * hours. Returns the ids of the deliveries that are dead now.
 */
export async function retryGroup(
  state: QueueState,
  group: DeliveryGroup,
  error: unknown,
): Promise<readonly string[]> {
  if (error instanceof TryAgainLater) return waitForOutage(state, group, error);
  const { writes, now, random } = state;
  const newest = newestSeq(group.deliveries);
  const members = group.deliveries.map(({ seq, id, kind, due, attempts }) => ({
    ...{ seq, id },
    due,
    decides: seq === newest || kind === 'deleted',
    attempts: Math.min(due ? attempts + 1 : attempts, maxAttempts),
  }));
  const allSpent = members.every(({ attempts }) => attempts >= maxAttempts);
  const isDead = ({ attempts, decides }: (typeof members)[number]) =>
    attempts >= maxAttempts && (allSpent || !decides);
  const dead = members.filter(isDead);
  const again = members.filter((member) => member.due && !isDead(member));
  const failure = describeError(error);
  await writes.transaction(async (transaction) => {
    if (dead.length > 0) {
      await transaction
        .updateTable('deliveries')
        .set({ status: 'dead', attempts: maxAttempts, error: failure, handled_at: now() })
        .where('seq', 'in', seqs(dead))
        .where('status', '=', waiting)
        .execute();
    }
    for (const [attempts, alike] of Map.groupBy(again, (member) => member.attempts)) {
      await transaction
        .updateTable('deliveries')
        .set({ attempts, due_at: now() + retryDelayMs(attempts, random), error: failure })
        .where('seq', 'in', seqs(alike))
        .where('status', '=', waiting)
        .execute();
    }
  });
  return dead.map(({ id }) => id);
}

async function waitForOutage(
  { db, writes, now, random }: QueueState,
  group: DeliveryGroup,
  error: TryAgainLater,
): Promise<readonly string[]> {
  const newest = Math.max(...group.deliveries.map((member) => member.received_at));
  const delay = db
    .updateTable('deliveries')
    .set({ due_at: now() + outageDelayMs(now() - newest, random), error: describeError(error) })
    .where('seq', 'in', seqs(group.deliveries))
    .where('status', '=', waiting);
  await writes.run(() => delay.execute());
  return [];
}

/** When the next waiting delivery is due, epoch milliseconds; undefined when none waits. */
export async function nextDueAt({ db }: Pick<QueueState, 'db'>): Promise<number | undefined> {
  const row = await db
    .selectFrom('deliveries')
    .select('due_at')
    .where('status', '=', waiting)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}

/** The snapshot that `advance` keeps: the newest, and of equal times the last to arrive. */
export function newestSeq(rows: readonly Pick<DeliveryRow, 'seq' | 'snapshot_at'>[]): number {
  let newest = { seq: 0, at: -Infinity };
  for (const { seq, snapshot_at } of rows) {
    const at = snapshot_at ?? -Infinity;
    if (isNewer(at, newest.at)) newest = { seq, at };
  }
  return newest.seq;
}

function seqs(rows: readonly { readonly seq: number }[]): number[] {
  return rows.map(({ seq }) => seq);
}
