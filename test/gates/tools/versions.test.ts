import { expect, it } from 'vitest';

import { isAtLeast } from '../../../src/gates/tools/versions.ts';

it.each([
  ['5.6.0', true],
  ['5.6.0-beta', true],
  ['7.0.0-dev.20260101', true],
  ['5.5.4', false],
  ['no version', false],
])('compares %s', (version, expected) => {
  expect(isAtLeast({ version }, '5.6.0')).toBe(expected);
});
