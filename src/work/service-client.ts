import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import {
  claimAnswer,
  completeAnswer,
  heartbeatAnswer,
  issueTextAnswer,
  rotateAnswer,
  verificationAnswer,
  type ClaimAnswer,
  type ClaimedIssueAnswer,
  type HeartbeatAnswer,
  type IssueTextAnswer,
  type VerificationAnswer,
} from '../issue/claim-answers.ts';
import {
  CallRefused,
  callTimeoutMs,
  createServiceCalls,
  serviceWaitSeconds,
  type ServiceCallsOptions,
} from '../lib/service-calls.ts';
import { maxSpent } from '../issue/spending.ts';
import type { Spent } from './adapters/adapter.ts';

export interface ServiceClientOptions extends ServiceCallsOptions {
  readonly waitSeconds?: number;
}

/** A claim that this runner holds. */
export type HeldClaim = Pick<ClaimedIssueAnswer, 'claimId' | 'token'>;

export interface ClaimWish {
  readonly agents?: readonly string[] | undefined;
  readonly repositories?: readonly string[] | undefined;
}

export interface ContextReport {
  readonly used: number;
  readonly window?: number | undefined;
}

/** Text, or what somebody before has left. */
export type Handoff = string | Readonly<Record<string, unknown>>;

/** What a claim leaves behind, beside its reason. */
export interface Remains {
  readonly reason: string;
  readonly handoff?: Handoff | undefined;
  /** Of the claim so far. */
  readonly spent?: Spent | undefined;
}

/** Longest reason that the service takes. */
const maxReason = 500;
/** Longest handoff, in characters: below the service's limit of 32 KB as JSON, once control characters are out. */
const maxHandoff = 10_000;
/** Largest context, in tokens, and latest end of a limit that the service takes. */
const maxContext = 100_000_000;
const latestLimit = Date.parse('9999-12-31T00:00:00Z');

const anything = z.unknown();

export type ServiceClient = ReturnType<typeof createServiceClient>;

/**
 * Calls the service on behalf of a runner, with a token of the role worker. The calls that change something are
 * repeated until they are answered, with a key that is the same for the same call: one whose answer was lost is not
 * done twice. Those on a claim throw `LeaseLost` when it has ended.
 */
