import type { Transaction } from 'kysely';

import type { VerificationRequest } from '../claims/verified-completion.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { Verdict, VerificationJob } from '../issue/verification.ts';
import {
  giveBack,
  heartbeatVerification,
  recordVerdict,
  runningBy,
  takeVerification,
  type Verifier,
  type VerifierCall,
} from './lease.ts';
import { queueHealth } from './queue-health.ts';
import { requestVerification } from './request.ts';
import { sweepVerifications } from './sweep.ts';
import type { VerificationDeps } from './deps.ts';
import {
  findReport,
  listVerifications,
  viewVerification,
  type VerificationView,
  newestOfClaim,
} from './views.ts';

export type Verifications = ReturnType<typeof createVerifications>;

/** Longest list of verifications of one issue. */
const maxListed = 50;

/**
 * The queue of verifications: what a worker says is proved by a verifier, which takes one after another.
 *
 * Promises: at most one verification of an issue has not ended; a verdict is stored once, with everything that
 * follows from it, in one transaction; a claim whose commit is verified does not expire.
 *
 * Accepted race: a verifier whose lease was lost works on until its next call, which is refused.
 */
export function createVerifications(deps: VerificationDeps) {
  const { db, longPolls, now } = deps;
  const startedAt = now();
  // A start is as good as a call: a verifier needs a moment.
  let askedAt = startedAt;

  /** Waits for a verification that is due; undefined when none came, `busy` when too many calls wait. */
  async function take(
    by: Verifier,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<VerificationJob | 'busy' | undefined> {
    const job = await waitFor(by.verifier, { waitMs, signal }, () => {
      askedAt = now();
      return takeVerification(deps, by);
    });
    if (job === undefined || job === 'busy' || !signal.aborted) return job;
    // The caller went away meanwhile: nobody has to wait for the end of a lease that nobody holds.
    const { verificationId: id, token } = job;
    await giveBack(deps, { id, token, verifier: by.verifier });
    return undefined;
  }

  /** The verification, once it has ended or the wait is over; undefined when there is none. */
  async function find(
    id: string,
    caller: string,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<VerificationView | 'busy' | undefined> {
    const ended = await waitFor(caller, { waitMs, signal }, async () => {
      const view = await viewVerification(db, id);
      return view?.endedAt === null ? undefined : { view };
    });
    if (ended === 'busy') return ended;
    return ended === undefined ? viewVerification(db, id) : ended.view;
  }

  async function waitFor<T>(
    caller: string,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
    look: () => Promise<T | undefined>,
  ): Promise<T | 'busy' | undefined> {
    const leave = waitMs > 0 ? longPolls.enter(caller) : () => undefined;
    if (leave === undefined) return 'busy';
    const endsAt = performance.now() + waitMs;
    try {
      for (;;) {
        // Nobody would hear of what is found now.
        if (signal.aborted) return undefined;
        const seen = longPolls.version();
        const found = await look();
        if (found !== undefined) return found;
        const leftMs = endsAt - performance.now();
        if (leftMs <= 0 || longPolls.isClosed()) return undefined;
        await longPolls.changeSince(seen, leftMs, signal);
      }
    } finally {
      leave();
    }
  }

  return {
    request: (transaction: Transaction<Schema>, request: VerificationRequest) =>
      requestVerification(deps, transaction, request),
    take,
    find,
    list: (issue: IssueKey) => listVerifications(db, issue, maxListed),
    newestOfClaim: (claimId: string) => newestOfClaim(db, claimId),
    report: (id: string) => findReport(db, id),
    health: () => queueHealth(db, { now: now(), askedAt }),
    /** The verification that a verifier runs, or why not. */
    running: (call: VerifierCall) => runningBy(deps, db, call),
    heartbeat: (call: VerifierCall) => heartbeatVerification(deps, call),
    record: (call: VerifierCall, verdict: Verdict) => recordVerdict(deps, call, verdict),
    giveBack: (call: VerifierCall) => giveBack(deps, call),
    sweep: () => sweepVerifications(deps, startedAt),
  };
}
