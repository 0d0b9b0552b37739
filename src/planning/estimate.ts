import {
  estimateSources,
  type Estimate,
  type EstimateSource,
  type Layer,
} from '../issue/estimate.ts';
import { formulaTokens, hasFactors, safetyBuffer } from '../issue/formula.ts';
import type { Reading } from '../issue/reading.ts';
import { logQuantile } from './quantile.ts';

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
