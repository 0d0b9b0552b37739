import fc from 'fast-check';
import { expect, test } from 'vitest';

import { formulaTokens } from '../../src/issue/estimate.ts';
import { estimateContext, minSamples } from '../../src/planning/estimate.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import type { Factors } from '../../src/issue/factors.ts';
import type { Reading } from '../../src/issue/reading.ts';

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
    layers: [
      { source: 'declared', tokens: 46_800 },
      { source: 'formula', tokens: 62_400 },
    ],
  });
});

test('without a total the formula leads', () => {
  expect(estimate(factors(3))).toEqual({
    low: 49_000,
    likely: 62_400,
    high: 81_120,
    source: 'formula',
    formula: 62_400,
    layers: [{ source: 'formula', tokens: 62_400 }],
  });
});

test('an issue of which nothing is known is 40,000 tokens, between half and twice as much', () => {
  expect(estimate('Fix it.')).toMatchObject({ low: 20_000, likely: 40_000, high: 80_000 });
});

test('without any factor there is no formula to show', () => {
  expect(estimate('Total estimated: 9,000')).toEqual({
    low: 7_200,
    likely: 9_000,
    high: 11_700,
    source: 'declared',
    formula: null,
    layers: [{ source: 'declared', tokens: 9_000 }],
  });
  expect(estimate('')).toMatchObject({ source: 'default', formula: null });
});

type Read = Parameters<typeof estimateContext>[0];

function read(
  value: number,
  source: Reading['difficulty']['source'],
  more: Partial<Read> = {},
): Read {
  return { estimatedContext: { value, source, evidence: null }, factors: unnamed, ...more };
}

test('every layer that says something is kept, and the first of them decides', () => {
  const threeFiles: Factors = { files: 3, complexity: 'medium', tests: 'low', docs: 'light' };
  const past = [20_000, 20_000, 20_000, 20_000, 20_000];
  const given = read(46_800, 'declared', { factors: threeFiles, modelContext: 70_000 });
  expect(estimateContext(given, past).layers).toEqual([
    { source: 'declared', tokens: 46_800 },
    { source: 'history', tokens: 20_000 },
    { source: 'model', tokens: 70_000 },
    { source: 'formula', tokens: 62_400 },
  ]);
  const guessed = read(70_000, 'model', { factors: threeFiles });
  const decided = [
    estimateContext(guessed, past),
    estimateContext(guessed),
    estimateContext(read(68_900, 'default', { factors: threeFiles })),
    estimateContext(read(40_000, 'default')),
  ];
  expect(decided.map(({ source, likely }) => [source, likely])).toEqual([
    ['history', 20_000],
    ['model', 70_000],
    ['formula', 62_400],
    ['default', 40_000],
  ]);
});

test('the range of a guess is wider upwards than that of a figure somebody counted', () => {
  expect(estimateContext(read(50_000, 'declared'))).toMatchObject({ low: 40_000, high: 65_000 });
  expect(estimateContext(read(50_000, 'model'))).toMatchObject({ low: 40_000, high: 95_000 });
});

test('a larger guess raises the range of a declared figure, up to twice of it and no further', () => {
  const high = (modelContext: number) =>
    estimateContext(read(50_000, 'declared', { modelContext })).high;
  expect([40_000, 80_000, 1_000_000].map(high)).toEqual([65_000, 80_000, 100_000]);
});

test('finished issues count from the fifth on, by the quantiles of their sizes', () => {
  const past = [10_000, 20_000, 40_000, 80_000, 160_000];
  const unknown = read(68_900, 'default');
  expect(past).toHaveLength(minSamples);
  expect(estimateContext(unknown, past.slice(1)).source).toBe('default');
  expect(estimateContext(unknown, [...past.slice(1), 0]).source).toBe('default');
  expect(estimateContext(unknown, past)).toEqual({
    low: 13_000,
    likely: 63_496,
    high: 121_257,
    source: 'history',
    formula: null,
    layers: [{ source: 'history', tokens: 63_496 }],
  });
});

test('finished issues that took more raise the range of a declared figure', () => {
  const past = [60_000, 60_000, 60_000, 60_000, 60_000];
  expect(estimateContext(read(40_000, 'declared'), past).high).toBe(60_000);
  expect(estimateContext(read(20_000, 'declared'), past).high).toBe(40_000);
});

test('whatever the layers say, low is at most likely and likely at most high', () => {
  const tokens = fc.integer({ min: 1, max: 100_000_000 });
  const source = fc.constantFrom('declared' as const, 'model', 'formula', 'default');
  const files = fc.option(fc.integer({ min: 0, max: 9_999 }));
  fc.assert(
    fc.property(tokens, source, files, fc.array(tokens), (value, from, count, history) => {
      const given = read(value, from, { factors: { ...unnamed, files: count } });
      const { low, likely, high, formula } = estimateContext(given, history);
      expect(low).toBeLessThanOrEqual(likely);
      expect(likely).toBeLessThanOrEqual(high);
      expect(formula ?? 0).toBeLessThanOrEqual(high);
    }),
  );
});
