import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import { partOfTrace } from '../lib/spans.ts';
import { expiredClaims, storeClaimEnd } from './claim-rows.ts';
import { pruneAnswers } from './idempotency.ts';
import { recomputeIssues, resumedIssues } from './parking.ts';
import { pruneSpending } from './spending.ts';
import { change, type ClaimWrites } from './state.ts';

export type Sweeper = ReturnType<typeof createSweeper>;

/** Interval of sweeps: an expired lease, or a command beside the service, is noticed within it. */
const sweepIntervalMs = 1_000;
/** Maximum of claims or issues in one transaction, so that deliveries do not wait long for it. */
const maxSwept = 50;
const pruneIntervalMs = 600_000;

interface SweeperDeps extends ClaimWrites {
  /** Moves what is stored after a jump of the clock. */
  readonly settleClock: () => Promise<void>;
  /** Called after each sweep: a long time without one is a time in which heartbeats were missed. */
  readonly onSwept: () => void;
}

/** Ends the claims of workers that fell silent, once a second and at the start. */
export function createSweeper(deps: SweeperDeps) {
  const { db, now, log, longPolls, settleClock, onSwept } = deps;
  let isFirstStep = true;
  let prunedAt = -Infinity;

  /** One sweep: expired leases, issues resumed beside the service, and answers past their lifetime. */
  async function sweep(): Promise<void> {
    await settleClock();
    while ((await expiredClaims(db, now(), 1)).length > 0) await sweepExpired();
    while ((await resumedIssues(db, 1)).length > 0)
      await change(deps, async (transaction) => {
        const issues = await resumedIssues(transaction, maxSwept);
        await recomputeIssues(transaction, issues, now());
      });
    if (Math.abs(now() - prunedAt) >= pruneIntervalMs) {
      prunedAt = now();
      await change(deps, async (transaction) => {
        await pruneAnswers(transaction, now());
        await pruneSpending(transaction, now());
      });
    }
    // Also for changes that nobody announces: pauses that end, and commands beside the service.
    longPolls.wakeHere();
    onSwept();
  }

  async function sweepExpired(): Promise<void> {
    const swept = await change(deps, async (transaction) => {
      const at = now();
      const claims = await expiredClaims(transaction, at, maxSwept);
      for (const claim of claims)
        await storeClaimEnd(transaction, claim, {
          outcome: 'expired',
          reason: 'The lease expired.',
          failed: true,
          now: at,
        });
      return claims;
    });
    for (const { id, worker, agent } of swept)
      partOfTrace('claim', id, () =>
        log.warn({ claim: id, worker, agent }, 'lease expired, claim ended'),
      )();
  }

  const repeated = createRepeatedLines(log);
  const loop = createLoop({
    step: async () => {
      if (!isFirstStep) await sweep();
      isFirstStep = false;
      return sweepIntervalMs;
    },
    onError: (error) => {
      repeated.error({ err: error }, 'sweep of claims failed, retrying');
      return sweepIntervalMs;
    },
  });

  /** Sweeps, and from then on once a second. */
  async function start(): Promise<void> {
    await sweep();
    loop.start();
  }

  return { sweep, start, stop: loop.stop };
}
