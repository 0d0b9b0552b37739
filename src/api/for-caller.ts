import type { FastifyReply } from 'fastify';

import type { ClaimedIssue, Refusal } from '../claims/claim.ts';
import type { ClaimResult } from '../claims/hand-out/hand-out.ts';
import { findFullPlan, type FullPlan } from '../claims/hand-out/queue-view.ts';
import type { IssueTextAnswer } from '../issue/claim-answers.ts';
import type { IssueRef } from '../issue/ref.ts';
import { findPlan } from '../plans/plan-views.ts';
import { isInScope } from '../plans/scope.ts';
import { findFacts } from '../plans/stored-facts.ts';
import type { VerificationView } from '../verification/views.ts';
import { errorBody, notFound, unknownAgent } from './errors.ts';
import { readWhy } from './explain.ts';
import { maskPlan, maskSentence } from './mask.ts';
import { workerOf, type Caller } from './roles.ts';
import type { ApiDeps } from './route.ts';

/*
 * What a caller may ask for, whatever the protocol: routes and tools answer with the same.
 */

/** A refusal, with the status that HTTP gives it. */
export interface Denied {
  readonly denied: { readonly status: number; readonly body: ReturnType<typeof errorBody> };
}

export function deny(status: number, body: ReturnType<typeof errorBody>): Denied {
  return { denied: { status, body } };
}

export function sendDenied(reply: FastifyReply, { denied: { status, body } }: Denied) {
  return reply.code(status).send(body);
}

const statuses: Readonly<Record<Refusal['code'], number>> = {
  claim_token_invalid: 403,
  stale_lease: 409,
  withdrawn: 409,
  idempotency_key_reused: 422,
  too_many_waiting: 429,
  too_many_failures: 429,
  too_many_parked: 429,
  handoff_missing: 422,
  handoff_too_deep: 422,
  handoff_too_large: 413,
  commit_not_found: 422,
  commit_no_change: 422,
};

export function denyClaim({ code, message }: Refusal): Denied {
  return deny(statuses[code], errorBody(code, message));
}

