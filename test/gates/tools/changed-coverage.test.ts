import { expect, it } from 'vitest';

import { withChangedLines } from '../../../src/gates/tools/changed-coverage.ts';
import { fakeCheckout } from '../support/fake-checkout.ts';

const passed = { status: 'passed', message: 'Covered: lines 90 %.' } as const;
const lcov = 'SF:src/a.ts\nDA:1,1\nDA:2,0\nend_of_record\n';
const { checkout } = fakeCheckout([{}]);
const asking: typeof checkout = {
  ...checkout,
  options: { ...checkout.options, coverage: { ...checkout.options.coverage, changed: 85 } },
};
const from = (text: string | undefined) => ({ lcov: text, coverageRoot: '/repo' });

it('leaves the verdict alone when nobody asks about changed lines', async () => {
  expect(await withChangedLines(passed, checkout, from(lcov))).toBe(passed);
});

it('says that there is no base to compare with', async () => {
  expect(await withChangedLines(passed, asking, from(lcov))).toMatchObject({
    status: 'passed',
    message:
      'Covered: lines 90 %. Besides: changed lines not judged, for want of a base to compare with (--base REF).',
  });
});

it.each([
  [undefined, 'vitest left no lcov.info.'],
  ['', 'lcov.info is no LCOV tracefile, or not a whole one: it ends without end_of_record.'],
])('is an error when the lines are not known: %s', async (text, reason) => {
  expect(await withChangedLines(passed, asking, from(text))).toMatchObject({
    status: 'error',
    message: `The changed lines could not be judged: ${reason}`,
  });
});
