import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import {
  logLines,
  mainArguments,
  searchPath,
  startChild,
  startedAt,
  startServiceProcess,
} from './support/process.ts';
import { recording, signedRequest } from './support/recordings.ts';
import { temporaryDirectory, testEnvironment } from './support/service.ts';
import type { Environment } from '../src/config.ts';

const tsx = import.meta.resolve('tsx');

/** Runs the program to its end. */
async function run(args: readonly string[], environment: Environment = {}, command?: string) {
  const child = startChild({
    ...(command === undefined ? {} : { command }),
    // As `npm start` does: tsx strips the types where an older Node cannot.
    args: [...(command === undefined ? [] : ['--import', tsx]), ...mainArguments, ...args],
    environment,
    directory: temporaryDirectory(),
  });
  const { code } = await child.exit();
  return { code, ...child.output };
}

test('--version prints the version and nothing else', async () => {
  const { code, stdout, stderr } = await run(['--version']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('--help lists the commands without any configuration', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  for (const command of ['serve', 'demo', 'issues', 'deliveries'])
    expect(stdout).toContain(command);
});

test('an unknown command ends with exit code 2', async () => {
  const { code, stdout, stderr } = await run(['no-such-command']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .+\n/);
});

test('a wrong configuration ends with exit code 2 and one message that names every wrong variable and no value', async () => {
  const wrong = {
    GITEA_WEBHOOK_SECRET: 'leak-1',
    GITEA_WEBHOOK_SECRET_PREVIOUS: 'leak-2',
    GITEA_URL: 'leak-3',
    ANTHROPIC_API_KEY: 'leak 4',
    ISSUE_READER: 'leak-5',
    ANTHROPIC_BASE_URL: 'leak-6',
    CLAUDE_MODEL: 'leak 7',
    CLAUDE_FALLBACK_MODEL: 'leak 8',
    LOG_LEVEL: 'leak-9',
    HOST: 'leak 10',
    PORT: 'leak-11',
    DATABASE_URL: 'leak-12',
    ALLOW_NETWORK_DATABASE: 'leak-23',
    GITEA_TOKEN: 'leak 13',
    GITEA_BOT_USERNAME: 'leak 14',
    PUBLISH: 'leak-15',
    RECONCILE_INTERVAL_SECONDS: 'leak-16',
    API_TOKENS: 'leak-17',
    WORKER_CONCURRENCY: 'leak-18',
    DELIVERY_RETENTION_DAYS: 'leak-19',
    CONTEXT_COMPACT_AT: 'leak-20',
    CONTEXT_ROTATE_AT: 'leak-21',
    LEASE_SECONDS: 'leak-22',
  };
  const { code, stdout, stderr } = await run([], wrong);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).not.toContain('leak');
  const named = [...stderr.matchAll(/^ {2}- (\w+) /gm)].map(([, name]) => name);
  expect(named).toEqual(expect.arrayContaining(Object.keys(wrong)));
  expect(stderr.match(/mosaic-coordinator:/g)).toHaveLength(1);
});

/** A Node before 24 on this machine, apart from those that the project brings along. */
const olderNode = searchPath
  .split(delimiter)
  .filter((folder) => folder !== '' && !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .filter((file) => existsSync(file))
  .find((file) => {
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)\./.exec(stdout)?.[1] ?? 24) < 24;
  });

test.skipIf(olderNode === undefined)(
  'an older Node is told in one line that 24 is needed (needs a Node before 24 on the search path)',
  async () => {
    const { code, stdout, stderr } = await run(
      [],
      testEnvironment(temporaryDirectory()),
      olderNode,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^mosaic-coordinator needs Node 24 or newer; this is Node [\d.]+\.\n$/);
  },
);

test('SIGTERM ends the service in time with exit code 0, and the last line of its log says so', async () => {
  const service = await startServiceProcess(temporaryDirectory());
  const askedAt = performance.now();
  expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(performance.now() - askedAt).toBeLessThan(8_000);
  const lines = logLines(service.output.stdout);
  expect(lines.slice(-2)).toMatchObject([
    { msg: 'closing', signal: 'SIGTERM' },
    { msg: 'coordinator stopped' },
  ]);
});

/** `npm start` in this folder; npm brings its own environment along, so this gets nothing else. */
async function npmStart(directory: string) {
  const child = startChild({
    command: 'npm',
    args: ['--silent', 'start'],
    environment: { HOME: directory, ...testEnvironment(directory) },
    directory: fileURLToPath(new URL('../', import.meta.url)),
  });
  return { ...child, url: await startedAt(child) };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s to npm start ends the service behind it',
  async (signal) => {
    const { url, output, send, exit } = await npmStart(temporaryDirectory());
    send(signal);
    await exit();
    expect(output.stdout).toContain('"coordinator stopped"');
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  },
);

test('npm start passes arguments on to the program', async () => {
  const directory = temporaryDirectory();
  const child = startChild({
    command: 'npm',
    args: ['--silent', 'start', '--', 'agents', '--json'],
    environment: { HOME: directory },
    directory: fileURLToPath(new URL('../', import.meta.url)),
  });
  expect(await child.exit()).toMatchObject({ code: 0 });
  expect(child.output.stdout).toContain('"agents"');
});

test('a second SIGTERM ends a service at once that waits for an unfinished request', async () => {
  const service = await startServiceProcess(temporaryDirectory());
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  // The server says so when it has read the headers, and then waits for a body that does not come.
  const begun = new Promise((resolve) => socket.once('data', resolve));
  const headers = ['Host: x', 'Content-Type: application/json', 'Content-Length: 9'];
  socket.write(
    `POST /webhook/gitea HTTP/1.1\r\n${headers.join('\r\n')}\r\nExpect: 100-continue\r\n\r\n`,
  );
  await begun;
  service.send('SIGTERM');
  await service.until('it was closing', () =>
    service.output.stdout.includes('"closing"') ? true : undefined,
  );
  expect(await service.kill('SIGTERM')).toMatchObject({ code: 1 });
  const lines = logLines(service.output.stdout);
  expect(lines.at(-1)).toMatchObject({ message: 'second SIGTERM, exiting' });
});

test('a service that was killed starts again on the same data', async () => {
  const directory = temporaryDirectory();
  const first = await startServiceProcess(directory);
  const { headers, body } = recording('issues-assigned-bot');
  const send = (url: string) =>
    fetch(`${url}/webhook/gitea`, { method: 'POST', headers, body: new Uint8Array(body) });
  expect(await (await send(first.url)).json()).toMatchObject({ status: 'accepted' });
  expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  const second = await startServiceProcess(directory);
  expect(await (await send(second.url)).json()).toMatchObject({ status: 'duplicate' });
});

test('a forged delivery is refused by the running program, and its log holds no secret', async () => {
  const service = await startServiceProcess(temporaryDirectory());
  const forged = signedRequest({}, { secret: 'a secret of somebody else' });
  const reply = await fetch(`${service.url}/webhook/gitea`, {
    method: 'POST',
    headers: forged.headers,
    body: new Uint8Array(forged.body),
  });
  expect(reply.status).toBe(401);
  await service.kill('SIGTERM');
  expect(service.output.stdout).toContain('delivery refused');
  expect(service.output.stdout).not.toContain(forged.headers['x-gitea-signature']);
  expect(service.output.stderr).toBe('');
});