export function createServiceClient({
  waitSeconds = serviceWaitSeconds,
  ...options
}: ServiceClientOptions) {
  const { call, patiently, close } = createServiceCalls(options);

  /** Repeats a call on a claim; the last one of a runner that stops has a deadline. */
  function onClaim<T>(
    { claimId, token }: HeldClaim,
    what: string,
    {
      schema,
      body,
      signal,
      nth = 1,
    }: {
      readonly schema: z.ZodType<T>;
      readonly body: object;
      readonly signal: AbortSignal;
      /** Tells calls apart that are the same otherwise. */
      readonly nth?: number;
    },
  ): Promise<T> {
    const key = createHash('sha256')
      .update(`${claimId} ${what} ${nth} ${JSON.stringify(body)}`)
      .digest('hex');
    const headers = { 'x-claim-token': token, 'idempotency-key': key };
    return patiently(signal, () =>
      call(`claims/${claimId}/${what}`, { schema, body, headers, onLease: true, signal }),
    );
  }

  return {
    /**
     * Asks once for an issue, and waits for one. The same key gives the same claim again, when the answer to the call
     * before was lost. Throws `TryAgainLater` when the service does not answer, or has reasons to hand out nothing.
     */
    claim(
      { agents, repositories }: ClaimWish,
      key: string,
      signal: AbortSignal,
      waits = waitSeconds,
    ): Promise<ClaimAnswer> {
      return call(`claims?wait=${waits}`, {
        schema: claimAnswer,
        body: { ...(agents && { agents }), ...(repositories && { repositories }) },
        headers: { 'idempotency-key': key },
        timeoutMs: waits * 1_000 + callTimeoutMs,
        signal,
      });
    },

    /** Extends the lease once and reports the context. Throws `TryAgainLater` when nobody answers. */
    heartbeat(
      { claimId, token }: HeldClaim,
      { context, spent }: { readonly context?: ContextReport | undefined; readonly spent?: Spent },
      signal: AbortSignal,
    ): Promise<HeartbeatAnswer> {
      const { used, window } = context ?? {};
      const body = {
        ...(used === undefined ? {} : { contextUsed: whole(used, maxContext) }),
        ...(used === undefined || window === undefined
          ? {}
          : { contextLimit: Math.max(1, whole(window, maxContext)) }),
        ...withSpent(spent),
      };
      const headers = { 'x-claim-token': token };
      const options = { schema: heartbeatAnswer, body, headers, onLease: true, signal };
      return call(`claims/${claimId}/heartbeat`, options);
    },

    /** Tells of a fresh session of the same claim, the `nth` rotation of it. */
    rotate(
      claim: HeldClaim,
      {
        handoff,
        nth,
        spent,
      }: { readonly handoff: string; readonly nth: number; readonly spent?: Spent },
      signal: AbortSignal,
    ) {
      const body = { handoff: plainHandoff(handoff), ...withSpent(spent) };
      return onClaim(claim, 'rotate', { schema: rotateAnswer, body, signal, nth });
    },

    /** Gives the issue back. `limitedUntil` in milliseconds: the allowance of the agent is used up until then. */
    release(
      claim: HeldClaim,
      { limitedUntil, ...remains }: Remains & { readonly limitedUntil?: number | undefined },
      signal: AbortSignal,
    ) {
      const body = {
        ...bodyOf(remains),
        ...(limitedUntil === undefined
          ? {}
          : { limitedUntil: new Date(Math.min(limitedUntil, latestLimit)).toISOString() }),
      };
      return onClaim(claim, 'release', { schema: anything, body, signal });
    },

    /** Gives the issue to a person. */
    block(claim: HeldClaim, remains: Remains, signal: AbortSignal) {
      const body = bodyOf(remains);
      return onClaim(claim, 'block', { schema: anything, body, signal });
    },

    /**
     * Calls the work done; resolves to the id of its verification, undefined where nothing is verified. Throws
     * `CallRefused` with the code `commit_not_found` or `commit_no_change`; the claim then goes on.
     */
    async complete(
      claim: HeldClaim,
      work: { readonly commit: string; readonly branch: string; readonly spent?: Spent },
      signal: AbortSignal,
    ): Promise<string | undefined> {
      const { commit, branch, spent } = work;
      const body = { commit, branch, ...withSpent(spent) };
      const answer = await onClaim(claim, 'complete', { schema: completeAnswer, body, signal });
      return answer.verification?.id;
    },

    /** Waits until a verification has ended, however long it takes. */
    async verdict(id: string, signal: AbortSignal): Promise<VerificationAnswer> {
      for (;;) {
        const started = performance.now();
        const view = await patiently(signal, () =>
          call(`verifications/${id}?wait=${waitSeconds}`, {
            ...{ schema: verificationAnswer, method: 'GET' as const, signal },
            timeoutMs: waitSeconds * 1_000 + callTimeoutMs,
          }),
        );
        if (view.state !== 'queued' && view.state !== 'running') return view;
        // A service that does not wait must not be asked all the time.
        if (performance.now() - started < 1_000) await sleep(1_000, undefined, { signal });
      }
    },

    /** Title and text of an issue; undefined where the service does not know it. */
    async issueText(ref: string, signal: AbortSignal): Promise<IssueTextAnswer | undefined> {
      const path = `issues/${ref.replace('#', '/')}/text`;
      try {
        return await patiently(signal, () =>
          call(path, { schema: issueTextAnswer, method: 'GET', signal }),
        );
      } catch (error) {
        if (error instanceof CallRefused && error.refusal === 'not_found') return undefined;
        throw error;
      }
    },

    /** Asks for the caller's live claims once: whether address and token are right. */
    async check(signal: AbortSignal): Promise<void> {
      await call('claims', { schema: anything, method: 'GET', signal });
    },

    close,
  };
}

function bodyOf({ reason, handoff, spent }: Remains) {
  return {
    reason: reason.slice(0, maxReason),
    ...(handoff === undefined
      ? {}
      : { handoff: typeof handoff === 'string' ? plainHandoff(handoff) : handoff }),
    ...withSpent(spent),
  };
}

function withSpent(spent: Spent | undefined) {
  if (spent === undefined || spent.tokens === 0) return {};
  const { tokens, costUsd } = spent;
  return {
    spent: {
      tokens: whole(tokens, maxSpent.tokens),
      ...(costUsd === undefined ? {} : { costUsd: Math.min(costUsd, maxSpent.costUsd) }),
    },
  };
}

/** Agents report what they like; a figure that the service refuses would cost the claim its lease. */
function whole(value: number, max: number): number {
  return Math.min(max, Math.round(value));
}

/** The beginning, without control characters: each takes six bytes in JSON. */
function plainHandoff(text: string): string {
  return text
    .slice(0, maxHandoff)
    .toWellFormed()
    .replaceAll(/(?![\n\t])\p{Cc}/gu, ' ');
}
