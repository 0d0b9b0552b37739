export type VerificationGate = 'build' | 'lint' | 'test' | 'coverage' | 'integrity';

interface Gate {
  readonly gate: VerificationGate;
  readonly tool: readonly [name: string, version: string] | null;
  /** Part of the time that all gates take together. */
  readonly share: number;
  readonly passed: (tests: number) => string;
}

const vitest = ['vitest', '5.1.1'] as const;

/** Gates of every repository of the world, in the order in which they run. */
export const gates: readonly Gate[] = [
  {
    gate: 'build',
    tool: ['typescript', '6.0.3'],
    share: 0.2,
    passed: () => 'tsc found no errors.',
  },
  { gate: 'lint', tool: ['eslint', '10.15.0'], share: 0.28, passed: () => 'eslint found nothing.' },
  {
    ...{ gate: 'test', tool: vitest, share: 0.43 },
    passed: (tests) => `All ${tests} tests passed.`,
  },
  {
    ...{ gate: 'coverage', tool: vitest, share: 0.08 },
    passed: (tests) => `${88 + (tests % 9)}.4 % of lines, 85 % are wanted.`,
  },
  { gate: 'integrity', tool: null, share: 0.01, passed: () => 'Nothing was weakened.' },
];
