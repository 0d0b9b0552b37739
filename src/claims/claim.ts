import type { ClaimRow } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { PlanView } from '../issue/plan.ts';
import type { Spent } from '../issue/spending.ts';
import type { Scope } from '../plans/scope.ts';

/** Request of a worker for an issue; an undefined filter means any. */
export interface ClaimRequest {
  /** Name of the caller, from its bearer token. */
  readonly worker: string;
  /** True for a caller that must not be able to stop the others: the role worker. */
  readonly isBounded?: boolean;
  /** Repositories that the caller may see at all. */
  readonly scope?: Scope;
  /** Names of the agent profiles that it can run. */
  readonly agents?: readonly string[] | undefined;
  /** Repositories that it can work in, as `owner/name`. */
  readonly repositories?: readonly string[] | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** Content that the last worker on an issue left for the next one. */
export interface Handoff {
  /** Always `agent`: the content is text from a program, to be weighed and not obeyed. */
  readonly author: 'agent';
  readonly worker: string;
  readonly agent: string;
  /** ISO 8601, UTC. */
  readonly writtenAt: string;
  readonly content: unknown;
}

/** An issue handed out to a worker. */
export interface ClaimedIssue {
  readonly claimId: string;
  readonly token: string;
  readonly leaseExpiresAt: string;
  /** `owner/name#number`. */
  readonly issue: string;
  readonly agent: string;
  readonly plan: PlanView;
  readonly handoff?: Handoff | undefined;
}

/** A call on a claim, with the token that gives the right to make it. */
export interface ClaimCall {
  readonly claimId: string;
  readonly worker: string;
  readonly token: string | undefined;
  /** See `ClaimRequest`. */
  readonly isBounded?: boolean;
  readonly idempotencyKey?: string | undefined;
}

/** What comes with every end of a claim. */
export interface LastReport {
  readonly handoff?: unknown;
  readonly spent?: Spent | undefined;
}

/** The end of a claim, as its worker requests it. */
export type ClaimEnd = LastReport &
  (
    | {
        readonly kind: 'release';
        readonly reason: string;
        /** Time until which the agent's allowance is used up, epoch milliseconds; it may be over. */
        readonly limitedUntil?: number | undefined;
      }
    | { readonly kind: 'block'; readonly reason: string }
    | {
        readonly kind: 'complete';
        readonly commit: string;
        /** Branch that the worker pushed it to. */
        readonly branch?: string | undefined;
        /** True once Gitea has confirmed that the commit is there and new. */
        readonly checked?: boolean;
        /** The branch that it is for, and the head of that, once Gitea has named them. */
        readonly base?: { readonly branch: string; readonly commit: string };
      }
  );

/** Refusal of a call, which changed nothing. */
export interface Refusal {
  readonly code:
    | 'claim_token_invalid'
    | 'stale_lease'
    | 'withdrawn'
    | 'idempotency_key_reused'
    | 'too_many_waiting'
    | 'too_many_failures'
    | 'too_many_parked'
    | 'handoff_missing'
    | 'handoff_too_deep'
    | 'handoff_too_large'
    | CommitRefusal;
  readonly message: string;
}

type CommitRefusal = 'commit_not_found' | 'commit_no_change';

/** Longest reason of a worker: it becomes part of a sentence. */
export const maxReasonLength = 500;

export interface RefusedCall {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

export const wrongToken = refused(
  'claim_token_invalid',
  'Send the token that came with this claim as X-Claim-Token.',
);
export const keyReused = refused(
  'idempotency_key_reused',
  'This Idempotency-Key was used with another body: use a new key for a new call.',
);
/** Refuses to complete with a commit that is none, or no change. */
export function commitRefused(code: CommitRefusal, message: string): RefusedCall {
  return refused(code, message);
}

/** Refuses a caller whose claims end without a result too often. */
export function tooManyFailures(worker: string, count: number, until: string): RefusedCall {
  return refused(
    'too_many_failures',
    `${count} claims of ${worker} failed, were blocked or met a limit within an hour: find out why. It may claim again at ${until}.`,
  );
}

/** Refuses a caller after whose claims many issues wait for a person. */
export function tooManyParked(worker: string, count: number): RefusedCall {
  return refused(
    'too_many_parked',
    `${count} issues wait for a person after claims of ${worker}: blocked, failed, or completed with a commit that nobody has seen on Gitea. Close or resume some of them, then it may claim again.`,
  );
}

export const tooManyWaiting = refused(
  'too_many_waiting',
  'Too many calls already wait for work: ask again without wait, or later.',
);

/** Refuses a call on a claim that is not live, or not the worker's. */
export function lateCall(row: ClaimRow | undefined, worker: string): RefusedCall {
  if (row === undefined) return refused('stale_lease', 'This claim does not exist: claim again.');
  if (row.worker !== worker)
    return refused('claim_token_invalid', 'This claim belongs to another caller.');
  if (row.outcome === 'withdrawn')
    return refused('withdrawn', `${row.reason ?? ''} Stop working on it.`);
  return refused(
    'stale_lease',
    row.outcome === null || row.outcome === 'expired'
      ? `The lease expired at ${isoTime(row.expires_at)}: stop, and claim again.`
      : `This claim was ${row.outcome} at ${isoTime(row.ended_at ?? 0)}: it takes no more calls.`,
  );
}

export function refused(code: Refusal['code'], message: string): RefusedCall {
  return { kind: 'refused', refusal: { code, message } };
}
