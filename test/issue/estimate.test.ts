import { expect, test } from 'vitest';

import { estimateContext, formulaTokens } from '../../src/issue/estimate.ts';
import { readOffline } from '../../src/issue/read-issue.ts';
import type { Factors } from '../../src/issue/reading.ts';

function estimate(body: string) {
  const issue = { repository: 'acme/orbit', number: 1, title: '', body, bodyCut: false };
  return estimateContext(readOffline(issue, ['sonnet']));
}

const unnamed: Factors = { files: null, complexity: null, tests: null, docs: null };

test.each<[string, Partial<Factors>, number]>([
  ['one file, low, low, none', { files: 1, complexity: 'low', tests: 'low', docs: 'none' }, 28_600],
  [
    'three files, medium, low, light',
    { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
    62_400,
  ],
  [
    'ten files, high, high, heavy',
    { files: 10, complexity: 'high', tests: 'high', docs: 'heavy' },
    156_000,
  ],
  ['no file at all', { files: 0, complexity: 'low', tests: 'medium', docs: 'medium' }, 29_900],
  ['nothing named', {}, 68_900],
  ['files alone', { files: 1 }, 50_700],
])('the formula gives %s its tokens', (_name, factors, tokens) => {
  expect(formulaTokens({ ...unnamed, ...factors })).toBe(tokens);
});

const factors = (files: number) =>
  `Files to modify: ${files}\nImplementation complexity: medium\nTest requirements: low\nDocumentation: light`;

test('a declared total leads, and the range reaches up to the formula', () => {
  expect(estimate(`${factors(3)}\nTotal estimated: 46,800 tokens`)).toEqual({
    low: 37_000,
    likely: 46_800,
    high: 62_400,
    source: 'declared',
    formula: 62_400,
  });
});

test('without a total the formula leads', () => {
  expect(estimate(factors(3))).toEqual({
    low: 49_000,
    likely: 62_400,
    high: 81_120,
    source: 'formula',
    formula: 62_400,
  });
});

test('without any factor there is no formula to show', () => {
  expect(estimate('Total estimated: 9,000')).toEqual({
    low: 7_200,
    likely: 9_000,
    high: 11_700,
    source: 'declared',
    formula: null,
  });
  expect(estimate('')).toMatchObject({ likely: 68_900, source: 'default', formula: null });
});
