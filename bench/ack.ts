import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import autocannon, { type Result } from 'autocannon';
import { z } from 'zod';

import { summarizeProfiles } from './profile.ts';

/**
 * How much acknowledging costs beside the least a receiver can do, side by side in one run on loopback:
 * `npm run bench -- ack`. Both servers run in processes of their own; the full service has its database on
 * the disk of the working directory, info logging to a file, and its worker running. With `--profile` it
 * shows instead where the time of the loaded service goes.
 */
const secret = 'secret-of-the-benchmark';
const token = 'token-of-the-benchmark-1';
const connections = 32;
const seconds = 8;
/** Unmeasured, of both sides alike: the first thousands of requests run uncompiled code. */
const warmUpSeconds = 3;
const rounds = 3;
const issueCount = 500;
const bodyBytes = 9 * 1024;
const steadyRate = 200;

const recordingSchema = z.object({ bodyBase64: z.string() });
const payloadSchema = z.looseObject({ issue: z.looseObject({}), repository: z.looseObject({}) });

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));

async function compareThroughput(): Promise<void> {
  const requests = signedRequests();
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const bare = await start('bare', ['bench/bare-server.ts', secret], {});
    await load(bare.url, requests, warmUpSeconds);
    const bareResult = await load(bare.url, requests);
    await stop(bare);
    const name = `round-${round}`;
    const service = await startService(name, { ISSUE_READER: 'offline' });
    await load(service.url, requests, warmUpSeconds);
    const handledBefore = await countHandled(name);
    const result = await load(service.url, requests);
    const handled = (await countHandled(name)) - handledBefore;
    const drainSeconds = await drain(service.url);
    await stop(service);
    const ratio = result.requests.average / bareResult.requests.average;
    ratios.push(ratio);
    print(
      `round ${round}: bare ${perSecond(bareResult)}, service ${perSecond(result)}, ratio ${ratio.toFixed(2)}; ` +
        `p99 ${result.latency.p99} ms; non-200 ${result.non2xx}; ` +
        `${handled} deliveries handled during the load, drained ${drainSeconds.toFixed(1)} s after it`,
    );
  }
  const sorted = [...ratios].sort((a, b) => a - b);
  print(
    `median ratio ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2) ?? '-'} (goal 0.80, floor 0.60)`,
  );
}

/** A steady rate while Claude never answers; each request on its own moment, whatever became of the last. */
async function holdSteady(): Promise<void> {
  const claude = createServer(() => undefined);
  await new Promise<void>((resolve) => claude.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(claude.address());
  const service = await startService('steady', {
    ISSUE_READER: 'claude',
    ANTHROPIC_API_KEY: 'key-of-the-benchmark',
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
  });
  const requests = signedRequests();
  await sendSteadily(service.url, requests, warmUpSeconds);
  const { latencies, failures } = await sendSteadily(service.url, requests, seconds);
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)]?.toFixed(1);
  print(
    `${steadyRate} requests/s with a Claude that never answers: ${latencies.length} sent, ` +
      `p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, longest ${latencies.at(-1)?.toFixed(1)} ms, ` +
      `not answered 200: ${failures}`,
  );
  await stop(service);
  claude.closeAllConnections();
  claude.close();
}

/**
 * Sends at `steadyRate` over kept-alive connections. A latency counts from the moment the request was due:
 * a stall counts for all that it delays.
 */
async function sendSteadily(url: string, requests: readonly MakeRequest[], duration: number) {
  const latencies: number[] = [];
  let failures = 0;
  const sent: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < duration * steadyRate; index += 1) {
    const dueAt = startedAt + (index * 1000) / steadyRate;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const { path, ...request } = (requests[index % requests.length] ?? never)();
    const answered = fetch(`${url}${path}`, { method: 'POST', ...request })
      .then(async (reply) => {
        await reply.arrayBuffer();
        if (reply.status !== 200) failures += 1;
      })
      .catch(() => {
        failures += 1;
      })
      .then(() => void latencies.push(performance.now() - dueAt));
    sent.push(answered);
  }
  await Promise.all(sent);
  return { latencies, failures };
}

function never(): never {
  throw new RangeError('there are requests');
}

/** A delivery of its own each time it is made: equal bytes would be duplicates. */
type MakeRequest = () => {
  readonly path: string;
  readonly body: string;
  readonly headers: Record<string, string>;
};

