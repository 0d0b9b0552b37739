import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { temporaryDirectory } from '../../support/service.ts';
import { fates, kinds } from './work-actions.ts';
import { simulate } from './work-simulation.ts';
import { ensureDatabase, locationIn, onPostgres } from '../../support/database.ts';

/** Claims, and what keeps them apart, come up more often than the rest. */
const often = ['claim', 'claim', 'claim', 'heartbeat', 'clock', 'release'] as const;
const action = fc.record({
  kind: fc.constantFrom(...often, ...kinds),
  fate: fc.constantFrom('fine', 'fine', ...fates),
  worker: fc.nat(1_000),
  pick: fc.nat(1_000),
});

/** Each call is some 40 statements, and on PostgreSQL each of these goes to a server and back. */
const runs = onPostgres ? 4 : 20;

test('whatever happens, every call is answered and everything stored as the model says', async () => {
  const parent = temporaryDirectory();
  let claims = 0;
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 20, maxLength: 80, size: 'max' }),
      async (actions) => {
        const directory = mkdtempSync(join(parent, 'run-'));
        await ensureDatabase(directory);
        const counts = await simulate(actions, {
          location: locationIn(directory),
          issues: 10,
          workers: 4,
          concurrency: 3,
          auditEvery: 20,
        });
        claims += counts.claims;
        crashes += counts.crashes;
        rmSync(directory, { recursive: true });
      },
    ),
    { numRuns: runs },
  );
  expect(claims).toBeGreaterThan(runs);
  expect(crashes).toBeGreaterThan(runs / 3);
  // Thousands of commits to disk: a busy machine needs longer than for other tests.
}, 180_000);
