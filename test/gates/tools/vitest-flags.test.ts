import { describe, expect, it } from 'vitest';
import { parseCLI } from 'vitest/node';

import type { Tool } from '../../../src/gates/gate.ts';
import {
  checkVitestVersion,
  coverageFlags,
  selectionFlags,
  vitestFlags,
} from '../../../src/gates/tools/vitest-flags.ts';

const vitest = (version: string): Tool => ({ name: 'vitest', version, entry: '/tools/vitest' });
const flagsOf = (version: string) => [
  ...vitestFlags(vitest(version), '/scratch/report.json'),
  ...selectionFlags({ optional: false, root: 'inner', projects: ['unit', '!browser'] }),
  ...coverageFlags(vitest(version), {
    provider: 'v8',
    include: ['src/**'],
    directory: '/scratch/coverage',
    lcov: true,
  }),
];

describe('the flags of a run', () => {
  it.each(['1.6.1', '4.0.18', '4.1.0', '5.1.1'])(
    'make no file filter and update no snapshot: %s',
    (version) => {
      const { filter, options } = parseCLI(['vitest', ...flagsOf(version)]);
      expect(filter).toEqual([]);
      expect(options).toMatchObject({
        update: false,
        allowOnly: false,
        passWithNoTests: false,
        coverage: { thresholds: false, changed: false, include: ['src/**'] },
      });
    },
  );

  it('are each one argument', () => {
    expect(flagsOf('5.1.1').filter((flag) => !/^--(no-[a-z.]+|[a-zA-Z.]+=.+)$/.test(flag))).toEqual(
      ['run'],
    );
  });
});

it.each(['0.34.6', '1.5.3', '1.6.0-beta.1', 'latest'])(
  'vitest %s is refused in one sentence',
  (version) => {
    expect(() => checkVitestVersion(vitest(version))).toThrow(
      `vitest ${version} is not supported: install vitest 1.6.0 or newer.`,
    );
  },
);

it.each(['1.6.0', '1.6.1', '4.1.0-beta.3', '5.1.1', '6.0.0'])(
  'vitest %s is supported',
  (version) => {
    expect(() => checkVitestVersion(vitest(version))).not.toThrow();
  },
);
