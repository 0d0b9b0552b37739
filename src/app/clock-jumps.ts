import type { Transaction } from 'kysely';

import { boundLimits } from '../claims/pauses.ts';
import { boundLeases, graceLeases, moveClaimTimes } from '../claims/lease-times.ts';
import { afterCommit } from '../db/after-commit.ts';
import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { StoreUnavailable } from '../errors.ts';
import { boundDueTimes, moveDueTimes } from '../inbox/due-times.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';
import type { Logger } from '../log.ts';
import { boundPostponements } from '../publish/rows.ts';
import { boundReadyTimes } from '../plans/queue-order.ts';
import { boundSnapshotDates } from '../plans/stored-facts.ts';
import { graceVerifiers, moveVerificationTimes } from '../verification/stops.ts';

interface ClockJumpDeps {
  readonly writes: Pick<WriteQueue, 'transaction'>;
  readonly clock: SteadyClock;
  /** Monotonic time in milliseconds: it goes on while this process stands still. */
  readonly processTime: () => number;
  readonly leaseMs: number;
  readonly wakeConsumer: () => void;
  readonly log: Logger;
}

/** Tolerance for two clocks that are read one after the other. */
const clockReadMs = 1_000;

/** Tolerance for one jump as two replicas see it. */
const sameJumpMs = 2_000;

/** Bounds of the time without a sweep after which heartbeats may have been missed; half a lease between them. */
const minStopMs = 2_000;
const maxStopMs = 5_000;

export type ClockJumps = ReturnType<typeof createClockJumps>;

/**
 * Keeps stored times true when the clock of the machine is set or the machine sleeps. Leases, of verifiers
 * too, and waiting deliveries keep the time that they had left; other waits end no later than they could have been set to now.
 *
 * Also gives live leases a grace after a time in which this service could take no heartbeat: it was down, the
 * process was stopped, or its store refused writes. Sweeps come once a second; a gap between them shows it.
 */
export function createClockJumps(deps: ClockJumpDeps) {
  const { writes, clock, processTime, leaseMs, wakeConsumer, log } = deps;
  const stopMs = Math.max(minStopMs, Math.min(maxStopMs, leaseMs / 2));
  let sweptAt = Infinity;
  /** When the clock last agreed with that of the store. */
  let agreedAt = clock.now();
  /** The last move of the store's times that this replica followed: the next jump, equal or not, is another one. */
  let followed: Move | undefined;

  /** Sets stored times right; cheap when they are. Called before every use of a lease, and once a second. */
  async function settle(): Promise<void> {
    await settleJump();
    await settleStop();
  }

  /** A sweep went through: until now heartbeats could be taken. */
  function swept(): void {
    sweptAt = processTime();
  }

  async function settleStop(): Promise<void> {
    const isLate = () => processTime() - sweptAt > stopMs;
    if (!isLate()) return;
    try {
      const claims = await writes.transaction(async (transaction) => {
        if (!isLate()) return 0;
        await graceVerifiers(transaction, clock.now());
        return graceLeases(transaction, { now: clock.now(), leaseMs });
      });
      swept();
      if (claims > 0)
        log.warn({ claims }, 'the service stood still: its live claims get one more lease');
    } catch (error) {
      // Whoever writes is told by that write; the grace follows when the store is back.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  /**
   * Accepted race: a heartbeat that another replica takes before it has seen the jump, a second later at most, gets
   * a lease in the time before it.
   */
  async function settleJump(): Promise<void> {
    if (clock.jumpMs() === 0) {
      agreedAt = clock.now();
      return;
    }
    let followedMs = 0;
    await writes.transaction(async (transaction) => {
      const byMs = clock.jumpMs();
      // Another call may have settled it while this one waited for its turn.
      if (byMs === 0) return;
      // Each replica sees the jump for itself; the first one moves what is stored.
      const last = await lastMove(transaction);
      const isSame = !isEqual(last, followed) && Math.abs(last.byMs - byMs) < sameJumpMs;
      if (isSame && last.at - last.byMs > agreedAt - sameJumpMs) {
        afterCommit(transaction, () => {
          clock.follow(byMs);
          followed = last;
        });
        return;
      }
      const move = { at: clock.now() + byMs, byMs };
      await rememberMove(transaction, move);
      await moveClaimTimes(transaction, byMs);
      await moveVerificationTimes(transaction, byMs);
      await moveDueTimes(transaction, { byMs, before: clock.now() + clockReadMs });
      await boundOtherTimes(transaction, clock.now() + byMs);
      afterCommit(transaction, () => {
        // Before the next transaction begins: it finds the clock in the time of the rows.
        clock.follow(byMs);
        followed = move;
        followedMs = byMs;
      });
    });
    if (followedMs === 0) return;
    wakeConsumer();
    const direction = followedMs > 0 ? 'forward' : 'back';
    log.warn(
      { seconds: Math.round(Math.abs(followedMs) / 1_000), direction },
      'the clock jumped: leases and waiting deliveries keep the time they had left',
    );
  }

  /** Cuts times that a clock far ahead has left in the database, and makes good for the time since the last run. */
  async function settleAtStart(): Promise<void> {
    const now = clock.now();
    let claims = 0;
    const cut = await writes.transaction(async (transaction) => {
      const leases = await boundLeases(transaction, { now, leaseMs });
      const deliveries = await boundDueTimes(transaction, now);
      await boundOtherTimes(transaction, now);
      await graceVerifiers(transaction, now);
      claims = await graceLeases(transaction, { now, leaseMs });
      return { leases, deliveries };
    });
    if (claims > 0)
      log.info({ claims }, 'claims live at the last stop get one lease from this start on');
    if (cut.leases + cut.deliveries > 0)
      log.warn(cut, 'the database is from a clock that was ahead: its times were cut to now');
  }

  /** Before anything is stored: the clock of the service begins with that of the database. */
  async function begin(): Promise<void> {
    followed = await writes.transaction(lastMove);
    clock.follow(clock.jumpMs());
    agreedAt = clock.now();
  }

  return { begin, settle, settleAtStart, swept };
}

/** The last jump that a replica followed: when, by the clock as it is since then, and by how much. */
interface Move {
  readonly at: number;
  readonly byMs: number;
}

function isEqual(one: Move, other: Move | undefined): boolean {
  return one.at === other?.at && one.byMs === other.byMs;
}

/** Rows beside those of the store's checks. */
const moveRows = { at: 'clock_moved_at', byMs: 'clock_moved_by' } as const;

async function lastMove(db: Database): Promise<Move> {
  const rows = await db
    .selectFrom('store_checks')
    .select(['writer', 'checked_at'])
    .where('writer', 'in', Object.values(moveRows))
    .execute();
  const valueOf = (name: string) => rows.find(({ writer }) => writer === name)?.checked_at;
  return { at: valueOf(moveRows.at) ?? -Infinity, byMs: valueOf(moveRows.byMs) ?? 0 };
}

async function rememberMove(db: Database, move: Move): Promise<void> {
  for (const part of ['at', 'byMs'] as const) {
    const checked_at = move[part];
    await db
      .insertInto('store_checks')
      .values({ writer: moveRows[part], checked_at, filler: null })
      .onConflict((conflict) => conflict.column('writer').doUpdateSet({ checked_at }))
      .execute();
  }
}

async function boundOtherTimes(transaction: Transaction<Schema>, now: number): Promise<void> {
  await boundLimits(transaction, now);
  await boundPostponements(transaction, now);
  await boundReadyTimes(transaction, now);
  await boundSnapshotDates(transaction, now);
}
