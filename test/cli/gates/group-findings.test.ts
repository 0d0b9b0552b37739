import fc from 'fast-check';
import { expect, test } from 'vitest';

import { countBy, spread } from '../../../src/cli/gates/group-findings.ts';

const name = fc.constantFrom('a', 'b', 'c', null);
const findings = fc.array(fc.record({ file: name, rule: name }), { maxLength: 60 });

test('what is shown is a part in its order, as much as fits, with every rule and file that fits', () => {
  fc.assert(
    fc.property(findings, fc.integer({ min: 8, max: 12 }), (all, limit) => {
      const shown = spread(all, limit);
      expect(shown).toHaveLength(Math.min(limit, all.length));
      expect(shown.map((one) => all.indexOf(one))).toEqual(
        shown.map((one) => all.indexOf(one)).toSorted((a, b) => a - b),
      );
      // There are at most four rules and four files, so each of them has room.
      for (const key of ['file', 'rule'] as const)
        expect(new Set(shown.map((one) => one[key]))).toEqual(new Set(all.map((one) => one[key])));
    }),
  );
});

test('counts are of what has a name, most first', () => {
  const rows = ['b', null, 'a', 'b'].map((rule) => ({ file: null, rule }));
  expect(countBy(rows, ({ rule }) => rule)).toEqual([
    ['b', 2],
    ['a', 1],
  ]);
});
