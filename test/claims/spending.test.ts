import { expect, test } from 'vitest';

import { mergeSpent, reachedCap } from '../../src/claims/spending.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';

const sonnet = builtInAgents.find(({ name }) => name === 'sonnet');
const nothing = { spent_tokens: 0, spent_usd: 0, spent_estimated: 0 };

test('of two reports the larger counts; dollars are estimated until the worker tells them', () => {
  const first = mergeSpent(nothing, { tokens: 2_120_000 }, sonnet);
  // 100,000 tokens of context, read 21 times and a fifth written, cost 0.1 × (3 × $2 + 0.2 × $10).
  expect(first).toEqual({ spent_tokens: 2_120_000, spent_usd: 0.8, spent_estimated: 1 });
  const told = mergeSpent(first, { costUsd: 0.3 }, sonnet);
  expect(told).toEqual({ spent_tokens: 2_120_000, spent_usd: 0.3, spent_estimated: 0 });
  expect(mergeSpent(told, { tokens: 1, costUsd: 0.2 }, sonnet)).toEqual(told);
  expect(mergeSpent(told, { tokens: 3_000_000 }, sonnet)).toEqual({
    ...told,
    spent_tokens: 3_000_000,
  });
  expect(mergeSpent(nothing, { tokens: 10 }, undefined)).toMatchObject({ spent_usd: 0 });
});

test('a cap is reached by tokens or by dollars, whichever comes first', () => {
  const caps = { tokens: 1_000, usd: 2 };
  expect(reachedCap(caps, { tokens: 999, usd: 1.99 })).toBeUndefined();
  expect(reachedCap(caps, { tokens: 1_000, usd: 0 })).toMatchObject({ unit: 'tokens' });
  expect(reachedCap(caps, { tokens: 0, usd: 2 })).toEqual({ unit: 'usd', budget: 2, spent: 2 });
  expect(reachedCap(caps, { tokens: 800, usd: 0 }, 0.8)).toMatchObject({ budget: 1_000 });
  expect(reachedCap({ usd: 2 }, { tokens: 1e9, usd: 0 })).toBeUndefined();
  expect(reachedCap(undefined, { tokens: 1e9, usd: 1e9 })).toBeUndefined();
});
