import { sql } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import type { Database } from '../db/database.ts';
import type { VerificationRow } from '../db/schema.ts';
import { isDue } from './due-times.ts';
import { wakeAll } from './lease.ts';
import { findVerification, giveUp, isWanted } from './rows.ts';
import { settleVerdict } from './settle.ts';
import { verifierLeaseMs, type VerificationDeps } from './deps.ts';
import { partOfVerification } from './traces.ts';

/** Maximum of rows that one sweep looks at; the next comes within a second. */
const maxSwept = 50;
/** Longest wait of what is due and passed over: whoever starts a verifier in the course of a morning is in time. */
const unservedMs = 2 * 3_600_000;
/** Longest run of one attempt, whatever the deadlines of its gates: a verifier that hangs may send heartbeats. */
const longestRunMs = 4 * 3_600_000;

/** Errors of ours that no verifier reports; `isFinal`: to try again would not help. */
const ends = {
  verifier_lost: { message: 'The verifier that ran it fell silent.', isFinal: false },
  timeout: {
    message:
      'It ran for four hours: let its gates end sooner, or end the verifier, which may hang.',
    isFinal: false,
  },
  no_verifier: {
    message:
      'No verifier took it for two hours: start one (mosaic-coordinator verify), set VERIFIERS above 0, or give its token this repository.',
    isFinal: true,
  },
} as const;

/**
 * Ends verifications that nobody waits for any more, or that no verifier takes, and puts those of silent or endless
 * verifiers back into the queue: an error of ours, since what they ran may be what killed them. `startedAt`: of the
 * service, which nobody could ask for work before.
 */
export async function sweepVerifications(deps: VerificationDeps, startedAt: number): Promise<void> {
  const found = await openToSweep(deps.db, { now: deps.now(), startedAt });
  if (found.length === 0) return;
  await deps.writes.transaction(async (transaction) => {
    const now = deps.now();
    for (const { id, isLeft, isUnserved } of found) {
      const row = await findVerification(transaction, id);
      if (row?.ended_at !== null) continue;
      if (isLeft === 1) {
        await giveUp(transaction, row, { cause: 'claim_ended', now });
        continue;
      }
      const code = isUnserved === 1 && row.state === 'queued' ? 'no_verifier' : endOf(row, now);
      if (code === undefined) continue;
      const { message, isFinal } = ends[code];
      const about = { verification: id, verifier: row.verifier, code };
      afterCommit(
        transaction,
        partOfVerification(row, () => deps.log.warn(about, words[code])),
      );
      const cause = { cause_code: code, cause_message: message };
      await transaction.updateTable('verifications').set(cause).where('id', '=', id).execute();
      const settled = { row: { ...row, ...cause }, outcome: 'error', isFinal } as const;
      await settleVerdict(deps, transaction, settled);
    }
  });
  wakeAll(deps);
}

/** For the log. */
const words = {
  verifier_lost: 'lease of a verifier expired',
  timeout: 'a verification ran too long',
  no_verifier: 'a verification was taken by nobody',
} as const;

/** Why a run is over; a lease longer than any is that of a clock that was put back since. */
function endOf(row: VerificationRow, now: number): 'verifier_lost' | 'timeout' | undefined {
  const { state, lease_expires_at: at, started_at: since } = row;
  if (state !== 'running') return undefined;
  if (at === null || at <= now || at > now + 2 * verifierLeaseMs) return 'verifier_lost';
  return since !== null && since <= now - longestRunMs ? 'timeout' : undefined;
}

interface Times {
  readonly now: number;
  readonly startedAt: number;
}

function openToSweep(db: Database, { now, startedAt }: Times) {
  const isUnserved = sql<boolean>`(state = 'queued' and ${passedOver(now)}
    and ${startedAt} <= ${now - unservedMs})`;
  return db
    .selectFrom('verifications')
    .select('id')
    .select(sql<number>`case when ${isWanted()} then 0 else 1 end`.as('isLeft'))
    .select(sql<number>`case when ${isUnserved} then 1 else 0 end`.as('isUnserved'))
    .where('ended_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb.not(isWanted()),
        isUnserved,
        eb.and([
          eb('state', '=', 'running'),
          eb.or([
            isDue(sql.ref('lease_expires_at'), { now, longestMs: verifierLeaseMs }),
            eb('started_at', '<=', now - longestRunMs),
          ]),
        ]),
      ]),
    )
    .limit(maxSwept)
    .execute();
}

/** Due for long, while nothing before it in the queue was taken: a long queue moves on. */
function passedOver(now: number) {
  return sql<boolean>`due_at <= ${now - unservedMs} and seq < coalesce(
    (select min(taken.seq) from verifications as taken where taken.started_at > ${now - unservedMs}),
    seq + 1)`;
}
