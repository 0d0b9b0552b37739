import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test, vi } from 'vitest';
import { z } from 'zod';

import {
  mainArguments,
  startChild,
  startedAt,
  startServiceProcess,
} from '../../support/process.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import {
  apiToken,
  startService,
  temporaryDirectory,
  testEnvironment,
} from '../../support/service.ts';
import { containing } from '../../support/matching.ts';

// These tests start processes, on a machine that may have other work.
vi.setConfig({ testTimeout: 120_000 });

const authorization = { authorization: `Bearer ${apiToken}` };

const healthSchema = z.object({
  status: z.string(),
  checks: z
    .object({
      store: z.looseObject({ status: z.string() }),
      intake: z.looseObject({ status: z.string() }),
    })
    .optional(),
});

/** What a person and a supervisor see of a service. */
async function look(url: string) {
  const [ready, health] = await Promise.all([
    fetch(`${url}/readyz`),
    fetch(`${url}/health`, { headers: authorization }),
  ]);
  const { status, checks } = healthSchema.parse(await health.json());
  return { readyz: ready.status, health: health.status, status, ...checks };
}

/** Looks until it sees it; the health routes may answer from a cache of a second. */
async function sees(url: string, wanted: Record<string, unknown>): Promise<void> {
  await expect.poll(() => look(url), { timeout: 8_000, interval: 300 }).toMatchObject(wanted);
}

async function deliver(url: string, number: number, body = 'x'.repeat(3_000)): Promise<number> {
  const { headers, body: bytes } = signedRequest(issuePayload({ number, body }), {
    id: `delivery-${number}`,
  });
  const reply = await fetch(`${url}/webhook/gitea`, {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  });
  await reply.arrayBuffer();
  return reply.status;
}

async function claim(url: string): Promise<number> {
  const reply = await fetch(`${url}/api/v1/claims`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json' },
    body: '{}',
  });
  await reply.arrayBuffer();
  return reply.status;
}

/** Nothing can be taken any more. */
const down = { readyz: 503, health: 503, status: 'down' };
/** Deliveries are taken into the spool, and wait there. */
const taking = { readyz: 200, health: 503, status: 'down' };
const well = { readyz: 200, health: 200, status: 'ok' };

/** Runs a program in a file system of its own of 3 MiB; undefined where this machine does not allow that. */
const namespaces = [['--mount'], ['--user', '--map-root-user', '--mount']].find((options) => {
  const script = 'mount -t tmpfs -o size=3m tmpfs /tmp';
  return spawnSync('unshare', [...options, 'sh', '-c', script]).status === 0;
});

/** The service with its database on that file system; `folder` reaches it from outside. */
async function startOnSmallDisk() {
  const directory = temporaryDirectory();
  const script = 'mount -t tmpfs -o size=3m tmpfs "$1" && cd "$1" && shift && exec "$@"';
  const child = startChild({
    command: 'unshare',
    args: [
      ...(namespaces ?? []),
      ...['sh', '-c', script, 'sh', directory, process.execPath, ...mainArguments],
    ],
    environment: testEnvironment(directory),
    directory,
  });
  const url = await startedAt(child);
  return { ...child, url, folder: `/proc/${child.pid ?? 0}/root${directory}` };
}

/** Fills a file system but for its last 4 KiB. */
function fillDisk(file: string): void {
  let bytes = 0;
  for (const piece of [65_536, 4_096]) {
    for (;;) {
      try {
        appendFileSync(file, Buffer.alloc(piece, 1));
        bytes += piece;
      } catch {
        break;
      }
    }
  }
  truncateSync(file, bytes - 4_096);
}

