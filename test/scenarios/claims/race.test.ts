import { expect, test } from 'vitest';

import { audit } from '../../../src/claims/audit.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { startService } from '../../support/service.ts';
import { call, claim, issueEvent, workerNames } from '../../support/workers.ts';

const rounds = 25;

test(
  `${workerNames.length} concurrent claims on one issue, ${rounds} times: one winner each time`,
  { timeout: 120_000 },
  async () => {
    const service = await startService({ workers: true });
    const tokens = new Set<string>();
    for (let round = 1; round <= rounds; round += 1) {
      await service.send(issueEvent(round, Date.parse('2026-11-23T10:00:00Z') + round * 1_000));
      await service.idle();
      const answers = await Promise.all(workerNames.map((worker) => claim(service, worker)));
      const winners = answers.flatMap(({ claim: won }, index) =>
        won === null ? [] : [{ won, worker: workerNames[index] ?? '' }],
      );
      expect(winners.map(({ won }) => won.issue)).toEqual([`acme/orbit#${round}`]);
      for (const answer of answers.filter((other) => other.claim === null)) {
        expect(answer.status).toBe(200);
        expect(answer.waiting?.['claimed']).toBe(1);
      }
      for (const { won, worker } of winners) {
        tokens.add(won.token);
        const end = { held: won, what: 'complete', body: { commit: 'abcdef0' } };
        expect((await call(service, worker, end)).status).toBe(200);
      }
    }
    expect(tokens.size).toBe(rounds);
    const db = createDatabase(service.config.database);
    const { count } = await db
      .selectFrom('claims')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(rounds);
    expect(await audit(db, Date.now(), 10)).toEqual([]);
    await db.destroy();
  },
);
