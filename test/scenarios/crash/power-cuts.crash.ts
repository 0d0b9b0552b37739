import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { readEnvironment } from '../../../src/config.ts';
import { deliveriesOf } from './after-kills.ts';
import { cutMoments, type CutMoment } from './cut-moments.ts';
import { soundDatabases } from './data-on-disk.ts';
import type { Sent } from './delivery-history.ts';
import { diskAfterCut, type Flush } from './disk-after-cut.ts';
import { diskRecord, recordedBytes, recordedCalls, type DiskRecord } from './disk-record.ts';
import { sendUntilEnd } from './load.ts';
import {
  logLines,
  mainArguments,
  searchPath,
  startChild,
  startedAt,
} from '../../support/process.ts';
import { randomNumbers } from '../../support/random.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService, temporaryDirectory, testEnvironment } from '../../support/service.ts';

const hasStrace = spawnSync('which', ['strace'], { env: { PATH: searchPath } }).status === 0;

/** `POWER_CUTS=100` makes it a hundred. */
const cutCount = Number(readEnvironment()['POWER_CUTS'] ?? '20');
const seed = Number(
  readEnvironment()['POWER_CUT_SEED'] ?? Number(process.hrtime.bigint() % 1_000_000n),
);
/** Enough, with texts of this length, for checkpoints of both files under load. */
const deliveryCount = 800;
const textBytes = 24 * 1024;
const issueCount = 40;
/** Shares of what nobody flushed that the disk has written all the same, in turn. */
const keptShares = [0, 0.5, 0.9, 0.98, 0.2, 1];
const databaseName = 'coordinator.db';

test.skipIf(!hasStrace)(
  `after ${cutCount} power cuts every delivery that was answered 200 is there once (seed ${seed}; needs strace)`,
  { timeout: 10 * 60_000 + cutCount * 60_000 },
  async () => {
    const startedMs = performance.now();
    const random = randomNumbers(seed);
    const { record, database } = await recordLoad();
    const recordedMs = performance.now();
    const moments = cutMoments(record, database, cutCount, random);
    const outcomes: string[] = [];
    let answered = 0;
    let unwritten = 0;
    for (const [index, moment] of moments.entries()) {
      const kept = keptShares[index % keptShares.length] ?? 0;
      const image = diskAfterCut(record, { at: moment.at, random, kept });
      const before = answeredBefore(record, moment);
      const found = await startAfter(image, before);
      expect(found, `cut ${index + 1}: ${moment.kind} at ${moment.at}`).toMatchObject({
        lost: [],
        doubled: [],
        handledTwice: 0,
      });
      answered += before.length;
      unwritten += found.spooled;
      outcomes.push(
        `  ${moment.kind}, ${Math.round(100 * kept)} % kept: ${before.length} answered, ${found.spooled} found in the spool, 0 lost, 0 doubled`,
      );
    }
    // What synchronous=off would be: from the first answer on, nothing of this log is flushed. It must be found out.
    const firstAnswer = record.answers[0]?.begin ?? 0;
    const lostWithout = (log: string) =>
      moments.filter((moment) => {
        const isInVain = ({ file, begin }: Flush) => file === log && begin > firstAnswer;
        const image = diskAfterCut(record, { at: moment.at, random, kept: 0, isInVain });
        return countLost(image, answeredBefore(record, moment)) > 0;
      }).length;
    const withoutSpool = lostWithout(`${database}.spool-wal`);
    const withoutDatabase = lostWithout(`${database}-wal`);
    const figures = [
      `power cuts: seed ${seed}, ${moments.length} cuts of a record of ${record.steps.length} steps and ${record.answers.length} answers (taken in ${seconds(recordedMs - startedMs)} s), ${seconds(performance.now() - startedMs)} s`,
      ...outcomes,
      `in all ${answered} answered before the cuts, ${unwritten} found in the spool, 0 lost, 0 doubled`,
      `without the flushes of the log of the spool ${withoutSpool} of ${moments.length} cuts lose some, without those of the log of the database ${withoutDatabase}`,
    ];
    onTestFinished(() => void process.stdout.write(`${figures.join('\n')}\n`));
    expect(withoutSpool).toBeGreaterThan(0);
    expect(withoutDatabase).toBeGreaterThan(0);
  },
);

