import { expect, onTestFinished, test } from 'vitest';

import { readEnvironment, type Environment } from '../../../src/config.ts';
import { compareWithQuietRun } from './after-kills.ts';
import { startCountingClaude, type CountedCall } from './counting-claude.ts';
import { crashPoints, startCrashProcess } from './crash-process.ts';
import { makeHistory, type Sent } from './delivery-history.ts';
import { randomNumbers } from '../../support/random.ts';
import { randomKillTime, sendUntilEnd, senders } from './load.ts';
import { dataOnDisk } from './data-on-disk.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';

const kinds = [...crashPoints, 'random'] as const;
type Kind = (typeof kinds)[number];

/** `KILLS_PER_POINT=80` makes it 560 kills, 480 of them at named points. */
const killsPerKind = Number(readEnvironment()['KILLS_PER_POINT'] ?? '42');
const killCount = killsPerKind * kinds.length;
const deliveriesPerLife = 16;
/** Start, load and end of one service, on a machine that does other work as well. */
const mostMsPerKill = 10_000;
const seed = Number(process.hrtime.bigint() % 1_000_000n);

/** Record of one service after its end. */
interface Life {
  readonly kind: Kind;
  /** Its WORKER_CONCURRENCY. */
  readonly workers: number;
  readonly listened: boolean;
  /** Ids sent but not answered when it died. */
  readonly inFlight: readonly string[];
  /** Ids on disk after its end, and keys of the answers of Claude. */
  readonly deliveries: ReadonlySet<string>;
  readonly answers: ReadonlySet<string>;
}

test(
  `after ${killCount} kills, at named points and at random, nothing acknowledged is lost, the plans are those of a quiet run, and no text is read twice (seed ${seed})`,
  { timeout: 5 * 60_000 + killCount * mostMsPerKill },
  async () => {
    const startedAt = performance.now();
    const random = randomNumbers(seed);
    const history = makeHistory((killCount + 1) * deliveriesPerLife, random);
    const directory = temporaryDirectory();
    const claude = await startCountingClaude();
    const acknowledged = new Set<string>();
    const lives: Life[] = [];
    let due = 0;
    for (const kind of shuffledKinds(random)) {
      const end = dueWith(kind, history, due);
      const passes = 1 + Math.floor(random() * leastPasses(kind, history.slice(due, end)));
      due = end;
      const batch = history.slice(0, due).filter(({ id }) => !acknowledged.has(id));
      const env = claude.envOf(lives.length);
      lives.push(await liveOnce({ kind, passes, batch, directory, env, acknowledged, random }));
    }

    const survivor = await startService({ directory, env: claude.envOf(killCount) });
    const quiet = await startService({ env: claude.envOf(killCount + 1) });
    const end = await compareWithQuietRun({ survivor, quiet, history, acknowledged });
    const calls = claude.calls().filter(({ life }) => life <= killCount);
    const texts = new Set(calls.map(({ key }) => key));
    const second = secondCalls(calls, lives);
    const inFlight = lives.flatMap((life) => life.inFlight);
    const inFlightStored = lives.flatMap(storedInFlight);
    const kills = kinds.map(
      (kind) => `${lives.filter((life) => life.kind === kind).length} ${kind}`,
    );
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const figures = [
      `crash run: seed ${seed}, ${lives.length} kills in ${seconds} s (${kills.join(', ')}), ${lives.filter(({ listened }) => !listened).length} of them before the service listened`,
      `deliveries: ${history.length}, ${inFlight.length} in flight at a kill (${inFlightStored.length} of them stored), ${acknowledged.size} acknowledged before the last start, ${end.lost.length} lost`,
      `refreshes: ${end.deliveries.filter(({ deliveryId }) => isRefresh(deliveryId)).length}, each since a call of Claude failed`,
      `Claude: ${calls.length} calls for ${texts.size} texts, ${calls.length - texts.size} repeated since a kill came before the answer was stored, ${second.length} for a text already read`,
    ];
    onTestFinished(() => void process.stdout.write(`${figures.join('\n')}\n`));

    expect(end.lost).toEqual([]);
    expect(end.deliveries.filter(({ status }) => status !== 'done')).toEqual([]);
    const ids = end.deliveries.map(({ deliveryId }) => deliveryId);
    expect(ids.filter((id) => !isRefresh(id)).sort()).toEqual(history.map(({ id }) => id).sort());
    expect(end.quietPlans).toHaveLength(new Set(history.map(({ number }) => number)).size);
    expect(end.plans).toEqual(end.quietPlans);
    expect(second).toEqual([]);
    for (const [number, life] of lives.entries()) {
      const unanswered = calls.filter(
        (call) => call.life === number && !life.answers.has(call.key),
      );
      expect(unanswered.length).toBeLessThanOrEqual(mostUnanswered(life));
    }
  },
);

