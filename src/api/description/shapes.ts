import { z } from 'zod';

import { contextActions } from '../../claims/monitor-state.ts';
import { deliveryStatuses } from '../../inbox/delivery-views.ts';
import { estimateSchema } from '../../issue/estimate.ts';
import { readingSchema } from '../../issue/reading.ts';
import { sourceSchema } from '../../issue/source.ts';
import { states } from '../../issue/state.ts';
import { verdictGate, verificationStates } from '../../issue/verification.ts';

/*
 * The shapes of answers, for the description of the API: what a program may rely on. Routes answer with the views of
 * their rooms; a test holds what they answer against these.
 */

const time = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC.' });
const sentence = z
  .object({
    code: z.string().meta({ description: 'For programs.' }),
    text: z.string().meta({ description: 'For people.' }),
  })
  .meta({ id: 'Sentence' });
const heldUp = sentence.nullable().meta({
  description: 'Why it is not handed out now although it is ready; null: it is, or is not ready.',
});
export const ref = z.string().meta({ description: 'owner/name#12' });
const amounts = z.object({ tokens: z.number(), usd: z.number() });
const spent = amounts.extend({ estimated: z.boolean() }).meta({ id: 'Spent' });

const edge = z
  .object({
    ref,
    state: z.string(),
    source: sourceSchema,
    evidence: z.string(),
    removeWith: z.string().optional(),
  })
  .meta({ id: 'Edge' });

const proposal = z
  .object({
    ref,
    direction: z.enum(['blocked_by', 'blocks']),
    standing: z.enum(['proposed', 'disputed']),
    evidence: z.string(),
    readIn: ref,
    confirm: z.object({ issue: ref, line: z.string() }),
  })
  .meta({ id: 'Proposal' });

const estimate = estimateSchema.meta({ id: 'Estimate' });
const shownReading = readingSchema
  .omit({
    modelContext: true,
    factorEvidence: true,
    denied: true,
    dependencies: true,
    warnings: true,
  })
  .meta({ id: 'Reading' });

export const plan = z
  .object({
    ref,
    repositoryId: z.number().meta({ description: 'Its number on Gitea, which no rename changes.' }),
    number: z.number(),
    title: z.string(),
    url: z.string().meta({ description: 'Page of the issue on Gitea.' }),
    open: z.boolean().meta({ description: 'Whether it is open on Gitea.' }),
    state: z.enum(states).meta({ description: 'Where it stands; `reason` says why.' }),
    reason: sentence,
    reading: shownReading
      .nullable()
      .meta({ description: 'What its text says, with source and evidence.' }),
    blockedBy: z.array(edge).meta({ description: 'What it waits for.' }),
    blocks: z.array(edge).meta({ description: 'What waits for it.' }),
    proposals: z
      .array(proposal)
      .meta({ description: 'Dependencies that block nothing until a person decides.' }),
    estimate: estimate.nullable().meta({ description: 'Tokens that it is expected to take.' }),
    assignment: z
      .object({ agent: z.string().nullable(), reason: sentence })
      .nullable()
      .meta({ description: 'The agent that is to do it; null: none fits.' }),
    warnings: z.array(sentence).meta({ description: 'What a person may want to correct.' }),
    updatedAt: time,
  })
  .meta({ id: 'Plan' });

const context = z.object({
  used: z.number(),
  limit: z.number(),
  ratio: z.number(),
  action: z.enum(contextActions),
});

export const claim = z
  .object({
    claimId: z.string(),
    issue: ref,
    worker: z.string().meta({ description: 'Name of the token that claimed it.' }),
    agent: z.string(),
    claimedAt: time,
    heartbeatAt: time,
    leaseExpiresAt: time.nullable(),
    verification: z.string().nullable().meta({
      description: 'The verification of its commit: until it has ended, the lease stands still.',
    }),
    stale: z
      .boolean()
      .meta({ description: 'No report of the context for three tenths of the lease.' }),
    estimated: z
      .number()
      .nullable()
      .meta({ description: 'The estimate that it began with, in tokens.' }),
    rotations: z.number().meta({ description: 'Fresh sessions that went on with it.' }),
    spent: spent.nullable().meta({ description: 'What it has cost so far.' }),
    context: context.extend({ reportedAt: time, peak: z.number(), total: z.number() }).nullable(),
  })
  .meta({ id: 'Claim' });

const sample = context.omit({ ratio: true }).extend({ at: time, crossed: z.boolean() });

const pastClaim = claim
  .pick({ claimId: true, worker: true, agent: true, claimedAt: true, estimated: true })
  .extend({
    endedAt: time,
    outcome: z.string(),
    reason: z.string().nullable(),
    rotations: z.number(),
    peak: z.number().nullable(),
    total: z.number().nullable(),
    took: z.number().nullable(),
    spent: spent.nullable(),
  })
  .meta({ id: 'PastClaim' });

