import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { randomNumbers } from '../test/support/random.ts';
import { fates, kinds, type Action } from '../test/scenarios/claims/work-actions.ts';
import { simulate } from '../test/scenarios/claims/work-simulation.ts';

/**
 * Agents at work for a long time: 2,000 issues and 20 workers, with crashes, lost answers, calls that arrive
 * twice, a clock that jumps, and issues closed, reopened, unassigned and edited underneath. Every answer
 * and everything stored is compared with a model: `npm run bench -- simulate-work [actions] [seed]`.
 */
const issues = 2_000;
const workers = 20;
const [, , given = '20000', seedGiven = '8'] = process.argv;
const actionCount = Number(given);
const seed = Number(seedGiven);
const random = randomNumbers(seed);
const pick = (limit: number) => Math.floor(random() * limit);
/** Half of what happens is work; a crash costs a restart. */
const work = [
  ...Array.from({ length: 6 }, () => 'claim' as const),
  ...Array.from({ length: 6 }, () => 'heartbeat' as const),
  'handoff',
  'release',
  'block',
  'complete',
] as const;

function* makeActions(): Generator<Action> {
  for (let index = 0; index < actionCount; index += 1) {
    const kind = random() < 0.6 ? work[pick(work.length)] : kinds[pick(kinds.length)];
    const fate = random() < 0.7 ? 'fine' : fates[pick(fates.length)];
    yield {
      kind: kind ?? 'claim',
      fate: fate ?? 'fine',
      worker: pick(1_000),
      pick: pick(1_000_000),
    };
  }
}

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));
const startedAt = performance.now();
try {
  const counts = await simulate(makeActions(), {
    location: join(directory, 'coordinator.db'),
    issues,
    workers,
    concurrency: 12,
    auditEvery: 500,
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  process.stdout.write(
    `seed ${seed}: ${counts.actions} actions on ${issues} issues by ${workers} workers in ${seconds} s: ${counts.claims} claims, ${counts.refused} late calls refused, ${counts.crashes} crashes, ${counts.audits} audits, no difference from the model\n`,
  );
} finally {
  rmSync(directory, { recursive: true });
}
