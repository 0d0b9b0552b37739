import { expect, onTestFinished, test } from 'vitest';

import { compareWithQuietRun } from './after-kills.ts';
import { makeHistory } from './delivery-history.ts';
import { randomNumbers } from '../../support/random.ts';
import { randomKillTime, sendUntilEnd } from './load.ts';
import { startServiceProcess } from '../../support/process.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';

const cycles = 5;
const deliveriesPerCycle = 40;
const seed = Number(process.hrtime.bigint() % 1_000_000n);

test(
  `after ${cycles} kills under load nothing acknowledged is lost and the plans are those of a quiet run (seed ${seed})`,
  { timeout: 180_000 },
  async () => {
    const startedAt = performance.now();
    const random = randomNumbers(seed);
    const history = makeHistory(cycles * deliveriesPerCycle, random);
    const directory = temporaryDirectory();
    const acknowledged = new Set<string>();
    let killsInFlight = 0;
    let inFlightAtKill = 0;
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const service = await startServiceProcess(directory);
      const due = history.slice(0, (cycle + 1) * deliveriesPerCycle);
      const batch = due.filter(({ id }) => !acknowledged.has(id));
      const killAt = randomKillTime(batch.length, random);
      const { url } = service;
      const inFlight = await sendUntilEnd({ service, url, batch, acknowledged, killAt });
      expect(await service.exit()).toMatchObject({ signal: 'SIGKILL' });
      if (inFlight.length > 0) killsInFlight += 1;
      inFlightAtKill += inFlight.length;
    }
    const survivor = await startService({ directory });
    const quiet = await startService();
    const end = await compareWithQuietRun({ survivor, quiet, history, acknowledged });
    expect(end.lost).toEqual([]);
    expect(end.deliveries.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(end.deliveries).toHaveLength(history.length);
    expect(killsInFlight).toBeGreaterThan(0);
    expect(end.quietPlans).toHaveLength(new Set(history.map(({ number }) => number)).size);
    expect(end.plans).toEqual(end.quietPlans);

    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const figures = `crash test: seed ${seed}, ${cycles} kills, ${killsInFlight} with deliveries in flight (${inFlightAtKill} in all), ${acknowledged.size} of ${history.length} acknowledged before the last start, ${seconds} s`;
    onTestFinished(() => void process.stdout.write(`${figures}\n`));
  },
);
