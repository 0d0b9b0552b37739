import { createHash, randomUUID } from 'node:crypto';

import type { Transaction } from 'kysely';

import type { AgentProfile } from '../planning/agent-profiles.ts';
import { monitorStateSchema } from './monitor-state.ts';
import { isoTime } from '../issue/iso-time.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import { listClaims, type ClaimView } from './views.ts';
import {
  endClaim,
  extendLease,
  findClaim,
  findHandoff,
  insertClaim,
  nextCandidate,
  readyByAgent,
  slotsTaken,
  storeContext,
  type Candidate,
} from './rows.ts';
import type { Database } from '../db/database.ts';
import { findRepositoryId } from '../plans/edges.ts';
import { findAnswer, keepAnswer, type CallKey } from './idempotency-rows.ts';
import { addPause, listPauses } from './pause-rows.ts';
import { countByReason, findPlanOf } from '../plans/plan-views.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';
import type { ClaimCall, ClaimRequest, Ending, HandedOut, Handoff, Refusal } from './claim.ts';
import { mostAttempts } from './claim.ts';
import { createClaimTokens, type TokenSecrets } from './token.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
  type ContextReport,
  type Thresholds,
} from './context-monitor.ts';
import { endAnswer, endOf, late } from './ending.ts';
import { createSerial } from '../lib/serial.ts';
import { keptClaimSchema, keptEndSchema, type KeptClaim, type KeptEnd } from './idempotency.ts';
import type { ContextUsage } from './usage.ts';
import type { Waiters } from './long-poll.ts';
import { countReady, openProfiles, type Supply } from './supply.ts';

/** The steps at which something is written; each is one transaction. */
export type Step = 'claim' | 'heartbeat' | Ending['kind'] | 'sweep' | 'pause' | 'resume';

/** Runs one step as a transaction of the service's own connection. */
export type Write = <T>(
  step: Step,
  work: (transaction: Transaction<Schema>) => Promise<T>,
) => Promise<T>;

export interface ClaimsDeps {
  readonly db: Database;
  readonly write: Write;
  readonly giteaUrl: string;
  readonly profiles: readonly AgentProfile[];
  readonly secrets: TokenSecrets;
  readonly leaseMs: number;
  readonly now: () => number;
  readonly log: Logger;
  readonly waiters: Waiters;
  readonly thresholds: Thresholds;
  /**
   * Asks Gitea whether the issue is still to be done and sees to it that it is looked at if not;
   * undefined without a token: what deliveries told is the truth. Throws `TryAgainLater`.
   */
  readonly isStillReady: ((issue: IssueKey, signal: AbortSignal) => Promise<boolean>) | undefined;
}