// H4, and the case disk-full-but-healthy.
test.skipIf(namespaces === undefined)(
  'on a full disk nothing is acknowledged and health says so with cause and cure; with room it goes on by itself (needs unshare and tmpfs)',
  async () => {
    const { url, folder, output } = await startOnSmallDisk();
    expect(await deliver(url, 1)).toBe(200);
    await sees(url, well);
    fillDisk(join(folder, 'filler'));
    // The log of the database may have room of its own for some more, which are stored then.
    let number = 2;
    while (number < 60 && (await deliver(url, number)) === 200) number += 1;
    const statuses = [];
    for (let more = 1; more <= 11; more += 1) statuses.push(await deliver(url, number + more));
    expect(new Set(statuses)).toEqual(new Set([503]));
    await sees(url, {
      ...down,
      store: { cause: 'The disk of the database is full.', cure: containing('Free some space') },
    });
    const { intake } = await look(url);
    expect(intake).toMatchObject({ status: 'down', cause: 'The disk of the database is full.' });
    expect(intake?.['refusedWrites']).toBeGreaterThanOrEqual(11);
    expect(intake?.['lastRefusedAt']).toMatch(/^\d{4}-/);
    expect(await claim(url)).toBe(503);
    expect(output.stdout).not.toContain('cannot rollback');
    rmSync(join(folder, 'filler'));
    expect(await deliver(url, number)).toBe(200);
    await sees(url, well);
    // What was refused in the same way is one line with a count, not a line each.
    expect(output.stdout.match(/"the store is down"/g)?.length ?? 0).toBeLessThanOrEqual(1);
  },
);

test.skipIf(namespaces === undefined)(
  'a full disk makes health down although nothing is delivered, and well again (needs unshare and tmpfs)',
  async () => {
    const { url, folder } = await startOnSmallDisk();
    await sees(url, well);
    fillDisk(join(folder, 'filler'));
    await sees(url, down);
    rmSync(join(folder, 'filler'));
    await sees(url, well);
    expect(await deliver(url, 1)).toBe(200);
  },
);

/** A service in this process whose store the test breaks. */
async function startDoomed(directory?: string) {
  const service = await startService({
    ...(directory === undefined ? {} : { directory }),
    expectAtEnd: { undrained: true, errors: ['the store is down'] },
  });
  const { url, logs } = service;
  const isSaid = () => logs.some(({ msg }) => msg === 'the store is down');
  return { ...service, said: () => expect.poll(isSaid, { timeout: 15_000 }).toBe(true), url };
}

// L6.
test.skipIf(namespaces === undefined).each([
  ['full', 'dd if=/dev/zero of=filler bs=4k 2>&1', 'its disk is full. Free some space on it.'],
  ['read-only', 'mount -o remount,ro .', 'its file system is mounted read-only. Mount it writable'],
])(
  'a start on a %s file system says so, with the cure (needs unshare and tmpfs)',
  async (_what, spoil, words) => {
    const directory = temporaryDirectory();
    const script = `mount -t tmpfs -o size=1m tmpfs "$1" && cd "$1" && { ${spoil}; }; shift; exec "$@"`;
    const child = startChild({
      command: 'unshare',
      args: [
        ...(namespaces ?? []),
        ...['sh', '-c', script, 'sh', directory, process.execPath, ...mainArguments],
      ],
      environment: testEnvironment(directory),
      directory,
    });
    expect(await child.exit()).toMatchObject({ code: 1 });
    expect(child.output.stderr).toContain(`cannot be written: ${words}`);
    expect(child.output.stdout).not.toContain('coordinator started');
  },
);

// M3.
test.each([
  ['all its files', ['', '-wal', '-shm']],
  ['the file alone', ['']],
  ['its log', ['-wal']],
])(
  'when %s of the database are deleted under the service, deliveries wait in the spool and health says so',
  async (_what, suffixes) => {
    const { url, directory, said, close, idle } = await startDoomed();
    expect(await deliver(url, 1)).toBe(200);
    await idle();
    for (const suffix of suffixes) rmSync(join(directory, `coordinator.db${suffix}`));
    expect(await deliver(url, 2)).toBe(200);
    expect(await claim(url)).toBe(503);
    await sees(url, { ...taking, store: { cause: containing('was deleted or moved') } });
    await said();
    await close();
    expect(waiting(directory)).toEqual(['delivery-2']);
  },
);

