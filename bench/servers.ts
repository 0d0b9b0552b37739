import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, createReadStream, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

export const secret = 'secret-of-the-benchmark';
export const token = 'token-of-the-benchmark-1';

/** A server in a process of its own. */
export interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  /** Its output; the service logs there. */
  readonly log: string;
}

export interface Start {
  readonly directory: string;
  /** Numbers of the cores that it may use, as `taskset` takes them; undefined: all. */
  readonly cores?: string | undefined;
  readonly nodeOptions?: readonly string[];
}

/** The least a receiver can do. */
export function startBare(options: Start): Promise<Server> {
  return start('bare', ['bench/bare-server.ts', secret], {}, options);
}

/** The full service with its worker, its database in the directory, and info logging to a file. */
export function startService(name: string, options: Start): Promise<Server> {
  const environment = {
    GITEA_WEBHOOK_SECRET: secret,
    GITEA_URL: 'https://git.example.test',
    HOST: '127.0.0.1',
    DATABASE_URL: `file:${join(options.directory, `${name}.db`)}`,
    API_TOKENS: `bench:${token}`,
    ISSUE_READER: 'offline',
  };
  return start(name, ['src/main.ts'], environment, options);
}

async function start(
  name: string,
  args: readonly string[],
  environment: Record<string, string>,
  { directory, cores, nodeOptions = [] }: Start,
): Promise<Server> {
  const port = await freePort();
  const log = join(directory, `${name}.log`);
  const output = openSync(log, 'w');
  // As Node runs it by itself: what tsx adds to each function would be measured with it.
  const node = [...nodeOptions, ...args, ...(name === 'bare' ? [`${port}`] : [])];
  const [program = '', ...rest] = [
    ...(cores === undefined ? [] : ['taskset', '-c', cores]),
    ...[process.execPath, ...node],
  ];
  const child = spawn(program, rest, {
    env: { PORT: String(port), ...environment },
    stdio: ['ignore', output, 'inherit'],
  });
  closeSync(output);
  return { name, child, log, url: await listening(child, port, name) };
}

/** Resolves with the address of a server as soon as it answers; ends one that does not within three minutes. */
export async function listening(child: ChildProcess, port: number, name: string): Promise<string> {
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 1_800; attempt += 1) {
    if ((await fetch(`${url}/livez`).catch(() => undefined)) !== undefined) return url;
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} does not listen`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Stops the others while one is measured: they take neither a core nor the disk from it. */
export async function alone<T>(
  server: Server,
  others: readonly Server[],
  measure: () => Promise<T>,
): Promise<T> {
  for (const { child } of others) child.kill('SIGSTOP');
  server.child.kill('SIGCONT');
  try {
    return await measure();
  } finally {
    for (const { child } of others) child.kill('SIGCONT');
  }
}

/** Ends a server, with what it holds still waiting: the files are thrown away. */
export async function stop({ child }: Server): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(timer);
}

/** What the worker has handled by the lines of its log: deliveries, and groups of deliveries of one issue. */
export async function countHandled({ log }: Server): Promise<{ events: number; groups: number }> {
  const counts = { events: 0, groups: 0 };
  for await (const line of createInterface({ input: createReadStream(log) })) {
    const parsed = /"deliveries":(\d+).*"msg":"issue handled"/.exec(line);
    if (parsed === null) continue;
    counts.events += Number(parsed[1]);
    counts.groups += 1;
  }
  return counts;
}

const healthSchema = z.looseObject({
  checks: z.looseObject({ inbox: z.looseObject({ pending: z.number() }) }),
});

/** Deliveries that wait to be handled. */
export async function countWaiting({ url }: Server): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const reply = await fetch(`${url}/health`, { headers });
  return healthSchema.parse(await reply.json()).checks.inbox.pending;
}

/** Microseconds of processor time so far: of the thread that answers requests, and of all. */
export interface Times {
  readonly edge: number;
  readonly all: number;
}

/** The times of the threads of a process by the scheduler's count; undefined where there is none. */
export function timesOf({ child }: Server): Times | undefined {
  const tasks = `/proc/${child.pid}/task`;
  const timeOf = (thread: string) => {
    const [nanoseconds] = readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1000;
  };
  try {
    const times = readdirSync(tasks).map(timeOf);
    return { edge: timeOf(`${child.pid}`), all: times.reduce((sum, time) => sum + time, 0) };
  } catch {
    return undefined;
  }
}

/** Clock ticks a second of the times in /proc. */
const ticksPerSecond = 100;

/** Seconds of processor time that a process used, and its largest memory in MB; undefined where there is no /proc. */
export function usageOf({ child }: Server): { seconds: number; peakMb: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const seconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return { seconds, peakMb: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 };
  } catch {
    return undefined;
  }
}