/** What a caller asks for when it asks for work. */
export interface WorkRequest {
  readonly agents?: readonly string[] | undefined;
  readonly repositories?: readonly string[] | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

type Work =
  { readonly claim: ClaimedIssue } | Extract<ClaimResult, { readonly kind: 'nothing' }> | Denied;

/** Hands an issue out to a caller, within its agents and repositories. */
export async function claimFor(
  { claims, agents: profiles }: Pick<ApiDeps, 'claims' | 'agents'>,
  caller: Caller,
  { waitMs, signal, agents, ...request }: WorkRequest,
): Promise<Work> {
  const named = agents?.map((name) => name.toLowerCase());
  const foreign = named?.filter((name) => caller.agents?.includes(name) === false) ?? [];
  if (foreign.length > 0) return deny(403, errorBody('forbidden', onlyFor(caller)));
  const wanted = named ?? caller.agents;
  if (wanted?.some((name) => !profiles.some((profile) => profile.name === name)) === true)
    return deny(422, unknownAgent(profiles));
  const isBounded = caller.role === 'worker';
  const who = { worker: caller.name, isBounded, scope: caller.repositories, agents: wanted };
  const result = await claims.claim({ ...request, ...who }, waitMs, signal);
  if (result.kind === 'refused') return denyClaim(result.refusal);
  if (result.kind === 'nothing') return result;
  const { claim } = result;
  return { claim: { ...claim, plan: maskPlan(claim.plan, caller) } };
}

function onlyFor({ name, agents }: Caller): string {
  return `The token "${name}" may claim for ${agents?.join(', ') ?? 'every agent'} only.`;
}

/** A verification that the caller may see; waits for its end. */
export async function verificationFor(
  verifications: ApiDeps['verifications'],
  caller: Caller,
  id: string,
  wait: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<{ readonly view: VerificationView } | Denied> {
  if (verifications === undefined) return deny(409, verificationOff);
  const first = await verifications.find(id, caller.name, { ...wait, waitMs: 0 });
  if (first === undefined || first === 'busy' || !maySee(first, caller))
    return deny(404, unknownVerification);
  if (first.endedAt !== null || wait.waitMs === 0) return { view: first };
  const view = await verifications.find(id, caller.name, wait);
  if (view === 'busy') return deny(429, tooManyWaiting);
  return view === undefined ? deny(404, unknownVerification) : { view };
}

/** A worker sees its own work, everybody else the repositories of his scope. */
export function maySee(
  { issue, worker }: VerificationView,
  { role, name, repositories }: Caller,
): boolean {
  if (role === 'worker' && worker !== name) return false;
  return isInScope(repositories, issue.split('#', 1)[0] ?? '');
}

export const verificationOff = errorBody(
  'verification_off',
  'Nothing is verified here: set GITEA_TOKEN, and VERIFIERS or a token with the role verifier.',
);
export const unknownVerification = notFound('There is no such verification.');
export const tooManyWaiting = errorBody(
  'too_many_waiting',
  'Too many calls already wait: ask again without wait, or later.',
);
export const unknownIssue = notFound('That issue is not known here.');

/** A plan with the claims of its issue, as far as the caller may see them; undefined when he may not see it. */
export async function planFor(
  { store, now, claims }: Pick<ApiDeps, 'store' | 'now' | 'claims'>,
  caller: Caller,
  ref: IssueRef,
): Promise<FullPlan | undefined> {
  if (!isInScope(caller.repositories, ref.repository)) return undefined;
  const plan = await findFullPlan(store, ref, {
    now: now(),
    readHeldUp: () => claims.heldUp(viewerOf(caller)),
  });
  if (plan === undefined) return undefined;
  const { claim, pastClaims, heldUp } = plan;
  return {
    ...maskPlan(plan, caller),
    claim: claim !== null && isOwn(claim, caller) ? claim : null,
    pastClaims: pastClaims.filter((past) => isOwn(past, caller)),
    heldUp: heldUp && maskSentence(heldUp, caller),
  };
}

/** Of whose work he is told. */
export function viewerOf(caller: Caller) {
  return { worker: workerOf(caller), agents: caller.agents };
}

/** A worker sees its own claims, everybody else all. */
export function isOwn({ worker }: { readonly worker: string }, { role, name }: Caller): boolean {
  return role !== 'worker' || worker === name;
}

/** Why each agent, or one, was chosen for an issue or not. */
export async function whyFor(
  { store, agents, claims }: Pick<ApiDeps, 'store' | 'agents' | 'claims'>,
  caller: Caller,
  { ref, agent }: { readonly ref: IssueRef; readonly agent: string | undefined },
) {
  const profile = agents.find(({ name }) => name === agent?.toLowerCase());
  if (agent !== undefined && profile === undefined) return deny(404, unknownAgent(agents));
  const found = isInScope(caller.repositories, ref.repository)
    ? await readWhy(store, ref, {
        profiles: agents,
        readHeldUp: () => claims.heldUp(viewerOf(caller)),
      })
    : undefined;
  if (found === undefined) return deny(404, unknownIssue);
  const { reason, heldUp } = found;
  const why = {
    ...{ ...found, reason: maskSentence(reason, caller) },
    heldUp: heldUp && maskSentence(heldUp, caller),
  };
  if (profile === undefined) return { why };
  return { why: { ...why, agents: why.agents.filter(({ agent: name }) => name === profile.name) } };
}

/** Plan and text of an issue. */
export async function textFor(store: ApiDeps['store'], caller: Caller, ref: IssueRef) {
  const found = isInScope(caller.repositories, ref.repository)
    ? await findPlan(store, ref)
    : undefined;
  const facts = found && (await findFacts(store.db, found));
  if (found === undefined || facts === undefined) return deny(404, unknownIssue);
  const { title, body, bodyCut } = facts;
  const text: IssueTextAnswer = { ref: found.ref, title, body, cut: bodyCut };
  return { plan: maskPlan(found, caller), text };
}
