import { defineConfig } from 'vitest/config';

/** `npm run test:live`: against a real Gitea, which has to be given. */
export default defineConfig({
  test: {
    include: ['test/live/*.live.ts'],
    globalSetup: ['test/live/support/say-skipped.ts', 'test/support/browser-starter.ts'],
    provide: { database: 'sqlite' },
    testTimeout: 600_000,
    // Figures in seconds are measured: one Gitea and one coordinator at a time.
    fileParallelism: false,
  },
});
