import type { GateName } from '../../../src/gates/names.ts';

/** A version of one tool, with what it needs beside it. */
export interface Generation {
  /** `typescript 5.3.3`; what a filter is compared with. */
  readonly name: string;
  /** Packages to install. */
  readonly packages: readonly string[];
  /** Gates that the tool judges. */
  readonly gates: readonly GateName[];
}

/** All versions that the gates support are one of these, or between two of them. */
export const generations: readonly Generation[] = [
  ...['5.3.3', '5.5.4', '5.9.3', '6.0.3', '7.0.2'].map((version): Generation => ({
    name: `typescript ${version}`,
    packages: [`typescript@${version}`],
    gates: ['build'],
  })),
  eslint('8.57.1', ['@typescript-eslint/parser@7.18.0', 'typescript@5.4.5']),
  eslint('9.39.5', ['@typescript-eslint/parser@8.74.0', 'typescript@5.9.3']),
  eslint('10.15.0', ['@typescript-eslint/parser@8.74.0', 'typescript@6.0.3']),
  ...(['v8', 'istanbul'] as const).flatMap((provider) => [
    vitest('1.6.1', provider, 'vite@5.4.19'),
    vitest('2.1.9', provider, 'vite@5.4.19'),
    vitest('3.2.4', provider, 'vite@6.3.5'),
    vitest('4.0.18', provider, 'vite@7.1.12'),
    vitest('4.1.12', provider, 'vite@7.1.12'),
    vitest('5.1.1', provider, 'vite@8'),
  ]),
];

function eslint(version: string, besides: readonly string[]): Generation {
  return {
    name: `eslint ${version}`,
    packages: [`eslint@${version}`, ...besides],
    gates: ['lint'],
  };
}

function vitest(version: string, provider: 'v8' | 'istanbul', vite: string): Generation {
  return {
    name: `vitest ${version} ${provider}`,
    packages: [`vitest@${version}`, `@vitest/coverage-${provider}@${version}`, vite],
    gates: ['test', 'coverage'],
  };
}
