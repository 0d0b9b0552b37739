import { expect, onTestFinished } from 'vitest';

import { testOfPostgres as test } from '../../support/database.ts';
import { killReplicas } from './kill-replicas.ts';

const seed = Number(process.hrtime.bigint() % 1_000_000n);

test(
  `after 6 kills of three replicas and 2 restarts of PostgreSQL nothing is lost or doubled (seed ${seed})`,
  { timeout: 300_000 },
  async () => {
    const figures = await killReplicas({ replicas: 3, kills: 6, restarts: 2, seed });
    expect(figures.claims).toBeGreaterThan(0);
    onTestFinished(() => void process.stdout.write(`${JSON.stringify(figures)}\n`));
  },
);
