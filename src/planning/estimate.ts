import { z } from 'zod';

import { logQuantile } from './quantile.ts';
import type { Factors, Reading, Warning } from '../issue/reading.ts';

/** Who says how large an issue is, the first of them counts; `history` are finished issues like it. */
const estimateSources = ['declared', 'history', 'model', 'formula', 'default'] as const;
type EstimateSource = (typeof estimateSources)[number];

const layerSchema = z.object({ source: z.enum(estimateSources), tokens: z.int() });
type Layer = Readonly<z.infer<typeof layerSchema>>;

/** Tokens of context: a range, the layer that decided, the formula's figure, and what every layer says. */
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

/** Tokens per part, from the original coordinator's estimator. */
const perFile = 7_000;
const complexityTokens = { low: 10_000, medium: 20_000, high: 30_000 };
const testTokens = { low: 5_000, medium: 10_000, high: 15_000 };
const documentationTokens = { none: 0, light: 2_000, medium: 3_000, heavy: 5_000 };
const safetyBuffer = 1.3;

/** What an unnamed factor is taken to be. */
export const assumedFactors = {
  files: 3,
  complexity: 'medium',
  tests: 'medium',
  docs: 'light',
} as const;

/**
 * The original formula: 1.3 x (7,000 x files + complexity + tests + documentation), in tokens. A factor
 * the text does not name counts as `assumedFactors` has it.
 */
export function formulaTokens(factors: Factors): number {
  const files = factors.files ?? assumedFactors.files;
  const complexity = complexityTokens[factors.complexity ?? assumedFactors.complexity];
  const tests = testTokens[factors.tests ?? assumedFactors.tests];
  const docs = documentationTokens[factors.docs ?? assumedFactors.docs];
  return Math.round((perFile * files + complexity + tests + docs) * safetyBuffer);
}

/** True when the text names at least one factor, so that the formula says something about it. */
export function hasFactors(factors: Factors): boolean {
  return Object.values(factors).some((value) => value !== null);
}

/** Fewer finished issues than this say nothing: one odd run would decide. */
export const fewestSamples = 5;
/**
 * Of the history's figures the one that two thirds stay below: an underestimate, which overflows the
 * agent, is taken to cost twice what an overestimate does.
 */
const likelyQuantile = 2 / 3;
const lowQuantile = 0.1;
const highQuantile = 0.9;

/** How far below the likely figure the range begins. */
const downwards = 0.8;
/**
 * How far above it the range ends, at the least: the formula's own buffer where somebody counted; 1.9
 * where somebody guessed (the nine-in-ten run of an agent on one task takes 1.9 times the median one).
 */
const upwards: Record<EstimateSource, number> = {
  declared: safetyBuffer,
  history: safetyBuffer,
  model: 1.9,
  formula: safetyBuffer,
  default: 1.9,
};
/**
 * Guesses and other issues raise the range to this much and no further: an agent must have room for twice
 * the likely figure anyway, so neither takes an agent away that the issue's own text allows.
 */
const mostRaised = 2;

type Read = Pick<Reading, 'estimatedContext' | 'factors' | 'modelContext'>;

/**
 * Sizes an issue from every layer that says something: the text's own figure, finished issues like it,
 * Claude, the formula, else a default. The range is wider upwards, and reaches up to what the formula says.
 * `history`: tokens that finished issues of the same repository and difficulty took.
 */
export function estimateContext(reading: Read, history: readonly number[] = []): Estimate {
  const samples = history.filter((tokens) => tokens > 0);
  const known = samples.length >= fewestSamples;
  const past = (share: number) => (known ? Math.round(logQuantile(samples, share)) : undefined);
  const formula = hasFactors(reading.factors) ? formulaTokens(reading.factors) : null;
  const layers = layersOf(reading, past(likelyQuantile), formula);
  const { source, tokens: likely } = layers[0];
  const model = layers.find((layer) => layer.source === 'model')?.tokens ?? 0;
  const pastHigh = past(highQuantile) ?? 0;
  const high = Math.max(
    Math.round(likely * upwards[source]),
    formula ?? 0,
    source === 'history' ? pastHigh : 0,
    Math.min(Math.round(likely * mostRaised), Math.max(model, pastHigh)),
  );
  const pastLow = source === 'history' ? past(lowQuantile) : undefined;
  const low = roundDown(Math.min(likely * downwards, pastLow ?? Infinity));
  return { low, likely, high, source, formula, layers };
}

function layersOf(
  { estimatedContext, factors, modelContext }: Read,
  history: number | undefined,
  formula: number | null,
): [Layer, ...Layer[]] {
  const { source: from, value } = estimatedContext;
  const said: Partial<Record<EstimateSource, number | undefined>> = {
    declared: from === 'declared' ? value : undefined,
    history,
    model: from === 'model' ? value : modelContext,
    formula: formula ?? undefined,
  };
  const layers = estimateSources.flatMap((source): Layer[] => {
    const tokens = said[source];
    return tokens === undefined ? [] : [{ source, tokens }];
  });
  const [first, ...rest] = layers;
  return first === undefined
    ? [{ source: 'default', tokens: formulaTokens(factors) }]
    : [first, ...rest];
}

function roundDown(tokens: number): number {
  return tokens >= 10_000 ? Math.floor(tokens / 1_000) * 1_000 : Math.floor(tokens);
}

/** A declared total further from the formula than this, either way, is told as a difference. */
const toleratedDifference = 0.25;
/** Below the formula it is told from here on: too low a figure costs more than too high a one. */
const toleratedShortfall = 0.1;

/** A warning when the declared total and the formula's, in tokens, are far apart. */
export function totalDiffers(declared: number, formula: number): Warning[] {
  const difference = (formula - declared) / declared;
  if (Math.abs(difference) <= toleratedDifference) return [];
  const text = `${bothTotals(declared, formula)}.`;
  return [{ code: 'declared_total_differs', text }];
}

/** A warning when the declared total is below the formula's, but not so far that the two differ. */
export function totalLow(declared: number, formula: number): Warning[] {
  const difference = (formula - declared) / declared;
  if (difference <= toleratedShortfall || difference > toleratedDifference) return [];
  const text = `${bothTotals(declared, formula)}: the range reaches up to it.`;
  return [{ code: 'declared_total_low', text }];
}

function bothTotals(declared: number, formula: number): string {
  const percent = Math.round((Math.abs(formula - declared) / declared) * 100);
  const direction = formula > declared ? 'more' : 'less';
  return `Declared ${thousands(declared)} tokens, the formula gives ${thousands(formula)} (${percent} % ${direction})`;
}

/** `12,345`, as sentences show tokens. */
export function thousands(tokens: number): string {
  return tokens.toLocaleString('en-US');
}
