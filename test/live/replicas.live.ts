import { expect } from 'vitest';

import { postgresHome } from '../support/postgres.ts';
import { ownPostgres } from '../support/own-postgres.ts';
import { startBalancer } from './support/balancer.ts';
import { startCoordinator } from './support/coordinator.ts';
import { expectAllShown } from './support/expect-all-shown.ts';
import { createFigures } from './support/figures.ts';
import { freePort } from './support/free-port.ts';
import { createHook } from './support/hook.ts';
import { issueText } from './support/issue-text.ts';
import { liveTest } from './support/live-test.ts';
import { bot } from './support/world.ts';

const issueCount = 60;

liveTest(
  'two replicas on PostgreSQL: 60 issues assigned at once, one killed, Gitea restarted: one comment each',
  async (world) => {
    const { gitea, maria, proxy } = world;
    const figures = createFigures('Two replicas on PostgreSQL, 60 issues:');
    const { url: DATABASE_URL } = await ownPostgres();
    const ports = [await freePort(), await freePort()] as const;
    const [one, two] = ports.map(String);
    await startBalancer(Number(new URL(world.url).port), ports);
    await createHook(world);
    const first = await startCoordinator(world, { DATABASE_URL, PORT: one });
    const second = await startCoordinator(world, { DATABASE_URL, PORT: two });

    const beganAt = performance.now();
    const numbers: number[] = [];
    for (let index = 0; index < issueCount; index += 1) {
      const blockers = numbers.length > 0 && index % 3 === 0 ? numbers.slice(-1) : [];
      const body = issueText(blockers);
      numbers.push(await maria.open({ title: `Issue ${index + 1}`, body, assignees: [bot] }));
      // In the middle of it all.
      if (index === 25) await first.kill();
    }
    figures.add(
      `opened within ${((performance.now() - beganAt) / 1_000).toFixed(1)} s, one killed`,
    );
    await gitea.kill();
    await gitea.start();
    const again = await startCoordinator(world, { DATABASE_URL, PORT: one });
    for (const number of numbers.slice(0, 10)) await maria.close(number);
    const tookMs = await expectAllShown(world, again, 120_000);
    figures.add(`all right ${(tookMs / 1_000).toFixed(1)} s after the last change`);

    const created = proxy.writes.filter(
      ({ method, path }) => method === 'POST' && /\/issues\/\d+\/comments$/.test(path),
    );
    expect(new Set(created.map(({ path }) => path)).size).toBe(created.length);
    figures.add(`${created.length} comments created, none twice; ${proxy.writes.length} writes`);
    await again.stop();
    await second.stop();
  },
  { isSkipped: postgresHome() === undefined },
);
