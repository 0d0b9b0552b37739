import { expect, test } from 'vitest';

import {
  evaluateModel,
  greedyModel,
  labelledModel,
  randomModel,
  readGold,
} from '../support/gold.ts';

const rows = readGold();

test('a model that answers the labels is followed wherever the grammar leaves it open', () => {
  const result = evaluateModel(rows, labelledModel);
  expect(result).toMatchObject({ implicit: 18, implicitFound: 18, ruledOut: [], traps: [] });
  expect(result.ofModelRight).toBe(result.ofModel);
  expect(result.missed).toEqual([]);
});

test.each([
  greedyModel('blocked_by'),
  greedyModel('blocks'),
  randomModel(1),
  randomModel(2),
  randomModel(3),
])('a model that lies makes no edge of what is ruled out: $name', (model) => {
  const result = evaluateModel(rows, model);
  expect(result.ofModel).toBeGreaterThan(0);
  expect(result.ruledOut).toEqual([]);
});
