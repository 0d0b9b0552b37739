import { z } from 'zod';

import type { Factors } from './factors.ts';
import type { Warning } from './warnings.ts';

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

/** Tokens of each part, from the estimator of the original coordinator. */
const perFile = 7_000;
const complexityTokens = { low: 10_000, medium: 20_000, high: 30_000 };
const testTokens = { low: 5_000, medium: 10_000, high: 15_000 };
const documentationTokens = { none: 0, light: 2_000, medium: 3_000, heavy: 5_000 };
export const safetyBuffer = 1.3;

/**
 * Tokens of an issue of which nothing is known. Public runs of agents reach 25,000 to 45,000 in the median at their
 * deepest, and 55,000 to 80,000 in the third quarter.
 */
export const unknownSize = { low: 20_000, likely: 40_000, high: 80_000 } as const;

/** Default values of factors that are not declared. */
export const assumedFactors = {
  files: 3,
  complexity: 'medium',
  tests: 'medium',
  docs: 'light',
} as const;

/**
 * The original formula: 1.3 x (7,000 x files + complexity + tests + documentation), in tokens. A factor
 * that is not declared has its default.
 */
export function formulaTokens(factors: Factors): number {
  const files = factors.files ?? assumedFactors.files;
  const complexity = complexityTokens[factors.complexity ?? assumedFactors.complexity];
  const tests = testTokens[factors.tests ?? assumedFactors.tests];
  const docs = documentationTokens[factors.docs ?? assumedFactors.docs];
  return Math.round((perFile * files + complexity + tests + docs) * safetyBuffer);
}

/** True when at least one factor is declared: otherwise the formula says nothing about the issue. */
export function hasFactors(factors: Factors): boolean {
  return Object.values(factors).some((value) => value !== null);
}

/** Maximum difference between the declared total and the formula, either way, without a warning. */
const toleratedDifference = 0.25;
/** Maximum shortfall of the declared total without a warning: a figure too low costs more than one too high. */
const toleratedShortfall = 0.1;

/** A warning when the declared total and the formula's, in tokens, are far apart. */
export function totalDiffers(declared: number, formula: number): Warning[] {
  const difference = (formula - declared) / declared;
  if (Math.abs(difference) <= toleratedDifference) return [];
  return [{ code: 'declared_total_differs', params: { declared, formula } }];
}

/** A warning when the declared total is below the formula's, but not so far that the two differ. */
export function totalLow(declared: number, formula: number): Warning[] {
  const difference = (formula - declared) / declared;
  if (difference <= toleratedShortfall || difference > toleratedDifference) return [];
  return [{ code: 'declared_total_low', params: { declared, formula } }];
}
