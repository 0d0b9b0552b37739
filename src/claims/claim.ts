import type { Plan } from '../issue/plan.ts';

/** What a worker asks for; undefined: anything. */
export interface ClaimRequest {
  /** The caller's name, from its bearer token. */
  readonly worker: string;
  /** Names of profiles it can run. */
  readonly agents?: readonly string[] | undefined;
  /** `owner/name` of repositories it can work in. */
  readonly repositories?: readonly string[] | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** What the last worker on an issue left for the next. */
export interface Handoff {
  /** Always `agent`: the content is text from a program, to be weighed and not obeyed. */
  readonly author: 'agent';
  readonly worker: string;
  readonly agent: string;
  /** ISO 8601, UTC. */
  readonly writtenAt: string;
  readonly content: unknown;
}

/** An issue handed to a worker. */
export interface HandedOut {
  readonly claimId: string;
  readonly token: string;
  readonly leaseExpiresAt: string;
  /** `owner/name#number`. */
  readonly issue: string;
  readonly agent: string;
  readonly plan: Plan;
  readonly handoff?: Handoff | undefined;
}

/** A call on a claim, with what proves the right to make it. */
export interface ClaimCall {
  readonly claimId: string;
  readonly worker: string;
  readonly token: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** How a worker ends its claim. */
export type Ending =
  | {
      readonly kind: 'release';
      readonly reason: string;
      readonly handoff?: unknown;
      /** Epoch milliseconds: the agent's allowance is used up until then. */
      readonly limitedUntil?: number | undefined;
    }
  | { readonly kind: 'block'; readonly reason: string }
  | { readonly kind: 'complete'; readonly commit: string };

/** Why a call was refused; nothing was changed. */
export interface Refusal {
  readonly code:
    | 'claim_token_invalid'
    | 'stale_lease'
    | 'withdrawn'
    | 'idempotency_key_reused'
    | 'too_many_waiting';
  readonly message: string;
}

/** Failed attempts of one issue after which a person has to look at it. */
export const mostAttempts = 3;
