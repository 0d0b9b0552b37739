import { z } from 'zod';

import { verificationStates } from './verification.ts';

/** What the service answers to a worker about its claims. Fields that a worker does not need are left out. */

const sentence = z.object({ code: z.string(), text: z.string() });
const id = z.string().regex(/^[\w-]{1,100}$/);

/** The parts of a plan that a worker reads. */
const plan = z.looseObject({
  ref: z.string(),
  repositoryId: z.number().int(),
  number: z.number().int().positive(),
  title: z.string(),
  /** Page of the issue on Gitea. */
  url: z.url(),
  reason: sentence,
  warnings: z.array(sentence),
});

export const claimedIssue = z.object({
  claimId: id,
  token: z.string().min(1).max(500),
  /** ISO 8601, UTC. */
  leaseExpiresAt: z.string(),
  /** `owner/name#number`. */
  issue: z.string(),
  agent: z.string(),
  plan,
  handoff: z.looseObject({ agent: z.string(), content: z.unknown() }).optional(),
});
export type ClaimedIssueAnswer = z.infer<typeof claimedIssue>;

/** Answer of `POST /claims`. */
export const claimAnswer = z.object({
  claim: claimedIssue.nullable(),
  /** Counts by reason, when there is nothing to hand out. */
  waiting: z.record(z.string(), z.number()).optional(),
});
export type ClaimAnswer = z.infer<typeof claimAnswer>;

/** Answer of a heartbeat. */
export const heartbeatAnswer = z.object({
  leaseExpiresAt: z.string(),
  context: z
    .object({ action: z.enum(['continue', 'compact', 'rotate']), crossed: z.boolean() })
    .nullable(),
});
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswer>;

/** Answer of `POST /claims/{id}/rotate`. */
export const rotateAnswer = z.object({ rotations: z.number().int(), leaseExpiresAt: z.string() });

/** Answer of `complete`: with a verification the claim is held until its end. */
export const completeAnswer = z.looseObject({
  verification: z.object({ id }).optional(),
});

/** The parts of a verification that a worker reads. */
export const verificationAnswer = z.object({
  state: z.enum(verificationStates),
  cause: z.object({ code: z.string(), message: z.string() }).nullable(),
  findings: z.string(),
  errors: z.number(),
});
export type VerificationAnswer = z.infer<typeof verificationAnswer>;

/** Answer of `GET /issues/{owner}/{repo}/{number}/text`. */
export const issueTextAnswer = z.object({
  ref: z.string(),
  title: z.string(),
  body: z.string(),
  /** True when the end of the text is not stored. */
  cut: z.boolean(),
});
export type IssueTextAnswer = z.infer<typeof issueTextAnswer>;
