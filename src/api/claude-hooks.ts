import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { maxReasonLength, type ClaimCall, type RefusedCall } from '../claims/claim.ts';
import { limitEnd } from '../claims/limit-text.ts';
import { goneSignal } from '../http/gone-signal.ts';
import { oneLine } from '../lib/text.ts';
import type { VerificationView } from '../verification/views.ts';
import { callerOfRequest } from './auth.ts';
import { bodyLimit, callBy, refuse } from './claims.ts';
import { hookHeaders, readHeader } from './headers.ts';
import type { Api, ApiDeps } from './route.ts';

const words = z.string().nullish().catch(undefined);
const hookBody = z
  .looseObject({
    hook_event_name: z.string().max(100),
    /** Set where it is about a subagent. */
    agent_id: words,
    background_tasks: z
      .array(z.looseObject({ status: words }))
      .nullish()
      .catch(undefined),
    error: words,
    last_assistant_message: words,
    reason: words,
  })
  .meta({ examples: [{ hook_event_name: 'PreCompact' }] });
type HookBody = z.infer<typeof hookBody>;

/** Longest findings that are given to an agent, in characters. */
const maxFindings = 20_000;
/** Reasons of an end with which the same work goes on in another session. */
const goingOn: readonly unknown[] = ['clear', 'resume'];

/** Takes the hooks of a Claude Code that a person runs; what it does not know is answered `{}`. */
export function registerClaudeHooks(api: Api, deps: ApiDeps): void {
  api.post(
    '/hooks/claude-code',
    { bodyLimit, schema: { headers: hookHeaders, body: hookBody } },
    async (request, reply) => {
      const body = request.body;
      const call = callOfHook(request);
      // Subagents come and go within a turn.
      if (body.agent_id != null) return {};
      switch (body.hook_event_name) {
        case 'Stop':
          return stopped(deps, reply, { body, call });
        case 'PreCompact': {
          const result = await deps.claims.compacts(call);
          return result.kind === 'refused' ? refuse(reply, result.refusal) : {};
        }
        case 'StopFailure':
          return failed(deps, reply, { body, call });
        case 'SessionEnd':
          return sessionEnded(deps, reply, { body, call });
        default:
          return {};
      }
    },
  );
}

interface Hook {
  readonly body: HookBody;
  readonly call: ClaimCall;
}

function callOfHook(request: FastifyRequest): ClaimCall {
  const claimId = readHeader(request, 'X-Claim-Id') ?? '';
  const token = readHeader(request, 'X-Claim-Token');
  return callBy(callerOfRequest(request), { claimId, token, idempotencyKey: undefined });
}

/** The agent wants to end its turn: it goes on while there are findings that it does not know. */
async function stopped(
  { claims, verifications }: ApiDeps,
  reply: FastifyReply,
  { body, call }: Hook,
) {
  if (body.background_tasks?.some(({ status }) => status === 'running') === true) return {};
  const newest = await verifications?.newestOfClaim(call.claimId);
  const failure = newest?.state === 'failed' ? newest : undefined;
  const taken = await claims.takeFindings(call, failure?.id);
  if (taken.kind === 'refused') return refuse(reply, taken.refusal);
  if (failure === undefined || !taken.value) return {};
  return { decision: 'block', reason: findingsText(failure) };
}

function findingsText({ commit, findings }: VerificationView): string {
  const shown =
    findings.length > maxFindings ? `${findings.slice(0, maxFindings).toWellFormed()}…` : findings;
  return `The gates failed on ${commit.slice(0, 10)}. Fix the findings, commit, push, and complete the claim again.\n\n${shown}`;
}

/** A limit of the account gives the issue back; other errors end with the session. */
async function failed({ claims, now }: ApiDeps, reply: FastifyReply, { body, call }: Hook) {
  if (body.error !== 'rate_limit') return {};
  const message = body.last_assistant_message ?? '';
  const reason = oneLine(`Claude Code met a limit. ${message}`, maxReasonLength);
  const limitedUntil = limitEnd(message, now());
  const end = { kind: 'release', reason, limitedUntil } as const;
  return answerEnd(reply, await claims.end(call, end, goneSignal(reply)));
}

async function sessionEnded(
  { claims, verifications }: ApiDeps,
  reply: FastifyReply,
  { body, call }: Hook,
) {
  if (goingOn.includes(body.reason)) return {};
  // The commit of the claim is being verified: the agent has done its part.
  const newest = await verifications?.newestOfClaim(call.claimId);
  if (newest?.endedAt === null) return {};
  const reason = oneLine(`The session of Claude Code ended (${body.reason ?? 'other'}).`, 200);
  return answerEnd(reply, await claims.end(call, { kind: 'release', reason }, goneSignal(reply)));
}

/** A claim that has ended already is what was wanted. */
function answerEnd(reply: FastifyReply, result: { readonly kind: string } | RefusedCall) {
  if (!('refusal' in result) || result.refusal.code !== 'claim_token_invalid') return {};
  return refuse(reply, result.refusal);
}
