import type { Logger } from '../log.ts';
import { endClaim, expiredClaims, resumedIssues, settleResumed } from './rows.ts';
import type { Database } from '../db/database.ts';
import { pruneAnswers } from './idempotency-rows.ts';
import { mostAttempts } from './claim.ts';
import type { Write } from './claims.ts';
import type { Waiters } from './long-poll.ts';

export interface SweeperDeps {
  readonly db: Database;
  readonly write: Write;
  readonly now: () => number;
  readonly log: Logger;
  readonly waiters: Waiters;
}

/** Longest a lease stands after it ran out, and a command beside the service waits to be noticed. */
const sweepIntervalMs = 1_000;
/** Claims and issues of one transaction: deliveries must not wait long for it. */
const sweptAtOnce = 50;
const pruneIntervalMs = 600_000;

/** Takes back what was claimed by workers that fell silent, once a second and at the start. */
export function createSweeper({ db, write, now, log, waiters }: SweeperDeps) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let prunedAt = -Infinity;

  /** One round: expired leases, issues resumed beside the service, what is kept too long. */
  async function sweep(): Promise<void> {
    while ((await expiredClaims(db, now(), 1)).length > 0) await sweepExpired();
    while ((await resumedIssues(db, 1)).length > 0)
      await write('sweep', async (transaction) => {
        const issues = await resumedIssues(transaction, sweptAtOnce);
        await settleResumed(transaction, issues, now());
      });
    if (Math.abs(now() - prunedAt) >= pruneIntervalMs) {
      prunedAt = now();
      await write('sweep', (transaction) => pruneAnswers(transaction, now()));
    }
    // Also for what nobody announces: pauses that end, and what a command beside the service wrote.
    waiters.wake();
  }

  async function sweepExpired(): Promise<void> {
    const swept = await write('sweep', async (transaction) => {
      const at = now();
      const claims = await expiredClaims(transaction, at, sweptAtOnce);
      for (const claim of claims)
        await endClaim(transaction, claim, {
          outcome: 'expired',
          reason: 'The lease ran out.',
          failed: true,
          mostAttempts,
          now: at,
        });
      return claims;
    });
    for (const { id, worker, agent } of swept)
      log.warn({ claim: id, worker, agent }, 'lease ran out, the issue is taken back');
  }

  function tick(): void {
    running ??= sweep()
      .catch((error: unknown) => {
        log.error({ err: error }, 'claims could not be swept, trying again');
      })
      .finally(() => {
        running = undefined;
      });
  }

  return {
    sweep,
    start: () => {
      timer ??= setInterval(tick, sweepIntervalMs);
    },
    /** Resolves when a round that was under way has ended. */
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
