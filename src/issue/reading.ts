import { z } from 'zod';

/** Where a value comes from: the issue's text, Claude, Gitea itself, the formula, or nowhere. */
export const sources = ['declared', 'model', 'gitea', 'formula', 'default'] as const;
const sourceSchema = z.enum(sources);
export type Source = z.infer<typeof sourceSchema>;

export const difficulties = ['low', 'medium', 'high'] as const;
export type Difficulty = (typeof difficulties)[number];

export const levels = ['low', 'medium', 'high'] as const;
export const documentationLevels = ['none', 'light', 'medium', 'heavy'] as const;

export const factorsSchema = z.object({
  files: z.int().nonnegative().nullable(),
  complexity: z.enum(levels).nullable(),
  tests: z.enum(levels).nullable(),
  docs: z.enum(documentationLevels).nullable(),
});
export type Factors = Readonly<z.infer<typeof factorsSchema>>;

export const warningSchema = z.object({ code: z.string(), text: z.string() });
export type Warning = Readonly<z.infer<typeof warningSchema>>;

/** A dependency one issue declares; `repository` is null for the issue's own. */
export const dependencySchema = z.object({
  direction: z.enum(['blocked_by', 'blocks']),
  repository: z.string().nullable(),
  /** Where Gitea itself named the issue: texts know repositories by name only. */
  repositoryId: z.int().optional(),
  number: z.int().positive(),
  source: sourceSchema,
  evidence: z.string(),
});
export type Dependency = Readonly<z.infer<typeof dependencySchema>>;

function field<T extends z.ZodType>(value: T) {
  return z.object({ value, source: sourceSchema, evidence: z.string().nullable() });
}

/** What an issue's text says; every field with its source and, where quoted, its evidence. */
export const readingSchema = z.object({
  outcome: z.enum(['complete', 'partial', 'offline', 'fallback']),
  model: z.string().nullable(),
  reason: z.string().nullable(),
  estimatedContext: field(z.int().positive()),
  /** The size Claude reads, also where the text declares one. */
  modelContext: z.int().positive().optional(),
  difficulty: field(z.enum(difficulties)),
  assignedAgent: field(z.string().nullable()),
  factors: factorsSchema,
  dependencies: z.array(dependencySchema),
  warnings: z.array(warningSchema),
});
export type Reading = Readonly<z.infer<typeof readingSchema>>;

/** What the reader is given: the text and whose it is. */
export interface IssueText {
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly bodyCut: boolean;
}