export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claim: HandedOut }
  | { readonly kind: 'nothing'; readonly waiting: Readonly<Record<string, number>> }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type Beaten =
  | {
      readonly kind: 'beaten';
      readonly leaseExpiresAt: string;
      readonly context: ContextAnswer | null;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type Ended =
  | { readonly kind: 'ended'; readonly answer: KeptEnd }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Candidates looked at for one call: beyond that something is amiss, and the worker asks again anyway. */
const mostCandidates = 10;
/** Live claims listed for one worker. */
const mostListed = 1_000;

export type Claims = ReturnType<typeof createClaims>;

/**
 * Hands issues out to workers, one lease an issue.
 *
 * Promises: at most one live claim an issue and `concurrency` an agent, by one conditional statement and a
 * unique index; every step is one transaction, with the kept answer of an Idempotency-Key in it, so a
 * lost answer and its retry have one effect; what has ended is never revived. Accepted races: a worker
 * whose lease runs out goes on until its next call, which is refused; of workers that look at one
 * candidate on Gitea at the same time, the others take the next one and may find nothing.
 */
export function createClaims(deps: ClaimsDeps) {
  const { db, write, profiles, leaseMs, now, log, waiters } = deps;
  const tokens = createClaimTokens(deps.secrets);
  /** Candidates that are just looked at on Gitea. */
  const lookedAt = new Map<string, IssueKey>();
  const serially = createSerial();

  /** Hands out the first ready issue the worker can do; waits up to `waitMs` for one to come up. */
  async function claim(
    request: ClaimRequest,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<ClaimAnswer> {
    const leave = waitMs > 0 ? waiters.enter() : () => undefined;
    if (leave === undefined) return refused('too_many_waiting', tooManyWaiting);
    const endsAt = performance.now() + waitMs;
    try {
      for (;;) {
        const seen = waiters.version();
        const answer = await tryInTurn(request, signal);
        if (answer !== undefined) return answer;
        const leftMs = endsAt - performance.now();
        if (leftMs <= 0 || isOver(signal))
          return { kind: 'nothing', waiting: await countWaiting(request) };
        await waiters.changeSince(seen, leftMs, signal);
      }
    } finally {
      leave();
    }
  }

  /** A retry waits for the call before it, which Gitea may keep busy: only then is there an answer to find. */
  function tryInTurn(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer | undefined> {
    const key = claimKey(request);
    if (key === undefined) return tryClaim(request, signal);
    return serially(JSON.stringify(key), () => tryClaim(request, signal));
  }

  /** Nobody waits for the answer any more, or the service stops. */
  function isOver(signal: AbortSignal): boolean {
    return signal.aborted || waiters.isClosed();
  }

  async function tryClaim(
    request: ClaimRequest,
    signal: AbortSignal,
  ): Promise<ClaimAnswer | undefined> {
    const known = await keptClaim(db, request);
    if (known !== undefined) return known;
    const repositoryIds = await repositoryIdsOf(request.repositories);
    const moved: IssueKey[] = [];
    for (let tries = 0; tries < mostCandidates && !isOver(signal); tries += 1) {
      const except = [...moved, ...lookedAt.values()];
      const wanted = { request, repositoryIds, except };
      const candidate = await firstCandidate(db, wanted);
      if (candidate === undefined) return undefined;
      if (!(await isStillReady(candidate, signal))) {
        moved.push(candidate);
        continue;
      }
      const answer = await write('claim', async (transaction) => {
        if (signal.aborted) return undefined;
        const retried = await keptClaim(transaction, request);
        if (retried !== undefined) return retried;
        // Without a look at Gitea there was no time in which another could be faster.
        const chosen =
          deps.isStillReady === undefined ? await firstCandidate(transaction, wanted) : candidate;
        return chosen === undefined ? undefined : handOut(transaction, chosen, request);
      });
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async function isStillReady(candidate: Candidate, signal: AbortSignal): Promise<boolean> {
    if (deps.isStillReady === undefined) return true;
    const id = keyOf(candidate);
    lookedAt.set(id, candidate);
    try {
      return await deps.isStillReady(candidate, signal);
    } catch (error) {
      // Given up for that reason: Gitea has not failed.
      if (isOver(signal)) return false;
      throw error;
    } finally {
      lookedAt.delete(id);
    }
  }

  async function firstCandidate(
    connection: Database,
    { request, repositoryIds, except }: Search,
  ): Promise<Candidate | undefined> {
    const supply = await supplyFor(connection, request, new Map());
    const agents = openProfiles(supply).map(({ name }) => name);
    return nextCandidate(connection, { agents, repositoryIds, except });
  }

  async function supplyFor(
    connection: Database,
    { agents, repositories }: ClaimRequest,
    ready: ReadonlyMap<string, number>,
  ): Promise<Supply> {
    return {
      ready,
      profiles,
      pauses: await listPauses(connection, now()),
      taken: await slotsTaken(connection),
      agents,
      someRepositories: repositories !== undefined,
    };
  }

  /** Names nobody has told of stand for no repository. */
  async function repositoryIdsOf(
    names: readonly string[] | undefined,
  ): Promise<readonly number[] | undefined> {
    if (names === undefined) return undefined;
    const ids = await Promise.all(names.map((name) => findRepositoryId(db, name)));
    return [...new Set(ids.filter((id) => id !== undefined))];
  }

  async function handOut(
    transaction: Transaction<Schema>,
    candidate: Candidate,
    request: ClaimRequest,
  ): Promise<ClaimAnswer | undefined> {
    const { worker } = request;
    const { agent } = candidate;
    const claimId = randomUUID();
    const at = now();
    const done = await insertClaim(transaction, {
      id: claimId,
      issue: candidate,
      worker,
      agent,
      concurrency: profiles.find(({ name }) => name === agent)?.concurrency ?? 0,
      now: at,
      expiresAt: at + leaseMs,
    });
    if (!done) return undefined;
    const store = { db: transaction, giteaUrl: deps.giteaUrl };
    const plan = await findPlanOf(store, candidate);
    if (plan === undefined) throw new RangeError('a claimed issue has no plan');
    const left = await findHandoff(transaction, candidate);
    const handed: KeptClaim = {
      claimId,
      leaseExpiresAt: isoTime(at + leaseMs),
      issue: plan.ref,
      agent,
      plan,
      ...(left === undefined ? {} : { handoff: handoffOf(left) }),
    };
    await keep(transaction, claimKey(request), hashOf(bodyOf(request)), handed);
    log.info({ claim: claimId, issue: plan.ref, worker, agent }, 'issue claimed');
    return { kind: 'claimed', claim: withToken(handed) };
  }

  function withToken(handed: KeptClaim): HandedOut {
    return { ...handed, token: tokens.tokenOf(handed.claimId) };
  }

  async function keptClaim(
    connection: Database,
    request: ClaimRequest,
  ): Promise<ClaimAnswer | undefined> {
    const kept = await recall(connection, claimKey(request), hashOf(bodyOf(request)));
    if (kept === undefined) return undefined;
    if ('code' in kept) return { kind: 'refused', refusal: kept };
    return { kind: 'claimed', claim: withToken(keptClaimSchema.parse(kept.answer)) };
  }

  /** Why there is nothing for this worker, counted by reason code. */
  async function countWaiting(request: ClaimRequest): Promise<Record<string, number>> {
    const supply = await supplyFor(db, request, await readyByAgent(db));
    return { ...(await countByReason(db)), ...countReady(supply) };
  }

  /** The live claims of a worker. */
  function list(worker: string): Promise<ClaimView[]> {
    return listClaims(db, { worker, now: now(), limit: mostListed });
  }

  /**
   * Extends the lease from now on, and says what to do about the context window, if its usage is told.
   * Throws `UnusableReport`, and then extends nothing.
   */
  async function heartbeat(call: ClaimCall, usage: ContextUsage | undefined): Promise<Beaten> {
    if (!tokens.isTokenOf(call.claimId, call.token)) return refused('claim_token_invalid', noToken);
    return write('heartbeat', async (transaction): Promise<Beaten> => {
      const at = now();
      const expiresAt = at + leaseMs;
      const beat = { id: call.claimId, worker: call.worker, now: at, expiresAt };
      const row = await extendLease(transaction, beat);
      if (row === undefined) {
        const refusal = late(await findClaim(transaction, call.claimId), call.worker);
        return { kind: 'refused', refusal };
      }
      const context =
        usage === undefined ? null : await observeClaim(transaction, row, { ...usage, at });
      return { kind: 'beaten', leaseExpiresAt: isoTime(expiresAt), context };
    });
  }

  async function observeClaim(
    transaction: Transaction<Schema>,
    { id, agent, context }: ClaimRow,
    report: ContextReport,
  ): Promise<ContextAnswer> {
    const before =
      context === null ? initialMonitorState : monitorStateSchema.parse(JSON.parse(context));
    const profile = profiles.find(({ name }) => name === agent);
    const { state, answer } = observe(before, report, { ...deps.thresholds, profile });
    await storeContext(transaction, id, state);
    return answer;
  }

  /** Ends a claim as its worker says. The same call again gets the same answer and changes nothing. */
  async function end(call: ClaimCall, ending: Ending): Promise<Ended> {
    if (!tokens.isTokenOf(call.claimId, call.token)) return refused('claim_token_invalid', noToken);
    const hash = hashOf(ending);
    const answer = await write(ending.kind, async (transaction): Promise<Ended> => {
      const kept = await recall(transaction, endKey(call, ending), hash);
      if (kept !== undefined && 'code' in kept) return { kind: 'refused', refusal: kept };
      if (kept !== undefined) return { kind: 'ended', answer: keptEndSchema.parse(kept.answer) };
      const row = await findClaim(transaction, call.claimId);
      if (row?.worker === call.worker && row.ended_at !== null && row.end_hash === hash)
        return { kind: 'ended', answer: endAnswer(row.id, ending, row.ended_at) };
      const at = now();
      if (row?.worker !== call.worker || row.ended_at !== null || row.expires_at <= at)
        return { kind: 'refused', refusal: late(row, call.worker) };
      await endClaim(transaction, row, { ...endOf(row, ending, at), hash, now: at, mostAttempts });
      if (ending.kind === 'release' && ending.limitedUntil !== undefined)
        await addPause(transaction, {
          agent: row.agent,
          source: 'limit',
          reason: `The allowance of ${row.agent} is used up, as ${row.worker} says.`,
          pausedBy: row.worker,
          until: ending.limitedUntil,
          now: at,
        });
      const told = endAnswer(row.id, ending, at);
      await keep(transaction, endKey(call, ending), hash, told);
      log.info({ claim: row.id, worker: row.worker, outcome: told.outcome }, 'claim ended');
      return { kind: 'ended', answer: told };
    });
    waiters.wake();
    return answer;
  }

  async function recall(
    connection: Database,
    key: CallKey | undefined,
    bodyHash: string,
  ): Promise<{ readonly answer: unknown } | Refusal | undefined> {
    if (key === undefined) return undefined;
    const kept = await findAnswer(connection, key);
    if (kept === undefined || kept.bodyHash === bodyHash) return kept;
    return { code: 'idempotency_key_reused', message: keyReused };
  }

  async function keep(
    transaction: Transaction<Schema>,
    key: CallKey | undefined,
    bodyHash: string,
    answer: KeptClaim | KeptEnd,
  ): Promise<void> {
    if (key !== undefined) await keepAnswer(transaction, key, { bodyHash, answer, now: now() });
  }

  return { claim, list, heartbeat, end };
}

interface Search {
  readonly request: ClaimRequest;
  readonly repositoryIds: readonly number[] | undefined;
  readonly except: readonly IssueKey[];
}

function claimKey({ worker, idempotencyKey }: ClaimRequest): CallKey | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { caller: worker, route: 'claims', key: idempotencyKey };
}

function endKey(
  { worker, claimId, idempotencyKey }: ClaimCall,
  { kind }: Ending,
): CallKey | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { caller: worker, route: `claims/${claimId}/${kind}`, key: idempotencyKey };
}

function bodyOf({ agents, repositories }: ClaimRequest) {
  return { agents, repositories };
}

function hashOf(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

function handoffOf(left: NonNullable<Awaited<ReturnType<typeof findHandoff>>>): Handoff {
  const content: unknown = JSON.parse(left.handoff ?? 'null');
  const { worker, agent } = left;
  return { author: 'agent', worker, agent, writtenAt: isoTime(left.ended_at ?? 0), content };
}

function refused(code: Refusal['code'], message: string) {
  return { kind: 'refused', refusal: { code, message } } as const;
}

const noToken = 'Send the token that came with this claim as X-Claim-Token.';
const keyReused = 'This Idempotency-Key was used for another body: take a new key for a new call.';
const tooManyWaiting = 'Too many calls wait for work already: ask again without wait, or later.';
