import { z } from 'zod';

import { issueDifficulties } from './difficulty.ts';
import type { IssueSnapshot } from './event.ts';
import { factorEvidenceSchema, factorsSchema } from './factors.ts';
import { sourceSchema } from './source.ts';
import { unreadableCauses } from './unreadable.ts';
import { warningSchema } from './warnings.ts';

/** `proposed`: only Claude says so, and it takes more. `disputed`: the text says so, Claude denies it. */
const standings = ['counts', 'proposed', 'disputed'] as const;

/** A dependency one issue declares; `repository` is null for the issue's own. */
export const dependencySchema = z.object({
  direction: z.enum(['blocked_by', 'blocks']),
  repository: z.string().nullable(),
  /** Where Gitea itself named the issue: texts know repositories by name only. */
  repositoryId: z.int().optional(),
  number: z.int().positive(),
  source: sourceSchema,
  evidence: z.string(),
  /** Absent: it counts. */
  standing: z.enum(standings).optional(),
});
export type Dependency = Readonly<z.infer<typeof dependencySchema>>;

/** Whether it blocks. Proposed and disputed ones are only shown, until a person decides. */
export function countsAsEdge({ standing = 'counts' }: Dependency): boolean {
  return standing === 'counts';
}

/** Whether its words say that the merge of that issue's work ends it ("the merge of #12"), and not the issue's end. */
export function endsWithMerge({ direction, number, evidence }: Dependency): boolean {
  const words = new RegExp(`\\bmerge of \\S{0,120}[#!]${number}(?!\\d)`, 'i');
  return direction === 'blocked_by' && words.test(evidence);
}

/** An issue that a text names; `repository` is null for the text's own. */
const namedIssueSchema = z.object({
  repository: z.string().nullable(),
  number: z.int().positive(),
});
export type NamedIssue = Readonly<z.infer<typeof namedIssueSchema>>;

/** Stands between the words of one evidence that are not side by side in the text. */
export const evidenceJoint = ' … ';

function field<T extends z.ZodType>(value: T) {
  return z.object({ value, source: sourceSchema, evidence: z.string().nullable() });
}

/** The content of an issue's text; every field has its source and, where quoted, its evidence. */
export const readingSchema = z.object({
  outcome: z.enum(['complete', 'partial', 'offline', 'fallback']),
  model: z.string().nullable(),
  reason: z.string().nullable(),
  /** Nothing of the text is known, so nobody may start; null for a text that was read. */
  unreadable: z.enum(unreadableCauses).nullable().default(null),
  estimatedContext: field(z.int().positive()),
  /** The size that Claude reads, also where the text declares one. */
  modelContext: z.int().positive().optional(),
  difficulty: field(z.enum(issueDifficulties)),
  assignedAgent: field(z.string().nullable()),
  factors: factorsSchema,
  /** The words that declare each factor; readings of before, and factors of Claude, have none. */
  factorEvidence: factorEvidenceSchema.default({}),
  dependencies: z.array(dependencySchema),
  /** The issues that the text calls its parent or epic. */
  partOf: z.array(namedIssueSchema).default([]),
  /** The issues of which a person says here that nobody waits for the other; readings of before have no such list. */
  denied: z.array(namedIssueSchema).default([]),
  warnings: z.array(warningSchema),
});
export type Reading = Readonly<z.infer<typeof readingSchema>>;

/** Input of the reader: the text and its issue. */
export type IssueText = Readonly<
  Pick<IssueSnapshot, 'repository' | 'number' | 'title' | 'body' | 'bodyCut'>
>;