/** On a machine that stands still, a call of Claude may fail: its text is read again by a delivery of our own. */
function isRefresh(id: string): boolean {
  return id.startsWith('refresh-');
}

/** The kinds in random order, each as often as the others. */
function shuffledKinds(random: () => number): Kind[] {
  const all = kinds.flatMap((kind) => Array.from({ length: killsPerKind }, () => kind));
  return all
    .map((kind) => ({ kind, place: random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ kind }) => kind);
}

/** Number of deliveries due in the next life: some more than before, and enough to pass the point. */
function dueWith(kind: Kind, history: readonly Sent[], due: number): number {
  let end = due + deliveriesPerLife;
  while (leastPasses(kind, history.slice(due, end)) === 0 && end < history.length) end += 1;
  return end;
}

/** Minimum number of times that these new deliveries make the service pass a point. */
function leastPasses(kind: Kind, deliveries: readonly Sent[]): number {
  const newest = new Map(deliveries.map((delivery) => [delivery.number, delivery]));
  switch (kind) {
    case 'before-commit':
    case 'after-commit':
    case 'before-take-in':
    case 'after-take-in':
    case 'random':
      return Math.ceil(deliveries.length / senders);
    case 'mid-handling':
      return [...newest.values()].filter(({ assigned }) => assigned).length;
    case 'after-handling':
      return newest.size;
  }
}

interface LifeOptions {
  readonly kind: Kind;
  readonly passes: number;
  readonly batch: readonly Sent[];
  readonly directory: string;
  readonly env: Environment;
  readonly acknowledged: Set<string>;
  readonly random: () => number;
}

/** Starts the service, loads it until it is killed where it should be, and looks at what it left. */
async function liveOnce(options: LifeOptions): Promise<Life> {
  const { kind, passes, batch, directory, env, acknowledged, random } = options;
  const ownEnd = kind === 'random' ? undefined : { point: kind, passes };
  const killAt = kind === 'random' ? randomKillTime(batch.length, random) : undefined;
  const workers = random() < 0.5 ? 1 : 4;
  const service = await startCrashProcess({
    directory,
    env: { ...env, WORKER_CONCURRENCY: String(workers) },
    ownEnd,
  });
  const { url } = service;
  const inFlight =
    url === undefined ? [] : await sendUntilEnd({ service, url, batch, acknowledged, killAt });
  expect(await service.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(service.output.stderr).toBe(kind === 'random' ? '' : `${kind}\n`);
  const life = { kind, workers, listened: url !== undefined, inFlight, ...dataOnDisk(directory) };
  expect([...acknowledged].filter((id) => !life.deliveries.has(id))).toEqual([]);
  if (kind === 'after-commit') expect(storedInFlight(life)).not.toEqual([]);
  return life;
}

/** Deliveries that were committed but not answered. */
function storedInFlight({ inFlight, deliveries }: Life): string[] {
  return inFlight.filter((id) => deliveries.has(id));
}

/** Calls for a text whose answer was stored in an earlier life, or that was asked for in the same one. */
function secondCalls(calls: readonly CountedCall[], lives: readonly Life[]): CountedCall[] {
  const storedIn = new Map<string, number>();
  for (const [number, { answers }] of lives.entries())
    for (const key of answers) if (!storedIn.has(key)) storedIn.set(key, number);
  const made = new Set<string>();
  return calls.filter(({ life, key }) => {
    const again = made.has(`${life} ${key}`);
    made.add(`${life} ${key}`);
    return again || (storedIn.get(key) ?? Infinity) < life;
  });
}

/** Calls a killed service may have had under way: one a worker, less the worker that was past it. */
function mostUnanswered({ kind, workers }: Life): number {
  return kind === 'mid-handling' || kind === 'after-handling' ? workers - 1 : workers;
}
