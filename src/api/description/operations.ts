import { z } from 'zod';

import { issueTextAnswer } from '../../issue/claim-answers.ts';
import { heartbeatAnswer, stateAnswer, takeAnswer } from '../../issue/verification.ts';
import * as shape from './shapes.ts';

/** What the description of the API says of a route, beside what its schemas and its roles say. */
export interface Operation {
  readonly summary: string;
  /** Shapes of the answers by status; none: the answer is no JSON. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** Codes of the errors that this route has, beside those that all have. */
  readonly errors?: readonly string[];
}

const anything = z.unknown();
const ofClaim = ['claim_token_invalid', 'stale_lease', 'withdrawn'];
const withKey = [...ofClaim, 'idempotency_key_reused'];
const withHandoff = [...withKey, 'handoff_too_large', 'handoff_too_deep'];
const ofLease = ['verification_off', 'verification_token_invalid', 'stale_lease'];

/** Every route under `/api/v1`, in the order of docs/api.md; a test compares them with those that are served. */
export const operations: Readonly<Record<string, Operation>> = {
  'GET /api/v1/issues': {
    summary: 'Plans, newest change first',
    answers: { 200: shape.pageOf(shape.plan) },
    errors: ['invalid_cursor'],
  },
  'GET /api/v1/issues/:owner/:repo/:number': {
    summary: 'One plan',
    answers: { 200: shape.fullPlan },
    errors: ['not_found'],
  },
  'GET /api/v1/issues/:owner/:repo/:number/text': {
    summary: 'Its title and text as stored',
    answers: { 200: issueTextAnswer },
    errors: ['not_found'],
  },
  'GET /api/v1/issues/:owner/:repo/:number/why': {
    summary: 'Why each agent was chosen or not',
    answers: { 200: shape.why },
    errors: ['not_found', 'unknown_agent'],
  },
  'GET /api/v1/queue': {
    summary: 'What is ready in order, claimed, blocked, and counts of the rest',
    answers: { 200: shape.queue },
  },
  'GET /api/v1/graph': {
    summary: 'Issues, edges and cycles',
    answers: { 200: shape.graph },
  },
  'GET /api/v1/deliveries': {
    summary: 'Received deliveries, newest first',
    answers: { 200: shape.pageOf(shape.delivery) },
    errors: ['invalid_cursor'],
  },
  'GET /api/v1/deliveries/:id': {
    summary: 'One delivery',
    answers: { 200: shape.delivery },
    errors: ['not_found'],
  },
  'POST /api/v1/deliveries/:id/replay': {
    summary: 'Handles a delivery once more',
    answers: { 200: shape.delivery },
    errors: ['not_found', 'bytes_not_kept'],
  },
  'POST /api/v1/claims': {
    summary: 'Claims an issue; waits for one with ?wait=',
    answers: { 200: shape.claimed, 201: shape.claimed },
    errors: [
      ...['unknown_agent', 'idempotency_key_reused', 'too_many_waiting'],
      ...['too_many_parked', 'too_many_failures'],
    ],
  },
  'GET /api/v1/claims': {
    summary: "The caller's live claims",
    answers: { 200: shape.itemsOf(shape.claim) },
  },
  'POST /api/v1/claims/:id/heartbeat': {
    summary: 'Extends the lease, reports context and spending',
    answers: { 200: shape.heartbeat },
    errors: [...ofClaim, 'context_invalid', 'context_limit_missing', 'spent_invalid'],
  },
  'POST /api/v1/claims/:id/statusline': {
    summary: "The same, from Claude Code's status line",
    answers: { 200: shape.heartbeat },
    errors: [...ofClaim, 'context_invalid', 'context_limit_missing'],
  },
  'POST /api/v1/claims/:id/rotate': {
    summary: 'A fresh session goes on with the claim',
    answers: { 200: shape.rotation },
    errors: [...withHandoff, 'handoff_missing'],
  },
  'POST /api/v1/claims/:id/release': {
    summary: 'Gives the issue back',
    answers: { 200: shape.claimEnd },
    errors: withHandoff,
  },
  'POST /api/v1/claims/:id/block': {
    summary: 'The worker is stuck',
    answers: { 200: shape.claimEnd },
    errors: [...withHandoff, 'too_many_parked'],
  },
  'POST /api/v1/claims/:id/complete': {
    summary: 'The work is done; with a verifier it is verified first (202)',
    answers: { 200: shape.claimEnd, 202: shape.verifying },
    errors: [...withHandoff, 'commit_not_found', 'commit_no_change'],
  },
  'POST /api/v1/claims/:id/give-back': {
    summary: 'For operators: ends the live claim of any worker',
    answers: { 200: shape.gaveBack },
    errors: ['not_found', 'stale_lease'],
  },
  'GET /api/v1/verifications/:id': {
    summary: 'One verification; waits for its end with ?wait=',
    answers: { 200: shape.verification },
    errors: ['not_found', 'verification_off', 'too_many_waiting'],
  },
  'GET /api/v1/verifications/:id/report': {
    summary: 'The whole report of its gates',
    answers: { 200: anything },
    errors: ['not_found'],
  },
  'GET /api/v1/issues/:owner/:repo/:number/verifications': {
    summary: 'The verifications of an issue, newest first',
    answers: { 200: shape.itemsOf(shape.verification) },
    errors: ['not_found'],
  },
  'POST /api/v1/issues/:owner/:repo/:number/verify': {
    summary: 'Verifies the last commit of an issue once more',
    answers: { 202: shape.verifying.omit({ claimId: true }) },
    errors: ['not_found', 'nothing_to_verify'],
  },
  'POST /api/v1/verifications/take': {
    summary: 'For a verifier: the next verification, with a lease',
    answers: { 200: takeAnswer, 201: takeAnswer },
    errors: ['verification_off', 'too_many_waiting'],
  },
  'POST /api/v1/verifications/:id/heartbeat': {
    summary: 'For the verifier that runs it: a new lease',
    answers: { 200: heartbeatAnswer },
    errors: ofLease,
  },
  'POST /api/v1/verifications/:id/verdict': {
    summary: 'For the verifier that runs it: its verdict, which ends it',
    answers: { 200: stateAnswer },
    errors: ofLease,
  },
  'POST /api/v1/verifications/:id/give-back': {
    summary: 'For the verifier that runs it: back into the queue',
    answers: { 200: stateAnswer },
    errors: ofLease,
  },
  'GET /api/v1/verifications/:id/git/info/refs': {
    summary: 'For the verifier that runs it: git fetches the repository',
    answers: {},
    errors: [...ofLease, 'git_refused'],
  },
  'POST /api/v1/verifications/:id/git/git-upload-pack': {
    summary: 'For the verifier that runs it: git fetches the repository',
    answers: {},
    errors: [...ofLease, 'git_refused'],
  },
  'POST /api/v1/hooks/claude-code': {
    summary: 'Hooks of Claude Code',
    answers: { 200: anything },
    errors: ofClaim,
  },
  'POST /api/v1/pause': {
    summary: 'Pauses an agent or all',
    answers: { 200: shape.pauses },
    errors: ['unknown_agent'],
  },
  'POST /api/v1/resume': {
    summary: 'Ends the pauses of an agent or an account, or gives a parked issue back',
    answers: {
      200: z.union([shape.pauses, z.object({ issue: z.string(), resumed: z.boolean() })]),
    },
    errors: ['unknown_agent', 'unknown_account', 'not_found'],
  },
  'GET /api/v1/pauses': {
    summary: 'What is paused',
    answers: { 200: shape.pauses },
  },
};

/** Errors that every route may answer with. */
export const commonErrors: readonly string[] = [
  ...['invalid_request', 'unauthorized', 'api_disabled', 'forbidden', 'too_large'],
  ...['unsupported_media_type', 'internal', 'store_unavailable', 'core_unavailable'],
];