const seconds = (ms: number) => (ms / 1000).toFixed(0);

/** Deliveries whose issues change their long texts. */
function longDeliveries(): Sent[] {
  return Array.from({ length: deliveryCount }, (_, index) => {
    const number = 1 + (index % issueCount);
    const id = `cut-${index}`;
    const payload = issuePayload({
      action: index < issueCount ? 'opened' : 'edited',
      number,
      title: `Issue ${number}`,
      body: `Version ${index}\n\n\`\`\`\n${`${id} `.repeat(textBytes / (id.length + 1))}\n\`\`\`\n`,
      open: true,
      assignees: ['mosaic'],
      updatedAt: new Date(Date.parse('2026-11-01T00:00:00Z') + index * 1000).toISOString(),
    });
    return { id, number, assigned: true, request: signedRequest(payload, { id }) };
  });
}

/** The real service, with its threads, from its first start over its load to its end, and all it did to its files. */
async function recordLoad(): Promise<{ record: DiskRecord; database: string }> {
  const directory = temporaryDirectory();
  const trace = join(temporaryDirectory(), 'trace.txt');
  const service = startChild({
    // -D: the service, not strace, is the child, so that its signals and its end are the real ones.
    command: 'strace',
    args: [
      ...['-D', '-f', '-y', '--seccomp-bpf', '-s', String(recordedBytes), '-o', trace],
      ...['-e', `trace=${recordedCalls}`, process.execPath, ...mainArguments],
    ],
    environment: testEnvironment(directory),
    directory,
  });
  const url = await startedAt(service);
  const acknowledged = new Set<string>();
  const batch = longDeliveries();
  async function exit() {
    await service.until('it had handled all', () =>
      handledBy(logLines(service.output.stdout)) === batch.length ? true : undefined,
    );
    return service.kill('SIGTERM');
  }
  await sendUntilEnd({
    service: { ...service, exit },
    ...{ url, batch, acknowledged, killAt: undefined },
  });
  const database = join(directory, databaseName);
  const record = diskRecord(readFileSync(trace, 'latin1'), database);
  expect(new Set(record.answers.map(({ id }) => id))).toEqual(acknowledged);
  expect(acknowledged.size).toBe(batch.length);
  return { record, database };
}

/** Deliveries that were handled, from the lines of a log. */
function handledBy(lines: readonly { readonly msg?: string | undefined }[]): number {
  return lines
    .filter(({ msg }) => msg === 'issue handled')
    .reduce((sum, line) => sum + ('deliveries' in line ? Number(line.deliveries) : 0), 0);
}

function answeredBefore({ answers }: DiskRecord, { at }: CutMoment): string[] {
  return answers.filter(({ begin }) => begin < at).map(({ id }) => id);
}

/** Starts a service on what a cut left, lets it finish, and compares what it has with what was answered. */
async function startAfter(image: ReadonlyMap<string, Buffer>, answered: readonly string[]) {
  const directory = writeImage(image);
  const { done, spooled } = soundDatabases(directory);
  const service = await startService({ directory });
  await service.idle();
  const deliveries = await deliveriesOf(service);
  await service.close();
  expect(deliveries.filter(({ status }) => status !== 'done')).toEqual([]);
  expect(service.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  expect(soundDatabases(directory)).toMatchObject({ spooled: [] });
  const ids = deliveries.map(({ deliveryId }) => deliveryId);
  return {
    lost: answered.filter((id) => !ids.includes(id)),
    doubled: ids.filter((id, index) => ids.indexOf(id) !== index),
    /** What was done at the cut and was handled again. */
    handledTwice: done.length + handledBy(service.logs) - deliveries.length,
    spooled: spooled.length,
  };
}

/** What was answered and is in neither file. */
function countLost(image: ReadonlyMap<string, Buffer>, answered: readonly string[]): number {
  const { stored } = soundDatabases(writeImage(image));
  return answered.filter((id) => !stored.has(id)).length;
}

function writeImage(image: ReadonlyMap<string, Buffer>): string {
  const directory = temporaryDirectory();
  for (const [file, bytes] of image)
    writeFileSync(join(directory, basename(file)), bytes, { mode: 0o600 });
  return directory;
}
