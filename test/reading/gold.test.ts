import fc from 'fast-check';
import { expect, test } from 'vitest';

import { localRef } from '../../src/issue/ref.ts';
import {
  askedAbout,
  evaluateModel,
  implicitF1,
  precision,
  readGold,
  readWith,
  type GoldIssue,
} from '../support/gold.ts';
import {
  erringModel,
  greedyModel,
  labelledModel,
  labelledRelations,
  randomModel,
} from '../support/scripted-models.ts';

const rows = readGold();

test('a model that answers the labels is followed wherever the grammar leaves it open', () => {
  const result = evaluateModel(rows, labelledModel);
  expect(result).toMatchObject({ implicit: 18, ruledOut: [], traps: [], disputedRight: 0 });
  expect(result.ofModelRight).toBe(result.ofModel);
  expect(implicitF1(result)).toBeGreaterThanOrEqual(0.98);
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

test('a model that errs on one reference in twenty costs at most .02 of the precision', () => {
  const runs = [1, 2, 3, 4, 5].map((seed) =>
    evaluateModel(rows, erringModel(seed), erringModel(seed + 100)),
  );
  const mean = runs.reduce((sum, { blocking }) => sum + precision(blocking), 0) / runs.length;
  const honest = precision(evaluateModel(rows, labelledModel).blocking);
  expect(honest - mean).toBeLessThanOrEqual(0.02);
  // It did err.
  expect(Math.min(...runs.map(precision))).toBeLessThan(1);
});

/** The edges of a reading, in any order. */
function edgesWith(row: GoldIssue, relations: readonly unknown[]): string[] {
  const issue = { ...row, bodyCut: false };
  return readWith(row, { relations })
    .dependencies.map((edge) => {
      const { direction, source, standing = 'counts' } = edge;
      return `${direction} ${localRef(issue, edge)} ${source} ${standing}`;
    })
    .sort();
}

test('a right answer that is altered as models alter them changes nothing that is right', () => {
  const asked = rows.filter((row) => askedAbout(row).references.length > 0);
  const alteration = fc.record({
    row: fc.constantFrom(...asked),
    order: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
    twice: fc.boolean(),
    asText: fc.constantFrom('no', 'number', 'words'),
    bare: fc.boolean(),
    without: fc.boolean(),
    junk: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(alteration, ({ row, order, twice, asText, bare, without, junk }) => {
      const { sentences } = askedAbout(row);
      const right = labelledRelations(askedAbout(row));
      const number = (each: number) =>
        asText === 'no'
          ? each
          : asText === 'number'
            ? String(each)
            : `${each} ${sentences[each - 1] ?? ''}`;
      const altered = right
        // What is no dependency may be left out.
        .filter(({ relation }) => !without || relation !== 'neither')
        .flatMap((said) => (twice ? [said, said] : [said]))
        .map(({ ref, relation, ...named }) => ({
          ref: bare ? ref.replace(/^#/, '') : ref,
          relation,
          sentences: named.sentences.map(number),
        }))
        .map((said, index) => ({ said, at: order[index % order.length] ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ said }) => said);
      const edges = edgesWith(row, [...junk, ...altered]);
      const expected = edgesWith(row, right);
      // A phrase is disputed only by an entry that says so.
      const isSame = (edge: string) => edge.replace('disputed', 'counts');
      if (without) expect(edges.map(isSame)).toEqual(expected.map(isSame));
      else expect(edges).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
