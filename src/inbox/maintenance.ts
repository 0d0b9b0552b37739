import { setImmediate as nextTurn } from 'node:timers/promises';

import type { QueueState } from './queue.ts';
import { failedStatuses, statusLiteral, waiting } from './rows.ts';

/** Maximum size of the stored bytes of rejected deliveries; beyond it the oldest lose theirs. */
const maxRejectedBytes = 64 * 1024 * 1024;
/** Rows deleted in one turn of the event loop. */
const rowsPerDeletion = 200;
const dayMs = 86_400_000;

type State = Pick<QueueState, 'db' | 'writes' | 'now'>;

/** Deletes the oldest bytes of rejected deliveries beyond the limit. */
export async function trimRejectedBytes({ db, writes }: State): Promise<void> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['seq', 'raw_size'])
    .where('status', 'in', failedStatuses)
    .where('status', '=', statusLiteral('rejected'))
    .where('raw_size', '>', 0)
    .orderBy('seq', 'desc')
    .execute();
  let total = 0;
  const oldest = rows.find(({ raw_size }) => (total += raw_size) > maxRejectedBytes);
  if (oldest === undefined) return;
  const trim = db
    .updateTable('deliveries')
    .set({ raw: null, raw_size: 0 })
    .where('status', 'in', failedStatuses)
    .where('status', '=', statusLiteral('rejected'))
    .where('seq', '<=', oldest.seq);
  await writes.run(() => trim.execute());
}

/** Deletes deliveries that are no longer waiting and older than the retention; returns their number. */
export async function pruneDeliveries(
  { db, writes, now }: State,
  retentionDays: number,
): Promise<number> {
  const before = now() - retentionDays * dayMs;
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
    const deletion = db.deleteFrom('deliveries').where('seq', 'in', seqs);
    await writes.run(() => deletion.execute());
    pruned += old.length;
    await nextTurn();
  }
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
