import { z } from 'zod';

export const levels = ['low', 'medium', 'high'] as const;
export const documentationLevels = ['none', 'light', 'medium', 'heavy'] as const;

export const factorsSchema = z.object({
  files: z.int().nonnegative().nullable(),
  complexity: z.enum(levels).nullable(),
  tests: z.enum(levels).nullable(),
  docs: z.enum(documentationLevels).nullable(),
});
export type Factors = Readonly<z.infer<typeof factorsSchema>>;

export const factorEvidenceSchema = z.partialRecord(
  z.enum(['files', 'complexity', 'tests', 'docs']),
  z.string(),
);
