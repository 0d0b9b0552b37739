import { defineConfig } from 'vitest/config';

import LongestFirst from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/count-reporter.ts'],
    globalSetup: ['test/support/compile-cache.ts'],
    setupFiles: ['test/support/use-compile-cache.ts'],
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    // The tests start services, child processes and real commits to disk; machines are small.
    maxWorkers: 2,
    // A process per file would load the 500 modules of src for each: two seconds that sharing saves. No
    // module of src or test has state that a test changes.
    isolate: false,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // The process entry: run in child processes, where this coverage does not reach.
      exclude: ['src/main.ts'],
      reporter: ['text-summary', 'text'],
      thresholds: { lines: 95, branches: 90, functions: 95, statements: 95 },
    },
  },
});
