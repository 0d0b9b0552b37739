import { defineConfig } from 'vitest/config';

/** `npm run test:crash`: hundreds of kills, too long for every run of the tests. */
export default defineConfig({ test: { include: ['test/scenarios/crash/*.crash.ts'] } });
