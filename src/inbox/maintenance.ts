import { setImmediate as nextTurn } from 'node:timers/promises';

import { sql } from 'kysely';

import type { QueueState } from './queue.ts';
import { failedStatuses, waiting } from './rows.ts';

/** Maximum size of the stored bytes of rejected deliveries; beyond it the oldest lose theirs. */
const maxRejectedBytes = 64 * 1024 * 1024;
/** What each of them counts for beside its bytes, so that their number is bounded, too. */
const overheadBytes = 1024;
/** New bytes after which all are counted again. */
const recountBytes = 1024 * 1024;
/** Rows deleted in one turn of the event loop. */
const rowsPerDeletion = 200;
const dayMs = 86_400_000;

type State = Pick<QueueState, 'db' | 'now' | 'uptimeMs'> & {
  readonly writes: Pick<QueueState['writes'], 'run'>;
};

/**
 * Keeps the stored bytes of rejected deliveries within the limit. Counting reads an index alone, and only once
 * for many deliveries: the cost of one does not grow with the number of the others.
 */
export function createRejectedBytes({ db, writes }: Pick<State, 'db' | 'writes'>) {
  /** Bytes since the last count; at the start nothing is known. */
  let uncounted = recountBytes;

  async function added(bytes: number): Promise<void> {
    uncounted += bytes + overheadBytes;
    if (uncounted < recountBytes) return;
    uncounted = 0;
    const beyond = await oldestBeyond(db);
    if (beyond === undefined) return;
    const trim = db
      .updateTable('deliveries')
      .set({ raw: null, raw_size: 0 })
      .where('raw_size', '>', sql.lit(0))
      .where('seq', '<=', beyond);
    await writes.run(() => trim.execute());
  }

  return { added };
}

/** The newest delivery whose bytes are beyond the limit; undefined: there is room for all. */
async function oldestBeyond(db: State['db']): Promise<number | undefined> {
  const { rows } = await sql<{ seq: number }>`
    select seq from (
      select seq, sum(raw_size + ${sql.lit(overheadBytes)}) over (order by seq desc) as total
      from deliveries where raw_size > 0) as counted
    where total > ${sql.lit(maxRejectedBytes)} order by seq desc limit 1`.execute(db);
  return rows[0]?.seq;
}

/** Deletes deliveries that are no longer waiting and older than the retention; returns their number. */
export async function pruneDeliveries(
  { db, writes, now, uptimeMs = () => Infinity }: State,
  retentionDays: number,
): Promise<number> {
  const newest = await db
    .selectFrom('deliveries')
    .select('received_at')
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  // A clock that is far ahead must not make all of them old: the newest is older only by what went by for sure.
  const latest = Math.min(now(), (newest?.received_at ?? Infinity) + uptimeMs());
  const before = latest - retentionDays * dayMs;
  let pruned = 0;
  for (;;) {
    const old = await db
      .selectFrom('deliveries')
      .select('seq')
      .where('status', 'in', ['done', 'dead', 'rejected'])
      .where('received_at', '<', before)
      .limit(rowsPerDeletion)
      .execute();
    if (old.length === 0) return pruned;
    const seqs = old.map(({ seq }) => seq);
    // Not one that a person replays at this moment.
    const deletion = db
      .deleteFrom('deliveries')
      .where('seq', 'in', seqs)
      .where('status', '!=', 'waiting');
    await writes.run(() => deletion.execute());
    pruned += old.length;
    await nextTurn();
  }
}

/** The date of the newest snapshot and the time since the start: more has gone by, whatever the clock says. */
export async function provenTime({
  db,
  now,
  uptimeMs = () => Infinity,
}: Pick<State, 'db' | 'now' | 'uptimeMs'>): Promise<number | undefined> {
  const { newest } = await db
    .selectFrom('issues')
    .select((eb) => eb.fn.max<number | null>('snapshot_at').as('newest'))
    .executeTakeFirstOrThrow();
  return newest === null ? undefined : Math.min(now(), newest + uptimeMs());
}

/** Counts deliveries by status, for health; `oldestSeconds` is the age of the oldest pending one. */
export async function countDeliveries({ db, now }: State) {
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
