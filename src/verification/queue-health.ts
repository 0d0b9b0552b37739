import { sql, type RawBuilder } from 'kysely';

import type { Database } from '../db/database.ts';
import { maxErrors } from './deps.ts';

/** A verifier asks for work at least once a minute, unless it has some. */
const askedWithinMs = 120_000;

/** The queue of verifications, for health: `degraded` when nobody takes what is due, or something failed by our fault. */
export async function queueHealth(
  db: Database,
  { now, askedAt }: { readonly now: number; readonly askedAt: number },
) {
  const open = await db
    .selectFrom('verifications')
    .select((eb) => [
      eb.fn.countAll<number>().as('open'),
      countIf(sql`state = 'running'`).as('running'),
      countIf(sql`attempts > 0`).as('failing'),
      eb.fn.min<number | null>('requested_at').as('oldest'),
      countIf(overdue(now)).as('overdue'),
    ])
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow();
  const { running, failing } = open;
  const queued = open.open - running;
  const isLeft = queued > 0 && running === 0 && now - askedAt > askedWithinMs;
  const isPassedOver = open.overdue > 0;
  const last = failing > 0 ? await lastError(db) : undefined;
  return {
    status: isLeft || isPassedOver || failing > 0 ? ('degraded' as const) : ('ok' as const),
    queued,
    running,
    /** Those that ended with an error of ours, and are tried again. */
    failing,
    oldestSeconds: open.oldest === null ? 0 : Math.max(0, Math.round((now - open.oldest) / 1_000)),
    lastError: last?.cause_message ?? null,
    ...(isLeft ? { hint: noVerifier } : isPassedOver ? { hint: passedOver } : {}),
  };
}

function countIf(condition: RawBuilder<unknown>) {
  return sql<number>`count(*) filter (where ${condition})`;
}

/** Waits an hour beyond its time: verifiers are too slow, or none may take it. */
function overdue(now: number) {
  return sql<boolean>`state = 'queued' and due_at < ${now - 3_600_000}`;
}

const passedOver =
  'A verification has waited for an hour: start more verifiers, or one whose token is not narrowed to other repositories.';
const noVerifier =
  'No verifier asks for work: start one (mosaic-coordinator verify), or set VERIFIERS above 0.';

function lastError(db: Database) {
  return db
    .selectFrom('verifications')
    .select('cause_message')
    .where('ended_at', 'is', null)
    .where('attempts', '>', 0)
    .where('attempts', '<', maxErrors)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}
