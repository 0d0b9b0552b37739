import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { deliveriesOf, load, plainWorld, sendSteadily, tangle, type World } from './deliveries.ts';
import { summarizeProfiles } from './profile.ts';
import {
  alone,
  countHandled,
  countWaiting,
  startBare,
  startService,
  stop,
  timesOf,
  type Times,
  usageOf,
  type Server,
} from './servers.ts';

/**
 * How much acknowledging costs beside the least a receiver can do: `npm run bench -- ack`. Both servers run in
 * processes of their own. While one is measured the other is stopped, so that it takes no processor time; short
 * rounds alternate, and each gives the ratio of the two. The service goes on handling meanwhile. Then deliveries come
 * at a steady rate while a large backlog is worked off; then it is measured how fast issues are handled. All of it
 * with the servers on one core, the load on another, then on two cores for all.
 *
 * `--rounds`, `--seconds` and `--backlog` change the figures below, `--cores 1` takes one part. `--profile` shows
 * instead where the time of the loaded service goes.
 */
const { values: given } = parseArgs({
  args: process.argv.slice(2),
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    backlog: { type: 'string', default: '60000' },
    cores: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);
const backlog = Number(given.backlog);
/** Unmeasured, of both sides alike: the first thousands of requests run uncompiled code. */
const warmUpSeconds = 3;
const connections = 32;
const steady = { rate: 200, seconds: 20 };
/** Filling the backlog ends then, whatever was reached. */
const maxFillSeconds = 120;
/** Issues whose handling is timed, and how long that may take. */
const handledIssues = 500;
const maxHandlingMs = 120_000;

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));

/** Makes the deliveries of a world one after the other. */
function allOf(world: World) {
  const deliver = deliveriesOf(world);
  let next = 0;
  return () => deliver(next++);
}

interface Place {
  readonly name: string;
  readonly cores: string | undefined;
}

/** The places that this machine has; without `taskset` all cores are one. */
function places(): Place[] {
  const canPin = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0;
  if (!canPin || availableParallelism() < 2) {
    print('cores cannot be chosen here: servers and load share all of them');
    return [{ name: 'all-cores', cores: undefined }];
  }
  return [
    { name: 'one-core', cores: '0' },
    { name: 'two-cores', cores: '0,1' },
  ].filter(
    ({ name }) =>
      given.cores === undefined || name === (given.cores === '1' ? 'one-core' : 'two-cores'),
  );
}

/** Keeps the load away from the servers where they have one core. */
function placeLoad({ cores }: Place): void {
  if (cores === undefined) return;
  const own = cores === '0' ? '1' : '0,1';
  spawnSync('taskset', ['-a', '-c', '-p', own, String(process.pid)]);
}

async function measurePlace(place: Place): Promise<void> {
  print(`# ${place.name}`);
  placeLoad(place);
  const start = { directory, cores: place.cores };
  const bare = await startBare(start);
  const service = await startService(`${place.name}-service`, start);
  try {
    const make = allOf(plainWorld(backlog));
    await compare(bare, service, make);
    await alone(bare, [service], async () => {
      print(`bare at ${describe(await sendSteadily(bare.url, make, steady))}`);
    });
    await alone(service, [bare], () => workOffBacklog(service, make));
  } finally {
    await stop(bare);
    await stop(service);
  }
  await timeHandling('a plain world', plainWorld(handledIssues), place);
  await timeHandling('a tangle', tangle(handledIssues), place);
}

