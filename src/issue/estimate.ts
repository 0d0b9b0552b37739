import { z } from 'zod';

/** Sources of a size, the first that has one counts; `history`: finished issues of the same kind. */
export const estimateSources = ['declared', 'history', 'model', 'formula', 'default'] as const;
export type EstimateSource = (typeof estimateSources)[number];

const layerSchema = z.object({ source: z.enum(estimateSources), tokens: z.int() });
export type Layer = Readonly<z.infer<typeof layerSchema>>;

/** Tokens of context: a range, the source that decided, the formula's figure, and the figure of every layer. */
export const estimateSchema = z.object({
  low: z.int(),
  likely: z.int(),
  high: z.int(),
  source: z.enum(estimateSources),
  formula: z.int().nullable(),
  /** Estimates stored before layers were kept have none. */
  layers: z.array(layerSchema).readonly().default([]),
});
export type Estimate = Readonly<z.infer<typeof estimateSchema>>;
