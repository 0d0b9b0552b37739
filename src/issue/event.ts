import { z } from 'zod';

import { bounded, boundedTitle } from './bounds.ts';
import { repositoryFactsSchema } from './repository-facts.ts';

export const eventKinds = [
  'assigned',
  'unassigned',
  'closed',
  'reopened',
  'opened',
  'edited',
  'deleted',
  'labelled',
  'milestoned',
  'commented',
  'refreshed',
] as const;

/** Maximum length of the stored and read part of an issue's text, in characters. */
const textLimit = 1_000_000;

/**
 * An issue as one delivery describes it. Payloads are snapshots frozen when the event was made: they
 * arrive late, twice and out of order.
 */
const issueSnapshotSchema = z.object({
  repositoryId: z.int(),
  repository: z.string(),
  number: z.int().positive(),
  title: z.string(),
  body: z.string(),
  bodyCut: z.boolean(),
  open: z.boolean(),
  /** Logins, as the payload lists them after the change. */
  assignees: z.array(z.string()).readonly(),
  /** Label names; null when this delivery cannot be trusted about them. */
  labels: z.array(z.string()).nullable(),
  /** Gitea's `updated_at` in epoch milliseconds (whole seconds on the wire). */
  updatedAt: z.int(),
  /** Of a pull request: whether it was merged. An issue has none. */
  merged: z.boolean().optional(),
  /** What the delivery says of the repository; a refresh of our own says nothing. */
  repositoryFacts: repositoryFactsSchema.optional(),
});

/** What happened to one issue, in our words. Level-triggered: the kind is a hint, the snapshot decides. */
export const issueEventSchema = z.object({
  kind: z.enum(eventKinds),
  issue: issueSnapshotSchema,
});
export type IssueEvent = Readonly<z.infer<typeof issueEventSchema>>;
export type IssueSnapshot = IssueEvent['issue'];

/** An issue's title and body as they are stored. */
export function keptText(title: string, body: string | null | undefined) {
  const text = body ?? '';
  return {
    title: boundedTitle(title),
    body: bounded(text, textLimit),
    bodyCut: text.length > textLimit,
  };
}