/** Ratios of short rounds that alternate; the order changes, too. */
async function compare(
  bare: Server,
  service: Server,
  make: ReturnType<typeof allOf>,
): Promise<void> {
  const spent = new Map<Server, Times[]>([
    [bare, []],
    [service, []],
  ]);
  const measure = async (server: Server, duration: number) => {
    const before = timesOf(server);
    const result = await alone(server, [server === bare ? service : bare], () =>
      load(server.url, make, { seconds: duration, connections }),
    );
    const after = timesOf(server);
    const each = (what: keyof Times) =>
      before && after ? (after[what] - before[what]) / result.requests.total : NaN;
    spent.get(server)?.push({ edge: each('edge'), all: each('all') });
    return result;
  };
  for (const server of [bare, service]) await measure(server, warmUpSeconds);
  for (const times of spent.values()) times.length = 0;
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const order = round % 2 === 1 ? [bare, service] : [service, bare];
    const results = new Map<Server, Awaited<ReturnType<typeof measure>>>();
    const before = await countHandled(service);
    for (const server of order) results.set(server, await measure(server, seconds));
    const [ours, least] = [results.get(service), results.get(bare)];
    if (ours === undefined || least === undefined) continue;
    const handled = (await countHandled(service)).events - before.events;
    const ratio = ours.requests.average / least.requests.average;
    ratios.push(ratio);
    print(
      `round ${round}: bare ${Math.round(least.requests.average)}/s, service ` +
        `${Math.round(ours.requests.average)}/s, ratio ${ratio.toFixed(2)}; p99 ${ours.latency.p99} ms; ` +
        `not 200: ${ours.non2xx + ours.errors}; ${handled} deliveries handled meanwhile`,
    );
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index]?.toFixed(2) ?? '-';
  print(
    `ratio: median ${medianOf(ratios).toFixed(2)} (${at(0)} to ${at(sorted.length - 1)}), ${connections} connections`,
  );
  const time = (server: Server, what: keyof Times) =>
    Math.round(medianOf(spent.get(server)?.map((times) => times[what]) ?? []));
  print(
    `processor time a delivery: bare ${time(bare, 'all')} us; service ${time(service, 'edge')} us in the ` +
      `thread that answers, ${time(service, 'all')} us in all, handling included`,
  );
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function workOffBacklog(service: Server, make: ReturnType<typeof allOf>): Promise<void> {
  const filledFrom = performance.now();
  while ((await countWaiting(service)) < backlog) {
    if (performance.now() - filledFrom > maxFillSeconds * 1000) break;
    await load(service.url, make, { seconds: 2, connections });
  }
  const waiting = await countWaiting(service);
  const before = await countHandled(service);
  const from = performance.now();
  const result = await sendSteadily(service.url, make, steady);
  const took = (performance.now() - from) / 1000;
  const after = await countHandled(service);
  const rate = (what: 'events' | 'groups') => Math.round((after[what] - before[what]) / took);
  print(
    `service with a backlog of ${waiting} at ${describe(result)}; meanwhile ${rate('events')} deliveries/s ` +
      `in ${rate('groups')} groups/s handled, ${await countWaiting(service)} left; ${memoryOf(service)}`,
  );
}

/** How fast a burst about new issues is handled, and how long the service did not answer meanwhile. */
async function timeHandling(name: string, world: World, place: Place): Promise<void> {
  const service = await startService(`${place.name}-${name.replaceAll(' ', '-')}`, {
    directory,
    cores: place.cores,
  });
  try {
    const make = allOf(world);
    const before = usageOf(service);
    const from = performance.now();
    for (let sent = 0; sent < world.issues; sent += 1) {
      const { path, ...request } = make();
      await (await fetch(`${service.url}${path}`, { method: 'POST', ...request })).arrayBuffer();
    }
    let longest = 0;
    let waiting = world.issues;
    while (waiting > 0 && performance.now() - from < maxHandlingMs) {
      const asked = performance.now();
      await (await fetch(`${service.url}/livez`)).arrayBuffer();
      longest = Math.max(longest, performance.now() - asked);
      await sleep(20);
      waiting = await countWaiting(service);
    }
    const took = (performance.now() - from) / 1000;
    const { groups } = await countHandled(service);
    const after = usageOf(service);
    const cpu = before && after ? ((after.seconds - before.seconds) * 1000) / groups : undefined;
    print(
      `handling ${name} of ${world.issues}: ${Math.round(groups / took)} groups/s` +
        `${cpu === undefined ? '' : `, ${cpu.toFixed(1)} ms of processor time each, all included`}; ` +
        `/livez at most ${longest.toFixed(0)} ms; ${memoryOf(service)}${waiting > 0 ? `; ${waiting} left` : ''}`,
    );
  } finally {
    await stop(service);
  }
}

function describe({ latencies, failures }: Awaited<ReturnType<typeof sendSteadily>>): string {
  const at = (share: number) =>
    (latencies[Math.floor((latencies.length - 1) * share)] ?? 0).toFixed(1);
  return (
    `${steady.rate}/s: p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, longest ${at(1)} ms of ` +
    `${latencies.length}; not 200: ${failures}`
  );
}

function memoryOf(server: Server): string {
  const usage = usageOf(server);
  return usage === undefined ? 'memory unknown' : `${Math.round(usage.peakMb)} MB at most`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Profile of a loaded service; the profiler itself makes it slower. */
async function profile(): Promise<void> {
  const profiles = join(directory, 'profiles');
  const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const service = await startService('profiled', { directory, nodeOptions });
  const make = allOf(plainWorld(backlog));
  await load(service.url, make, { seconds: warmUpSeconds + seconds * rounds, connections });
  await stop(service);
  for (const line of summarizeProfiles(profiles)) print(line);
}

try {
  if (given.profile) await profile();
  else for (const place of places()) await measurePlace(place);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
