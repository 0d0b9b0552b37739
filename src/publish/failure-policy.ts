import type { Database } from '../db/database.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { describeError, StoreUnavailable, TryAgainLater } from '../errors.ts';
import type { Gitea } from '../gitea/client.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Logger } from '../log.ts';
import { Storm } from './refused.ts';
import { findPublication, storePublication, type DueIssue } from './rows.ts';

interface FailurePolicyDeps {
  readonly db: Database;
  readonly writes: Pick<WriteQueue, 'transaction'>;
  readonly gitea: Pick<Gitea, 'getUser'>;
  readonly dryRun: boolean;
  readonly now: () => number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Delays of all issues while Gitea is away. */
const outageBackoff = { firstMs: 1_000, factor: 2, maxMs: 60_000 };
/** Delays of one issue that Gitea refuses. */
const refusalBackoff = { firstMs: 60_000, factor: 2, maxMs: 3_600_000 };
/** Delays of one issue that fails while Gitea answers: a Gitea that is just starting fails and answers by turns. */
const briefBackoff = { ...refusalBackoff, firstMs: outageBackoff.firstMs };
/** Pause of an issue after a storm: long enough for a person to look, or for the loop to end. */
const stormPauseMs = 3_600_000;

/** Decides whether a failed publication delays all issues (an outage) or its own issue alone. */
export function createFailurePolicy(deps: FailurePolicyDeps) {
  const { db, gitea, now, log, signal } = deps;
  const outage = { failures: 0, until: -Infinity };

  function isOutage(): boolean {
    const remainingMs = outage.until - now();
    // A clock that was set back does not make it longer.
    return remainingMs > 0 && remainingMs <= outageBackoff.maxMs;
  }

  function succeeded(): void {
    outage.failures = 0;
  }

  /** Delays the next attempt; returns whether this issue has a delay of its own. */
  async function failed(due: DueIssue, error: unknown): Promise<'postponed' | 'outage'> {
    const isAway =
      error instanceof StoreUnavailable ||
      (error instanceof TryAgainLater && !(await isAnswering()));
    if (isAway) beginOutage(error);
    if (isAway && !mayStillHappen(error)) return 'outage';
    await postpone(due, error);
    return 'postponed';
  }

  /** If `GET /user` still works, the failure concerns this issue only, and all others go on. */
  async function isAnswering(): Promise<boolean> {
    if (isOutage()) return false;
    try {
      await gitea.getUser(signal);
      outage.failures = 0;
      return true;
    } catch {
      return false;
    }
  }

  /** Gitea is away, or another process is writing to the database. */
  function beginOutage(error: unknown): void {
    // Calls side by side fail together: that is one outage.
    if (signal.aborted || isOutage()) return;
    outage.failures += 1;
    const delayMs = backoffMs(outageBackoff, outage.failures);
    outage.until = now() + delayMs;
    log.warn({ err: error, delayMs }, 'publishing failed, retrying later');
  }

  async function postpone(due: DueIssue, error: unknown): Promise<void> {
    const issue = { repositoryId: due.repositoryId, issue: due.number };
    try {
      const { attempts } = await findPublication(db, due);
      const changes =
        error instanceof Storm
          ? { paused_until: now() + stormPauseMs }
          : afterFailure(attempts + 1, error);
      log.warn({ ...issue, err: error, ...changes }, 'publishing of an issue is postponed');
      if (deps.dryRun) return;
      const full = { ...changes, error: describeError(error) };
      await deps.writes.transaction((transaction) => storePublication(transaction, due, full));
    } catch (failure) {
      log.error({ ...issue, err: failure }, 'a failed publication could not be postponed');
      outage.until = now() + outageBackoff.firstMs;
    }
  }

  function afterFailure(attempts: number, error: unknown) {
    const isBrief = error instanceof TryAgainLater && !mayStillHappen(error);
    const delayMs = backoffMs(isBrief ? briefBackoff : refusalBackoff, attempts);
    return { attempts, due_at: now() + delayMs };
  }

  return { isOutage, succeeded, failed };
}

/** After a timeout, Gitea may still create the comment: searched for too early, it would be created twice. */
function mayStillHappen(error: unknown): boolean {
  return error instanceof TryAgainLater && error.code === 'gitea_timeout';
}
