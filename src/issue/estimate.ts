import type { Factors, Reading, Source } from './reading.ts';

/** Tokens of context: a range, the layer that decided, and what the formula alone would say. */
export interface Estimate {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
  readonly source: Source;
  readonly formula: number | null;
}

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

/**
 * The range is wider upwards, since an underestimate overflows the agent: 20 % below, 30 % above or the
 * formula's figure, whichever is higher.
 */
export function estimateContext(reading: Reading): Estimate {
  const { value: likely, source } = reading.estimatedContext;
  const formula = hasFactors(reading.factors) ? formulaTokens(reading.factors) : null;
  const high = Math.max(Math.round(likely * 1.3), formula ?? 0);
  return { low: roundDown(likely * 0.8), likely, high, source, formula };
}

function roundDown(tokens: number): number {
  return tokens >= 10_000 ? Math.floor(tokens / 1_000) * 1_000 : Math.floor(tokens);
}
