import type { Metrics } from './metrics.ts';
import type { StoreNumbers } from './store-numbers.ts';

/** Measures what the store knows of the work; the function sets all values anew. */
export function createStoreMetrics({ gauge, counter }: Metrics) {
  const metrics = {
    issues: gauge('issues', 'Issues by state', ['state']),
    claims: gauge('claims_live', 'Live claims', ['agent']),
    bands: gauge('context_claims', 'Live claims by the band of their context', ['band']),
    claimsEnded: counter(
      'claims_ended_total',
      'Claims that have ended; expired ones are lost leases',
      ['agent', 'outcome'],
    ),
    spentTokens: gauge('spent_today_tokens', 'Tokens that agents spent today (UTC)', ['agent']),
    spentUsd: gauge('spent_today_usd', 'US dollars that agents spent today (UTC)', ['agent']),
  } satisfies Record<keyof StoreNumbers, unknown>;

  return (numbers: StoreNumbers | undefined): void => {
    // What cannot be read is not told as if it were still so.
    metrics.issues.replace(numbers?.issues ?? []);
    metrics.claims.replace(numbers?.claims ?? []);
    metrics.bands.replace(numbers?.bands ?? []);
    metrics.claimsEnded.replace(numbers?.claimsEnded ?? []);
    metrics.spentTokens.replace(numbers?.spentTokens ?? []);
    metrics.spentUsd.replace(numbers?.spentUsd ?? []);
  };
}
