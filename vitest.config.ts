import { defineConfig } from 'vitest/config';

import LongestFirst from './test/support/longest-first.ts';

/** Rooms with SQL of their own: their tests run once more with PostgreSQL, also in `npm test`. */
const rooms = '{claims,inbox,plans}';
/** What else stores something: with PostgreSQL by `npm run test:postgres` alone, which takes minutes. */
const moreRooms = '{api,claude,handling,mcp,metrics,publish,reconcile,verification,webhook}';
const scenarios = '{claims,dependencies,publishing,reconciling,verification}';

export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    globalSetup: [
      'test/support/compile-cache.ts',
      'test/support/postgres-starter.ts',
      'test/support/browser-starter.ts',
    ],
    setupFiles: ['test/support/use-compile-cache.ts'],
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    // The tests start services and child processes, and wait for disks and deadlines: three files keep two cores busy.
    maxWorkers: 3,
    // A process per file would load the 500 modules of src for each: two seconds that sharing saves. No
    // module of src or test has state that a test changes.
    isolate: false,
    // All tests with SQLite; those that store something once more with PostgreSQL, but for `testOfSqlite`.
    projects: [
      {
        extends: true,
        test: { name: 'sqlite', include: ['test/**/*.test.ts'], provide: { database: 'sqlite' } },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: [`test/${rooms}/**/*.test.ts`],
          provide: { database: 'postgres' },
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres-more',
          include: [`test/${moreRooms}/**/*.test.ts`, `test/scenarios/${scenarios}/**/*.test.ts`],
          provide: { database: 'postgres' },
        },
      },
    ],
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