let made = 0;

function signedRequests(): MakeRequest[] {
  const recording = new URL(
    '../test/fixtures/deliveries/issues-assigned-bot.json',
    import.meta.url,
  );
  const { bodyBase64 } = recordingSchema.parse(JSON.parse(readFileSync(recording, 'utf8')));
  const base = payloadSchema.parse(JSON.parse(Buffer.from(bodyBase64, 'base64').toString()));
  return Array.from({ length: issueCount }, (_, index) => signedRequest(base, index + 1));
}

function signedRequest(base: z.infer<typeof payloadSchema>, number: number): MakeRequest {
  const issue = { ...base.issue, number, updated_at: new Date().toISOString() };
  const payload = { ...base, number, issue };
  const start = `${JSON.stringify(payload).slice(0, -1)},"padding":"`;
  const missing = bodyBytes - Buffer.byteLength(start) - 2;
  return () => {
    made += 1;
    const body = `${start}${String(made).padEnd(Math.max(10, missing), 'x')}"}`;
    const headers = {
      'content-type': 'application/json',
      'x-gitea-event': 'issues',
      'x-gitea-signature': createHmac('sha256', secret).update(body).digest('hex'),
      'x-gitea-delivery': randomUUID(),
    };
    return { path: '/webhook/gitea', body, headers };
  };
}

/** As fast as they are answered; each request is a delivery of its own. */
function load(url: string, requests: readonly MakeRequest[], duration = seconds): Promise<Result> {
  return autocannon({
    url,
    connections,
    duration,
    requests: requests.map((make) => ({
      method: 'POST',
      setupRequest: (request) => ({ ...request, ...make() }),
    })),
  });
}

function startService(
  name: string,
  environment: Record<string, string>,
  nodeOptions: readonly string[] = [],
) {
  return start(name, [...nodeOptions, 'src/main.ts'], {
    GITEA_WEBHOOK_SECRET: secret,
    GITEA_URL: 'https://git.example.test',
    HOST: '127.0.0.1',
    DATABASE_URL: `file:${join(directory, `${name}.db`)}`,
    API_TOKENS: `bench:${token}`,
    ...environment,
  });
}

async function start(name: string, args: readonly string[], environment: Record<string, string>) {
  const port = await freePort();
  const log = openSync(join(directory, `${name}.log`), 'w');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', ...args, ...(name === 'bare' ? [String(port)] : [])],
    {
      env: { PORT: String(port), ...environment },
      stdio: ['ignore', log, 'inherit'],
    },
  );
  closeSync(log);
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const reply = await fetch(`${url}/livez`).catch(() => undefined);
    if (reply !== undefined) return { child, url };
    await sleep(100);
  }
  throw new Error(`${name} does not listen`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function stop({ child }: Running): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function countHandled(name: string): Promise<number> {
  let handled = 0;
  for await (const line of createInterface({
    input: createReadStream(join(directory, `${name}.log`)),
  })) {
    const parsed = /"deliveries":(\d+).*"msg":"issue handled"/.exec(line);
    handled += Number(parsed?.[1] ?? 0);
  }
  return handled;
}

const healthSchema = z.looseObject({
  checks: z.looseObject({ inbox: z.looseObject({ pending: z.number() }) }),
});

async function drain(url: string): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const headers = { authorization: `Bearer ${token}` };
    const reply = await fetch(`${url}/health`, { headers });
    if (healthSchema.parse(await reply.json()).checks.inbox.pending === 0)
      return (performance.now() - startedAt) / 1000;
    await sleep(50);
  }
}

function perSecond(result: Result): string {
  return `${Math.round(result.requests.average)}/s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Profile of a loaded service; the profiler itself makes it slower. */
async function profile(): Promise<void> {
  const profiles = join(directory, 'profiles');
  const service = await startService('profiled', { ISSUE_READER: 'offline' }, [
    '--cpu-prof',
    `--cpu-prof-dir=${profiles}`,
  ]);
  const requests = signedRequests();
  await load(service.url, requests, warmUpSeconds);
  await load(service.url, requests);
  await stop(service);
  for (const line of summarizeProfiles(profiles)) print(line);
}

try {
  if (process.argv.includes('--profile')) await profile();
  else {
    await compareThroughput();
    await holdSteady();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
