import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { NotifyTargetsTable } from '../db/notification-tables.ts';
import type { Schema } from '../db/schema.ts';
import type { Fact, Notice } from './facts.ts';

/** Notices of one message; a longer list says how many more there are. */
const maxNotices = 20;
/** Days after which notices are forgotten, whether they were told or not. */
const keptMs = 30 * 86_400_000;

/**
 * Notes what is new among the facts as notices, and forgets what is not so any more, so that it is told again when it
 * comes again. `isCut`: what was not read may still be so, and is kept. Returns the number of new notices.
 */
export async function noteFacts(
  transaction: Transaction<Schema>,
  { facts, isCut, now }: { readonly facts: readonly Fact[]; isCut: boolean; now: number },
): Promise<number> {
  const known = await toldKeys(transaction);
  const keys = new Set(facts.flatMap((fact) => fact.keys));
  const fresh = facts.filter((fact) => isNews(fact, known));
  for (const { keys: all, kind, ref, title, sentence } of fresh) {
    const told = [...new Set(all)]
      .filter((key) => !known.has(key))
      .map((key) => ({ key, told_at: now }));
    await transaction.insertInto('told').values(told).execute();
    const notice = { kind, ref, title, sentence, at: now };
    await transaction.insertInto('notices').values(notice).execute();
  }
  if (!isCut)
    for (const key of known)
      if (!keys.has(key)) await transaction.deleteFrom('told').where('key', '=', key).execute();
  if (fresh.length > 0)
    await transaction
      .deleteFrom('notices')
      .where('at', '<', now - keptMs)
      .execute();
  return fresh.length;
}

/** Whether something of it was not told yet. */
export function isNews({ keys, isEarly = false }: Fact, told: ReadonlySet<string>): boolean {
  return !isEarly && keys.some((key) => !told.has(key));
}

export type TargetRow = NotifyTargetsTable;

/** The state of the targets, in their order; undefined where one is not known yet. */
export async function targetRows(
  db: Database,
  targets: readonly string[],
): Promise<readonly (TargetRow | undefined)[]> {
  const rows = await db.selectFrom('notify_targets').selectAll().execute();
  return targets.map((target) => rows.find((row) => row.target === target));
}

/**
 * Begins with the targets that are new, and forgets those that are gone. A new one goes on where the slowest of those
 * that are gone has stopped, for it may be the same with its address corrected; where none is gone it is told from now
 * on, and the first target of all what is so now.
 */
export async function beginTargets(
  transaction: Transaction<Schema>,
  targets: readonly string[],
): Promise<void> {
  const rows = await transaction.selectFrom('notify_targets').selectAll().execute();
  const gone = rows.filter(({ target }) => !targets.includes(target));
  const fresh = targets.filter((name) => !rows.some(({ target }) => target === name));
  if (fresh.length === 0) return;
  const last = rows.length === 0 ? 0 : await lastNotice(transaction);
  const sent_up_to = Math.min(last, ...gone.map((row) => row.sent_up_to));
  for (const { target } of gone)
    await transaction.deleteFrom('notify_targets').where('target', '=', target).execute();
  for (const target of fresh)
    await transaction
      .insertInto('notify_targets')
      .values({ target, sent_up_to, sending_up_to: null, attempts: 0, due_at: 0, error: null })
      .execute();
}

/** Keys of what people were told and is still so. */
export async function toldKeys(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('told').select('key').execute();
  return new Set(rows.map(({ key }) => key));
}

/** Number of the newest notice; 0 without any. */
export async function lastNotice(db: Database): Promise<number> {
  const { last } = await db
    .selectFrom('notices')
    .select((eb) => eb.fn.max<number | null>('seq').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? 0;
}

/** The first notices after one and up to another, and how many there are. */
export async function readNotices(
  db: Database,
  after: number,
  upTo: number,
): Promise<{ notices: Notice[]; count: number }> {
  const range = db.selectFrom('notices').where('seq', '>', after).where('seq', '<=', upTo);
  const notices = await range.selectAll().orderBy('seq').limit(maxNotices).execute();
  const { count } = await range
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return { notices, count };
}

/** Changes the state of a target, unless another replica has told it something meanwhile. */
export async function updateTarget(
  db: Database,
  { target, sent_up_to: sent }: TargetRow,
  change: Partial<Omit<TargetRow, 'target'>>,
): Promise<void> {
  await db
    .updateTable('notify_targets')
    .set(change)
    .where('target', '=', target)
    .where('sent_up_to', '=', sent)
    .execute();
}
