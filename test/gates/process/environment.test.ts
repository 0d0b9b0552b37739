import { expect, it } from 'vitest';

import { toolEnvironment } from '../../../src/gates/process/environment.ts';

it('holds nothing about colours, at which tests look', () => {
  expect(Object.keys(toolEnvironment('/tmp/a')).toSorted()).toEqual([
    ...['CI', 'HOME', 'LANG', 'MOSAIC_GATES_RUN', 'PATH', 'TERM', 'TMPDIR', 'TZ'],
  ]);
});
