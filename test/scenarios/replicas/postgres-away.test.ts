import { expect } from 'vitest';
import { z } from 'zod';

import { testOfPostgres as test } from '../../support/database.ts';
import { ownPostgres } from '../../support/own-postgres.ts';
import { startService } from '../../support/service.ts';
import { issueEvent } from '../../support/workers.ts';

const down = z.literal('down');
const downSchema = z.looseObject({
  status: down,
  checks: z.looseObject({ store: z.looseObject({ status: down, cause: z.string() }) }),
});

test(
  'without PostgreSQL deliveries get 503 and health says why; all goes on by itself when it is back',
  { timeout: 120_000 },
  async () => {
    const postgres = await ownPostgres();
    const service = await startService({
      env: { DATABASE_URL: postgres.url },
      expectAtEnd: {
        errors: ['the store is down', 'delivery not stored'],
        mayErrors: ['the inbox cannot be read', 'sweep of claims failed'],
      },
    });
    const at = Date.now();
    expect(await service.send(issueEvent(1, at))).toMatchObject({ status: 200 });
    await service.idle();
    await postgres.halt('SIGQUIT');

    expect(await service.send(issueEvent(2, at))).toMatchObject({ status: 503 });
    const health = await service.health();
    expect(health.status).toBe(503);
    const { checks } = downSchema.parse(await health.json());
    expect(checks.store.cause).toContain('PostgreSQL');
    expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    await expect
      .poll(() => service.logs.map(({ msg }) => msg), { timeout: 30_000 })
      .toContain('the store is down');

    await postgres.start();
    await expect
      .poll(async () => (await service.send(issueEvent(2, at))).status, { timeout: 30_000 })
      .toBe(200);
    await expect
      .poll(async () => (await service.plan('acme/orbit#2'))?.state, { timeout: 30_000 })
      .toBe('ready');
    await expect.poll(async () => (await service.health()).status, { timeout: 30_000 }).toBe(200);
    await expect
      .poll(() => service.logs.map(({ msg }) => msg), { timeout: 30_000 })
      .toContain('the store works again');
  },
);