export const fullPlan = plan
  .extend({
    claim: claim.extend({ history: z.array(sample) }).nullable(),
    pastClaims: z.array(pastClaim),
    spent: spent.nullable(),
    heldUp,
  })
  .meta({ id: 'FullPlan' });

export const why = z
  .object({
    ref,
    state: z.enum(states),
    reason: sentence,
    heldUp,
    assigned: z.string().nullable(),
    agents: z.array(
      z.object({
        agent: z.string(),
        chosen: z.boolean(),
        fits: z.boolean(),
        failing: z.array(sentence),
        change: z.string().nullable(),
        expectedCost: z.number(),
        reason: sentence,
      }),
    ),
    note: z.string().nullable(),
  })
  .meta({ id: 'Explanation' });

export const queue = z
  .object({
    ready: z.array(z.object({ ref, rank: z.number(), why: z.string(), plan, heldUp })),
    claimed: z.array(claim),
    blocked: z.array(
      z.object({
        ref,
        title: z.string(),
        state: z.enum(states),
        reason: sentence,
        onlyClaude: z.array(edge.pick({ ref: true, evidence: true, removeWith: true })),
      }),
    ),
    waiting: z.record(z.string(), z.number()),
    spending: z.array(
      z.object({
        agent: z.string(),
        day: z.string(),
        spent: amounts,
        budget: z.object({ tokens: z.number().nullable(), usd: z.number().nullable() }),
        state: z.enum(['open', 'nearly_used', 'used_up']),
      }),
    ),
  })
  .meta({ id: 'Queue' });

export const graph = z
  .object({
    nodes: z.array(z.object({ ref, state: z.string() })),
    edges: z.array(
      z.object({ issue: ref, blockedBy: ref, source: sourceSchema, evidence: z.string() }),
    ),
    cycles: z.array(z.array(ref)),
    cut: z.boolean(),
  })
  .meta({ id: 'Graph' });

export const delivery = z
  .object({
    deliveryId: z.string(),
    status: z.enum(deliveryStatuses),
    eventName: z.string(),
    event: z.string().nullable(),
    ref: ref.nullable(),
    receivedAt: time,
    dueAt: time,
    handledAt: time.nullable(),
    attempts: z.number(),
    error: z.string().nullable(),
    bodyHash: z.string(),
  })
  .meta({ id: 'Delivery' });

export const pauses = z
  .object({
    items: z.array(
      z.object({
        agent: z.string().nullable(),
        source: z.enum(['person', 'limit']),
        reason: z.string(),
        pausedBy: z.string(),
        pausedAt: time,
        until: time.nullable(),
        caller: z.string().nullable(),
        account: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Pauses' });

export const claimed = z.object({
  claim: z
    .object({
      claimId: z.string(),
      token: z.string(),
      leaseExpiresAt: time,
      issue: ref,
      agent: z.string(),
      plan,
      handoff: z.looseObject({ agent: z.string(), content: z.unknown() }).optional(),
    })
    .nullable(),
  waiting: z.record(z.string(), z.number()).optional(),
});

export const heartbeat = z.object({
  leaseExpiresAt: time,
  context: context
    .extend({ crossed: z.boolean(), reason: sentence, warning: sentence.optional() })
    .nullable(),
});

export const rotation = z.object({
  claimId: z.string(),
  rotations: z.number(),
  leaseExpiresAt: time,
});

export const claimEnd = z.object({
  claimId: z.string(),
  outcome: z.enum(['released', 'blocked', 'completed']),
  endedAt: time,
});

export const gaveBack = claimEnd.extend({ outcome: z.literal('withdrawn') });

export const verifying = z.object({
  claimId: z.string(),
  verification: z.object({ id: z.string(), state: z.enum(verificationStates) }),
});

export const verification = z
  .object({
    id: z.string(),
    issue: ref,
    state: z.enum(verificationStates),
    cause: z.object({ code: z.string(), message: z.string() }).nullable(),
    commit: z.string(),
    branch: z.string().nullable(),
    baseBranch: z.string(),
    base: z.string().nullable(),
    tree: z.string().nullable(),
    configHash: z.string().nullable(),
    environment: z.string().nullable(),
    worker: z.string().nullable(),
    verifier: z.string().nullable(),
    errors: z.number(),
    requestedAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    gates: z.array(verdictGate),
    findings: z.string(),
    fingerprint: z.string().nullable(),
    durations: z
      .object({ fetchMs: z.number(), mergeMs: z.number(), gatesMs: z.number() })
      .nullable(),
  })
  .meta({ id: 'Verification' });

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export function itemsOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) });
}
