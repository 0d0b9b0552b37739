import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { deliveriesOf, plainWorld, sendSteadily } from './deliveries.ts';
import { createIssueWorld } from './issue-world.ts';
import { alone, startService, stop, token, type Server } from './servers.ts';

/**
 * What pages cost with 10,000 issues: `npm run bench -- pages`. First the time and the bytes of the overview and of
 * the list, each rendered afresh, and of a scrape of the metrics. Then what open dashboards cost the acknowledgement: two services on equal stores get
 * 20 deliveries a second, in rounds that alternate; one of them is watched by 50 dashboards, which ask for the page
 * whenever they are told of a change. While one is measured the other is stopped.
 *
 * `--issues`, `--dashboards`, `--rounds` and `--seconds` change the figures.
 */
const { values: given } = parseArgs({
  args: process.argv.slice(2),
  options: {
    issues: { type: 'string', default: '10000' },
    dashboards: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
  },
});
const [issues, dashboards] = [Number(given.issues), Number(given.dashboards)];
const [rounds, seconds] = [Number(given.rounds), Number(given.seconds)];
/** Deliveries a second. */
const rate = 20;
/** Renderings timed, each of what nobody has asked for just now. */
const renderings = 30;
/** For how long one rendering serves all, in ms. */
const sharedMs = 1_100;

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));

async function startFull(name: string): Promise<Server> {
  await createIssueWorld(join(directory, `${name}.db`), { issues, now: Date.now() });
  return startService(name, { directory });
}

async function signIn({ url }: Server): Promise<string> {
  const reply = await fetch(`${url}/sign-in`, {
    ...{ method: 'POST', redirect: 'manual' },
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ token, to: '/' }),
  });
  await reply.arrayBuffer();
  return reply.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

async function timePage(server: Server, cookie: string, path: string): Promise<void> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < renderings; round += 1) {
    await sleep(sharedMs);
    const from = performance.now();
    const reply = await fetch(`${server.url}${path}`, { headers: { cookie } });
    bytes = (await reply.arrayBuffer()).byteLength;
    times.push(performance.now() - from);
    if (reply.status !== 200) throw new Error(`${path} was answered ${reply.status}`);
  }
  const at = inOrder(times);
  print(
    `${path}: median ${at(0.5).toFixed(0)}, p90 ${at(0.9).toFixed(0)}, longest ${at(1).toFixed(0)} ms ` +
      `of ${renderings}; ${(bytes / 1024).toFixed(0)} KB (bars 100 ms, 150 KB)`,
  );
}

async function timeScrape({ url }: Server): Promise<void> {
  const times: number[] = [];
  let text = '';
  for (let round = 0; round < renderings; round += 1) {
    // The check of the store answers a second scrape within a second with what it knows.
    await sleep(sharedMs);
    const from = performance.now();
    const reply = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    text = await reply.text();
    times.push(performance.now() - from);
    if (reply.status !== 200) throw new Error(`/metrics was answered ${reply.status}`);
  }
  const at = inOrder(times);
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  print(
    `/metrics: first ${times[0]?.toFixed(0)}, median ${at(0.5).toFixed(0)}, p90 ${at(0.9).toFixed(0)}, ` +
      `longest ${at(1).toFixed(0)} ms of ${renderings}; ${series} series (bar 50 ms)`,
  );
}

/** The dashboards, in a process of their own, which prints how often it asked when it ends. */
function watch(server: Server, cookie: string): ChildProcess {
  const file = fileURLToPath(new URL('dashboards.ts', import.meta.url));
  const args = ['--import', 'tsx', file, server.url, cookie, String(dashboards)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function compareAcknowledgement(watched: Server, plain: Server): Promise<void> {
  const viewers = watch(watched, await signIn(watched));
  // The first line says that all are connected, the last one how often they asked.
  await once(viewers.stdout ?? viewers, 'data');
  viewers.stdout?.pipe(process.stdout);
  const make = [deliveriesOf(plainWorld(issues)), deliveriesOf(plainWorld(issues))] as const;
  const sent = { 0: 0, 1: 0 };
  const results = { 0: empty(), 1: empty() };
  try {
    for (let round = 0; round <= rounds; round += 1)
      for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const [server, other] = side === 0 ? [watched, plain] : [plain, watched];
        const next = () => make[side](sent[side]++);
        const answer = await alone(server, [other], async () => {
          await sleep(2_000);
          return sendSteadily(server.url, next, { rate, seconds });
        });
        if (answer.failures > 0) print(`not 200: ${answer.failures}`);
        // The first round warms up.
        if (round === 0) continue;
        const at = inOrder(answer.latencies);
        results[side].p50.push(at(0.5));
        results[side].p99.push(at(0.99));
      }
  } finally {
    viewers.kill('SIGTERM');
    await once(viewers, 'exit');
  }
  for (const figure of ['p50', 'p99'] as const) {
    const [one, two] = [results[0], results[1]].map((side) => inOrder(side[figure])(0.5));
    print(
      `acknowledgement at ${rate}/s, ${figure}: ${two?.toFixed(2)} ms alone, ${one?.toFixed(2)} ms with ` +
        `${dashboards} dashboards (${(100 * ((one ?? 0) / (two ?? 1) - 1)).toFixed(0)} % more; medians of ${rounds} rounds)`,
    );
  }
}

function empty(): Record<'p50' | 'p99', number[]> {
  return { p50: [], p99: [] };
}

function inOrder(values: readonly number[]): (share: number) => number {
  const sorted = values.toSorted((a, b) => a - b);
  return (share) => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const servers: Server[] = [];
try {
  const watched = await startFull('watched');
  servers.push(watched);
  const cookie = await signIn(watched);
  for (const path of [
    '/',
    '/?repository=acme/orbit&agent=sonnet',
    '/?q=umlauts',
    '/issues?state=done',
  ])
    await timePage(watched, cookie, path);
  await timeScrape(watched);
  const plain = await startFull('plain');
  servers.push(plain);
  await compareAcknowledgement(watched, plain);
} finally {
  for (const server of servers) await stop(server);
  rmSync(directory, { recursive: true, force: true });
}
