import { CoordinatorError } from '../../errors.ts';
import { randomUUID } from 'node:crypto';

import type { Transaction } from 'kysely';
import { z } from 'zod';

import { afterCommit } from '../../db/after-commit.ts';
import type { Database } from '../../db/database.ts';
import type { Schema } from '../../db/schema.ts';
import { isoTime } from '../../issue/iso-time.ts';
import { viewPlan, type PlanView } from '../../issue/plan.ts';
import { keyOf, type IssueKey } from '../../issue/ref.ts';
import { partOfTrace } from '../../lib/spans.ts';
import { findRepositoryId } from '../../plans/repository-names.ts';
import { countByReason, findPlanOf } from '../../plans/plan-views.ts';
import {
  countReady,
  nextCandidate,
  openProfiles,
  readSupply,
  countReadyByAgent,
  type Candidate,
  type CandidateFilter,
} from './supply.ts';
import { findHandoff, insertClaim } from '../claim-rows.ts';
import {
  tooManyWaiting,
  type ClaimRequest,
  type ClaimedIssue,
  type Handoff,
  type RefusedCall,
} from '../claim.ts';
import { hashOf, recallAnswer, storeAnswer, type CallKey } from '../idempotency.ts';
import { refuseAfterParking, refuseAfterSetbacks } from './setbacks.ts';
import { change, type ClaimsState } from '../state.ts';
import type { TurnedAway } from './asks.ts';

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly claim: ClaimedIssue }
  | { readonly kind: 'nothing'; readonly waiting: Readonly<Record<string, number>> }
  | RefusedCall;

/** Upper bound of candidates checked for one call: more means that something is wrong, and the worker calls again anyway. */
const maxCandidates = 10;

/** Refusals that the next call gets as well; the others are of one call. */
const lasting: readonly string[] = ['too_many_failures', 'too_many_parked'];

interface Wait {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Hands out the first ready issue that the worker can do; waits up to `waitMs` for one to become ready. */
export async function handOut(
  state: ClaimsState,
  request: ClaimRequest,
  wait: Wait,
): Promise<ClaimResult> {
  const { worker, agents, scope } = request;
  const repositoryIds = await findRepositoryIds(state.db, request.repositories);
  const ended = state.asks.begin({ worker, agents, scope, repositoryIds });
  let refusal: TurnedAway | undefined;
  try {
    const result = await waitForWork(state, request, wait);
    if (result.kind === 'refused' && lasting.includes(result.refusal.code)) ({ refusal } = result);
    return result;
  } catch (error) {
    const message = error instanceof CoordinatorError ? error.message : 'The log says why.';
    refusal = { message };
    throw error;
  } finally {
    ended(refusal);
  }
}

async function waitForWork(
  state: ClaimsState,
  request: ClaimRequest,
  { waitMs, signal }: Wait,
): Promise<ClaimResult> {
  const { longPolls } = state;
  const leave = waitMs > 0 ? longPolls.enter(request.worker) : () => undefined;
  if (leave === undefined) return tooManyWaiting;
  const endsAt = performance.now() + waitMs;
  try {
    for (;;) {
      const seen = longPolls.version();
      const result = await trySerially(state, request, signal);
      if (result !== undefined) return result;
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || isOver(state, signal))
        return { kind: 'nothing', waiting: await countWaiting(state, request) };
      await longPolls.changeSince(seen, leftMs, signal);
    }
  } finally {
    leave();
  }
}

/** A retry waits for the first call, which a check with Gitea may delay: only then is there an answer to repeat. */
function trySerially(
  state: ClaimsState,
  request: ClaimRequest,
  signal: AbortSignal,
): Promise<ClaimResult | undefined> {
  const key = callKey(request);
  if (key === undefined) return tryHandOut(state, request, signal);
  return state.serially(JSON.stringify(key), () => tryHandOut(state, request, signal));
}

/** True when nobody waits for the answer any more, or the service stops. */
function isOver({ longPolls }: ClaimsState, signal: AbortSignal): boolean {
  return signal.aborted || longPolls.isClosed();
}

async function tryHandOut(
  state: ClaimsState,
  request: ClaimRequest,
  signal: AbortSignal,
): Promise<ClaimResult | undefined> {
  await state.settleClock();
  const repeated = await repeatedClaim(state, state.db, request);
  if (repeated !== undefined) return repeated;
  const refused =
    (await refuseAfterSetbacks(state.db, request.worker, state.now())) ??
    (request.isBounded === true ? await refuseAfterParking(state.db, request.worker) : undefined);
  if (refused !== undefined) return refused;
  const repositoryIds = await findRepositoryIds(state.db, request.repositories);
  const changed: IssueKey[] = [];
  for (let tries = 0; tries < maxCandidates && !isOver(state, signal); tries += 1) {
    const except = [...changed, ...state.beingChecked.values()];
    const search = { request, repositoryIds, scope: request.scope, except };
    const candidate = await firstCandidate(state, state.db, search);
    // Perhaps the same call at another replica was faster.
    if (candidate === undefined) return repeatedClaim(state, state.db, request);
    if (!(await isStillReady(state, candidate, signal))) {
      changed.push(candidate);
      continue;
    }
    const result = await change(state, async (transaction) => {
      if (signal.aborted) return undefined;
      const retried = await repeatedClaim(state, transaction, request);
      if (retried !== undefined) return retried;
      // No Gitea check was awaited, so pick the candidate inside the transaction.
      const chosen =
        state.isStillReady === undefined
          ? await firstCandidate(state, transaction, search)
          : candidate;
      return chosen === undefined ? undefined : insert(state, transaction, { chosen, request });
    });
    if (result !== undefined) return result;
  }
  return undefined;
}

