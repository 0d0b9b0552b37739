import { expect, onTestFinished } from 'vitest';

import { testOfPostgres as test } from '../../support/database.ts';
import { killReplicas } from './kill-replicas.ts';

const seed = Number(process.hrtime.bigint() % 1_000_000n);

test(
  `a leader that stands still for longer than its session lives doubles nothing when it goes on (seed ${seed})`,
  { timeout: 600_000 },
  async () => {
    const figures = await killReplicas({ replicas: 2, kills: 0, restarts: 0, stops: 1, seed });
    expect(figures.claims).toBeGreaterThan(0);
    // The server ends a session that says nothing for 15 s.
    expect(figures.takeoversMs.max).toBeGreaterThan(10_000);
    onTestFinished(() => void process.stdout.write(`${JSON.stringify(figures)}\n`));
  },
);