/** Deliveries that wait in the spool of a service that has ended. */
function waiting(directory: string): unknown[] {
  const spool = new DatabaseSync(join(directory, 'coordinator.db.spool'));
  try {
    return spool
      .prepare('select id from arrivals order by seq')
      .all()
      .map(({ id }) => id);
  } finally {
    spool.close();
  }
}

test.each([
  ['its spool', ['', '-wal', '-shm']],
  ['the log of its spool', ['-wal']],
])(
  'when %s is deleted under the service, nothing is acknowledged and health says so',
  async (_what, suffixes) => {
    const { url, directory, idle } = await startService({
      expectAtEnd: { errors: ['delivery not stored'] },
    });
    expect(await deliver(url, 1)).toBe(200);
    await idle();
    for (const suffix of suffixes) rmSync(join(directory, `coordinator.db.spool${suffix}`));
    expect(await deliver(url, 2)).toBe(503);
    await sees(url, {
      ...down,
      intake: { status: 'down', cause: containing('was deleted or moved') },
    });
    // What needs no delivery goes on.
    expect(await claim(url)).toBe(201);
  },
);

test('a log that was deleted loses nothing when the service is restarted as it says', async () => {
  const directory = temporaryDirectory();
  const first = await startServiceProcess(directory);
  for (let number = 1; number <= 5; number += 1) expect(await deliver(first.url, number)).toBe(200);
  rmSync(join(directory, 'coordinator.db-wal'));
  expect(await deliver(first.url, 6)).toBe(200);
  expect(await first.kill('SIGTERM')).toMatchObject({ code: 0 });
  const second = await startServiceProcess(directory);
  const statuses = [];
  for (let number = 1; number <= 5; number += 1) statuses.push(await deliver(second.url, number));
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  const reply = await fetch(`${second.url}/api/v1/deliveries?limit=20`, { headers: authorization });
  const { items } = z.object({ items: z.array(z.unknown()) }).parse(await reply.json());
  expect(items).toHaveLength(6);
});

test('a database that another file replaced is refused until the service is restarted', async () => {
  const { url, directory, said } = await startDoomed();
  const path = join(directory, 'coordinator.db');
  writeFileSync(`${path}.new`, readFileSync(path));
  renameSync(`${path}.new`, path);
  expect(await deliver(url, 1)).toBe(200);
  await sees(url, { ...taking, store: { cause: containing('was replaced') } });
  await said();
});

test('without its lock file a database that a service has open is still refused to a second one', async () => {
  const directory = temporaryDirectory();
  const first = await startServiceProcess(directory);
  rmSync(join(directory, 'coordinator.db.lock'));
  const second = startChild({
    args: mainArguments,
    environment: testEnvironment(directory),
    directory,
  });
  expect(await second.exit()).toMatchObject({ code: 1 });
  expect(second.output.stderr).toMatch(/coordinator/);
  expect(second.output.stdout).not.toContain('coordinator started');
  expect(await deliver(first.url, 1)).toBe(200);
});

// M6.
test('a damaged page is found at the start: the service shows it, and deliveries wait in the spool', async () => {
  const first = await startService();
  for (let number = 1; number <= 40; number += 1) await deliver(first.url, number);
  await first.idle();
  await first.close();
  const path = join(first.directory, 'coordinator.db');
  const bytes = readFileSync(path);
  bytes.fill(0xab, 20 * 4_096, 21 * 4_096);
  writeFileSync(path, bytes);
  const { url, said } = await startDoomed(first.directory);
  await sees(url, {
    ...taking,
    store: { cause: containing('The database is damaged'), cure: containing('restore a backup') },
  });
  expect(await deliver(url, 41)).toBe(200);
  expect(await claim(url)).toBe(503);
  await said();
});