async function isStillReady(
  state: ClaimsState,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<boolean> {
  if (state.isStillReady === undefined) return true;
  const key = keyOf(candidate);
  state.beingChecked.set(key, candidate);
  try {
    return await state.isStillReady(candidate, signal);
  } catch (error) {
    // The check was aborted for that reason: Gitea has not failed.
    if (isOver(state, signal)) return false;
    throw error;
  } finally {
    state.beingChecked.delete(key);
  }
}

async function firstCandidate(
  state: ClaimsState,
  db: Database,
  {
    request,
    ...filter
  }: Omit<CandidateFilter, 'agents' | 'worker' | 'now'> & { readonly request: ClaimRequest },
): Promise<Candidate | undefined> {
  const supply = await readSupply({ ...state, db }, request);
  const agents = openProfiles(supply).map(({ name }) => name);
  return nextCandidate(db, { agents, worker: request.worker, now: state.now(), ...filter });
}

/** Ids of the named repositories; unknown names have none. */
async function findRepositoryIds(
  db: Database,
  names: readonly string[] | undefined,
): Promise<readonly number[] | undefined> {
  if (names === undefined) return undefined;
  const ids = await Promise.all(names.map((name) => findRepositoryId(db, name)));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** Inserts the claim, and stores its answer for a retry; undefined when another worker was faster. */
async function insert(
  state: ClaimsState,
  transaction: Transaction<Schema>,
  { chosen, request }: { readonly chosen: Candidate; readonly request: ClaimRequest },
): Promise<ClaimResult | undefined> {
  const { worker } = request;
  const { agent } = chosen;
  const claimId = randomUUID();
  const now = state.now();
  const expiresAt = now + state.leaseMs;
  const concurrency = state.profiles.find(({ name }) => name === agent)?.concurrency ?? 0;
  const claim = { id: claimId, issue: chosen, worker, agent, concurrency, now, expiresAt };
  if (!(await insertClaim(transaction, claim))) return undefined;
  const stored = await findPlanOf({ db: transaction, giteaUrl: state.giteaUrl }, chosen);
  if (stored === undefined) throw new RangeError('a claimed issue has no plan');
  const plan = viewPlan(stored);
  const handoff = await findHandoff(transaction, chosen);
  const answer: StoredClaim = {
    claimId,
    leaseExpiresAt: isoTime(expiresAt),
    issue: plan.ref,
    agent,
    plan,
    ...(handoff === undefined ? {} : { handoff: handoffOf(handoff) }),
  };
  await storeAnswer(transaction, callKey(request), { bodyHash: bodyHashOf(request), answer, now });
  const told = { claim: claimId, issue: plan.ref, worker, agent };
  afterCommit(
    transaction,
    partOfTrace('claim', claimId, () => state.log.info(told, 'issue claimed')),
  );
  return { kind: 'claimed', claim: withToken(state, answer) };
}

/** A claim's answer as it is stored for retries: without the token, which is derived again. */
type StoredClaim = Omit<ClaimedIssue, 'token'>;

/** Written by this program and given back unchanged. */
const storedClaimSchema = z.custom<StoredClaim>(
  (value) => z.object({ claimId: z.string(), plan: z.custom<PlanView>() }).safeParse(value).success,
);

function withToken({ tokens }: ClaimsState, claim: StoredClaim): ClaimedIssue {
  return { ...claim, token: tokens.tokenOf(claim.claimId) };
}

/** The result of the first call with this Idempotency-Key; undefined when this one is the first. */
async function repeatedClaim(
  state: ClaimsState,
  db: Database,
  request: ClaimRequest,
): Promise<ClaimResult | undefined> {
  const stored = await recallAnswer(db, callKey(request), bodyHashOf(request));
  if (stored === undefined || 'kind' in stored) return stored;
  return { kind: 'claimed', claim: withToken(state, storedClaimSchema.parse(stored.answer)) };
}

/** Counts by reason code why there is nothing for this worker. */
async function countWaiting(
  state: ClaimsState,
  request: ClaimRequest,
): Promise<Record<string, number>> {
  const supply = await readSupply(state, request);
  const { scope, worker } = request;
  const ready = await countReadyByAgent(state.db, { scope, worker, now: state.now() });
  return { ...(await countByReason(state.db, request.scope)), ...countReady(supply, ready) };
}

function callKey({ worker, idempotencyKey }: ClaimRequest): CallKey | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { caller: worker, route: 'claims', key: idempotencyKey };
}

function bodyHashOf({ agents, repositories }: ClaimRequest): string {
  return hashOf({ agents, repositories });
}

function handoffOf(row: NonNullable<Awaited<ReturnType<typeof findHandoff>>>): Handoff {
  const { worker, agent, ended_at, handoff, handoff_at } = row;
  const content: unknown = JSON.parse(handoff ?? 'null');
  return {
    author: 'agent',
    worker,
    agent,
    writtenAt: isoTime(handoff_at ?? ended_at ?? 0),
    content,
  };
}
