import type { Database } from '../db/database.ts';
import type { DeliveryRow } from '../db/schema.ts';
import { describeError } from '../errors.ts';
import type { IssueEvent } from '../issue/event.ts';
import type { IssueKey } from '../issue/ref.ts';
import { newestSeq, type DeliveryGroup, type QueueState } from './queue.ts';
import { eventColumns, storedEvent, waiting, withoutText } from './rows.ts';

/** Maximum deliveries of one group; the rest of a larger storm follows in the next one. */
const groupLimit = 10_000;

/** Due deliveries looked at together: where other replicas handle the first issues, one of the next is free. */
const rowsPerLook = 16;

/**
 * The due group whose turn it is, without the issues in `busy`; undefined when nothing is due that no other replica
 * handles. `releaseGroup` when it is handled.
 */
export async function claimGroup(
  state: QueueState,
  busy: readonly IssueKey[],
): Promise<DeliveryGroup | undefined> {
  const skipped = [...busy];
  for (;;) {
    const at = state.now();
    const rows = await nextDueRows(state.db, skipped, at);
    const [next] = rows;
    if (next === undefined) return undefined;
    const issues = rows.map(issueOf).filter((issue) => issue !== undefined);
    if (issueOf(next) === undefined) {
      await reparse(state, next.seq);
      continue;
    }
    const issue = await (state.replica?.hold ?? first)(issues);
    if (issue === undefined) {
      skipped.push(...issues);
      continue;
    }
    // Only now: the replica that had the issue before has handled rows that were waiting above.
    const group = await groupOf(state, issue, at).catch((error: unknown) => {
      releaseGroup(state, { issue });
      throw error;
    });
    if (group !== undefined) return group;
    releaseGroup(state, { issue });
  }
}

/** Where there is one replica, it takes what it wants. */
function first(issues: readonly IssueKey[]): Promise<IssueKey | undefined> {
  return Promise.resolve(issues[0]);
}

/** Lets any replica handle what the issue waits for from now on. */
export function releaseGroup(
  { replica }: Pick<QueueState, 'replica'>,
  { issue }: Pick<DeliveryGroup, 'issue'>,
): void {
  replica?.release(issue);
}

interface DueRow {
  readonly seq: number;
  readonly repository_id: number | null;
  readonly issue_number: number | null;
}

function issueOf({ repository_id: repositoryId, issue_number: number }: DueRow) {
  return repositoryId === null || number === null ? undefined : { repositoryId, number };
}

function nextDueRows(db: Database, busy: readonly IssueKey[], at: number): Promise<DueRow[]> {
  let query = db
    .selectFrom('deliveries')
    .select(['seq', 'repository_id', 'issue_number'])
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
  return query.orderBy('due_at').orderBy('seq').limit(rowsPerLook).execute();
}

async function reparse({ db, writes, parse }: QueueState, seq: number): Promise<void> {
  const row = await db
    .selectFrom('deliveries')
    .select(['event_name', 'raw'])
    .where('seq', '=', seq)
    .executeTakeFirst();
  if (row === undefined) return;
  const update = db
    .updateTable('deliveries')
    .set(parsedColumns(parse, row))
    .where('seq', '=', seq)
    // Another replica may have done it meanwhile.
    .where('repository_id', 'is', null);
  await writes.run(() => update.execute());
}

function parsedColumns(parse: QueueState['parse'], row: Pick<DeliveryRow, 'event_name' | 'raw'>) {
  try {
    const event = parse(row.event_name, Buffer.from(row.raw ?? '', 'base64'));
    return { ...eventColumns(event), raw: null, raw_size: 0, error: null };
  } catch (error) {
    return { status: 'rejected' as const, error: describeError(error) };
  }
}

/** Undefined when another replica has handled all that was due, or when rows could not be read; these are dead now. */
async function groupOf(
  { db, writes, now }: QueueState,
  issue: IssueKey,
  at: number,
): Promise<DeliveryGroup | undefined> {
  // Due rows come first, so that scheduled ones cannot crowd them out of the group.
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
  if (!rows.some((row) => row.due_at <= at)) return undefined;
  const newest = newestSeq(rows);
  const text = await db
    .selectFrom('deliveries')
    .select('body')
    .where('seq', '=', newest)
    .executeTakeFirst();
  const events: IssueEvent[] = [];
  const unreadable: { readonly seq: number; readonly error: string }[] = [];
  for (const { seq, kind, event } of rows) {
    try {
      const read = storedEvent({ event, body: seq === newest ? (text?.body ?? null) : null });
      const dropped = seq === newest && text?.body == null && kind !== 'refreshed';
      events.push(dropped ? withoutText(read) : read);
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
        .where('status', '=', waiting)
        .execute();
    }
  });
  return undefined;
}
