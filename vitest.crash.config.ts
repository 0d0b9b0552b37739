import { defineConfig } from 'vitest/config';

/** `npm run test:crash`: hundreds of kills, too long for every run of the tests. */
export default defineConfig({
  test: {
    include: ['test/scenarios/{crash,replicas}/*.crash.ts'],
    globalSetup: ['test/support/postgres-starter.ts'],
    provide: { database: 'sqlite' },
  },
});
