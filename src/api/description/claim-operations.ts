import { z } from 'zod';

import type { ErrorCode } from './errors.ts';
import type { Operation } from './operation.ts';
import * as shape from './shapes.ts';

const ofClaim = ['claim_token_invalid', 'stale_lease', 'withdrawn'] as const;
const withKey = [...ofClaim, 'idempotency_key_reused'] as const;
const withHandoff = [...withKey, 'handoff_too_large', 'handoff_too_deep'] as const;
/** Of routes that ask Gitea before they answer. */
export const ofGitea = [
  ...(['gitea_unreachable', 'gitea_timeout', 'gitea_unavailable'] as const),
  ...(['gitea_auth', 'gitea_unexpected', 'gitea_oversized'] as const),
] satisfies readonly ErrorCode[];

const decision = z.object({
  decision: z.literal('block').optional().meta({ description: 'The agent goes on.' }),
  reason: z.string().optional().meta({ description: 'What it is to fix.' }),
});

export const claimOperations = {
  'POST /api/v1/claims': {
    id: 'claimIssue',
    group: 'Claims',
    summary: 'Claims an issue; waits for one with `?wait=`',
    more: 'One call hands out at most one issue, held by a lease.',
    answers: {
      200: { says: 'There is nothing to hand out; counts by reason.', shape: shape.claimed },
      201: { says: 'An issue is claimed.', shape: shape.claimed },
    },
    errors: [
      ...(['unknown_agent', 'idempotency_key_reused', 'too_many_waiting'] as const),
      ...(['too_many_parked', 'too_many_failures'] as const),
      ...ofGitea,
    ],
  },
  'GET /api/v1/claims': {
    id: 'listClaims',
    group: 'Claims',
    summary: "The caller's live claims",
    answers: { 200: { says: 'The claims, without tokens.', shape: shape.itemsOf(shape.claim) } },
  },
  'POST /api/v1/claims/:id/heartbeat': {
    id: 'sendHeartbeat',
    group: 'Claims',
    summary: 'Extends the lease, reports context and spending',
    more: 'Send ten in a lease. The answer says what to do about the context.',
    answers: { 200: { says: 'The lease is extended.', shape: shape.heartbeat } },
    errors: [...ofClaim, 'context_invalid', 'context_limit_missing', 'spent_invalid'],
  },
  'POST /api/v1/claims/:id/statusline': {
    id: 'sendStatusLine',
    group: 'Claims',
    summary: "The same, from Claude Code's status line",
    more: 'The body is the JSON that Claude Code gives its status-line command; further fields are ignored.',
    answers: { 200: { says: 'The lease is extended.', shape: shape.heartbeat } },
    errors: [...ofClaim, 'context_invalid', 'context_limit_missing'],
  },
  'POST /api/v1/claims/:id/rotate': {
    id: 'rotateClaim',
    group: 'Claims',
    summary: 'A fresh session goes on with the claim',
    answers: { 200: { says: 'The lease and the bands begin anew.', shape: shape.rotation } },
    errors: [...withHandoff, 'handoff_missing'],
  },
  'POST /api/v1/claims/:id/release': {
    id: 'releaseClaim',
    group: 'Claims',
    summary: 'Gives the issue back',
    more: 'With neither a handoff nor a limit it counts as a failed attempt.',
    answers: { 200: { says: 'The claim has ended.', shape: shape.claimEnd } },
    errors: withHandoff,
  },
  'POST /api/v1/claims/:id/block': {
    id: 'blockClaim',
    group: 'Claims',
    summary: 'The worker is stuck: a person has to change the issue',
    answers: { 200: { says: 'The claim has ended.', shape: shape.claimEnd } },
    errors: [...withHandoff, 'too_many_parked'],
  },
  'POST /api/v1/claims/:id/complete': {
    id: 'completeClaim',
    group: 'Claims',
    summary: 'The work is done and pushed',
    more: 'Where commits are verified, the claim goes on until its verification has passed.',
    answers: {
      200: { says: 'The claim has ended: nothing is verified here.', shape: shape.claimEnd },
      202: { says: 'The commit is verified first.', shape: shape.verifying },
    },
    errors: [...withHandoff, 'commit_not_found', 'commit_no_change', ...ofGitea],
  },
  'POST /api/v1/claims/:id/give-back': {
    id: 'giveBackClaim',
    group: 'Claims',
    summary: 'For operators: ends the live claim of any worker',
    answers: { 200: { says: 'The claim has ended.', shape: shape.gaveBack } },
    errors: ['not_found', 'stale_lease'],
  },
  'POST /api/v1/hooks/claude-code': {
    id: 'sendClaudeCodeHook',
    group: 'Claims',
    summary: 'Hooks of Claude Code',
    more: 'The body is what Claude Code gives a hook; what is not known is answered `{}`.',
    answers: { 200: { says: 'What Claude Code is to do.', shape: decision } },
    errors: ofClaim,
  },
} as const satisfies Readonly<Record<string, Operation>>;
