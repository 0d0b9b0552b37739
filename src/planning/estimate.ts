import {
  estimateSources,
  formulaTokens,
  hasFactors,
  safetyBuffer,
  unknownSize,
  type Estimate,
  type EstimateSource,
  type Layer,
} from '../issue/estimate.ts';
import type { Reading } from '../issue/reading.ts';

/** Minimum number of finished issues for an estimate by history: with fewer, one odd run would decide. */
export const minSamples = 5;
/**
 * Quantile of the history that becomes the likely figure: two thirds stay below it. An underestimate, which
 * overflows the agent, is assumed to cost twice as much as an overestimate.
 */
const likelyQuantile = 2 / 3;
const lowQuantile = 0.1;
const highQuantile = 0.9;

/** Low end of the range, as a share of the likely figure. */
const lowShare = 0.8;
/**
 * Minimum high end of the range, as a multiple of the likely figure: the formula's own buffer where the source
 * counted; 1.9 where Claude guessed, which guesses low (the 90th percentile of an agent's runs on one task is 1.9
 * times the median; figures of models and of runs have a rank correlation of about .39).
 */
const highShare: Record<EstimateSource, number> = {
  declared: safetyBuffer,
  history: safetyBuffer,
  model: 1.9,
  formula: safetyBuffer,
  default: unknownSize.high / unknownSize.likely,
};
/**
 * Maximum high end, as a multiple of the likely figure, to which guesses and other issues raise the range. An
 * agent must have room for twice the likely figure anyway, so neither excludes an agent that the text allows.
 */
const maxRaised = 2;

type SizedReading = Pick<Reading, 'estimatedContext' | 'factors' | 'modelContext'>;

/**
 * Estimates the size of an issue from every layer that has a figure: the text, the history of finished issues,
 * Claude, the formula, else a default. The range is wider upwards and includes the formula's figure.
 * `history`: tokens used by finished issues of the same repository and difficulty.
 */
export function estimateContext(reading: SizedReading, history: readonly number[] = []): Estimate {
  const samples = history.filter((tokens) => tokens > 0);
  const known = samples.length >= minSamples;
  const past = (share: number) => (known ? Math.round(logQuantile(samples, share)) : undefined);
  const formula = hasFactors(reading.factors) ? formulaTokens(reading.factors) : null;
  const layers = layersOf(reading, past(likelyQuantile), formula);
  const { source, tokens: likely } = layers[0];
  const model = layers.find((layer) => layer.source === 'model')?.tokens ?? 0;
  const pastHigh = past(highQuantile) ?? 0;
  const high = Math.max(
    Math.round(likely * highShare[source]),
    formula ?? 0,
    source === 'history' ? pastHigh : 0,
    Math.min(Math.round(likely * maxRaised), Math.max(model, pastHigh)),
  );
  const pastLow = source === 'history' ? past(lowQuantile) : undefined;
  const low =
    source === 'default'
      ? unknownSize.low
      : roundDown(Math.min(likely * lowShare, pastLow ?? Infinity));
  return { low, likely, high, source, formula, layers };
}

function layersOf(
  { estimatedContext, modelContext }: SizedReading,
  history: number | undefined,
  formula: number | null,
): [Layer, ...Layer[]] {
  const { source: from, value } = estimatedContext;
  const figures: Partial<Record<EstimateSource, number | undefined>> = {
    declared: from === 'declared' ? value : undefined,
    history,
    model: from === 'model' ? value : modelContext,
    formula: formula ?? undefined,
  };
  const layers = estimateSources.flatMap((source): Layer[] => {
    const tokens = figures[source];
    return tokens === undefined ? [] : [{ source, tokens }];
  });
  const [first, ...rest] = layers;
  return first === undefined
    ? [{ source: 'default', tokens: unknownSize.likely }]
    : [first, ...rest];
}

function roundDown(tokens: number): number {
  return tokens >= 10_000 ? Math.floor(tokens / 1_000) * 1_000 : Math.floor(tokens);
}

/**
 * The figure that this share of positive samples stays below, between two samples by ratio: sizes of
 * issues spread by factors, not by differences. Throws on no samples at all.
 */
export function logQuantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const position = Math.min(Math.max(share, 0), 1) * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined)
    throw new RangeError('there is no quantile of nothing');
  const part = position - Math.floor(position);
  return Math.exp(Math.log(below) * (1 - part) + Math.log(above) * part);
}
