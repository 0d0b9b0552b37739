import { expect } from 'vitest';

import { testOfPostgres as test } from '../../support/database.ts';
import { killReplicas } from './kill-replicas.ts';

const seed = Number(process.hrtime.bigint() % 1_000_000n);

test(
  `after 200 kills of three replicas, 20 restarts of PostgreSQL and 3 long stops nothing is lost or doubled (seed ${seed})`,
  { timeout: 7_200_000 },
  async () => {
    const figures = await killReplicas({ replicas: 3, kills: 200, restarts: 20, stops: 3, seed });
    expect(figures.claims).toBeGreaterThan(0);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  },
);
