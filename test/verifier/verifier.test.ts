import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import type { Verdict, VerificationJob } from '../../src/issue/verification.ts';
import { mainArguments, startChild } from '../support/process.ts';
import { temporaryDirectory } from '../support/service.ts';
import { createRepository, gatesFile, type TestRepository } from './support/repository.ts';
import { serviceToken, startService, type FakeService } from './support/service.ts';
import { startVerifier } from './support/verifier.ts';

let repository: TestRepository;
let service: FakeService;
/** A commit that passes, and one whose test never ends. */
let fine: string;
let endless: string;

beforeAll(() => {
  repository = createRepository();
  fine = repository.push('fine', { 'src/twice.js': 'export const twice = (a) => a + a;\n' });
  repository.push('patient', { '.mosaic/gates.json': gatesFile(600) });
  endless = repository.push('endless', { 'test/endless.test.js': 'for (;;) {}\n' }, 'patient');
});
afterAll(() => repository[Symbol.dispose]());
beforeEach(async () => {
  service = await startService(repository.bare);
});
afterEach(() => service.close());

const verdict: Verdict = {
  ...{ outcome: 'passed', cause: { code: 'gates_passed', message: '' }, base: null, tree: null },
  ...{ configHash: null, environment: '', gates: [], findings: '', fingerprint: null },
  ...{ report: null, durations: { fetchMs: 0, mergeMs: 0, gatesMs: 0 } },
};

const heartbeats = () => service.calls.filter(({ path }) => path.endsWith('/heartbeat')).length;

/** Work that ends when it is stopped, or never. */
function untilStopped(_: VerificationJob, signal: AbortSignal): Promise<Verdict> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
}

it('sends heartbeats beside the work, and stops it when the lease is lost', async () => {
  const verifier = await startVerifier(service, temporaryDirectory(), {
    verifier: { verify: untilStopped },
  });
  const job = service.enqueue({ commit: fine });
  const next = verifier.next();
  await service.until(() => heartbeats() >= 2);
  service.takeAway(job);

  expect(await next).toBe(true);
  expect(service.verdicts.size).toBe(0);
  expect(verifier.lines.join('')).toContain('the lease was lost');
  await verifier.close();
});

it('repeats the verdict while the service is away', async () => {
  const verifier = await startVerifier(service, temporaryDirectory(), {
    verifier: {
      verify: () => {
        service.trouble.status = 503;
        return Promise.resolve(verdict);
      },
    },
  });
  const { verificationId } = service.enqueue({ commit: fine });
  const next = verifier.next();
  const tries = () => service.calls.filter(({ path }) => path.endsWith('/verdict')).length;
  await service.until(() => tries() >= 3);
  delete service.trouble.status;

  await next;
  expect(service.verdicts.get(verificationId)).toEqual(verdict);
  await verifier.close();
});

it('asks again while the service is away, and ends when it is stopped', async () => {
  const stop = new AbortController();
  service.trouble.status = 502;
  const verifier = await startVerifier(service, temporaryDirectory(), { signal: stop.signal });
  const run = verifier.run();
  await service.until(() => service.calls.length >= 3);
  stop.abort();

  await run;
  await verifier.close();
});

it('gives the job back when it is stopped, and leaves nothing', async () => {
  const stop = new AbortController();
  const directory = temporaryDirectory();
  const verifier = await startVerifier(service, directory, { signal: stop.signal });
  const { verificationId } = service.enqueue({ commit: endless, baseBranch: 'patient' });
  const run = verifier.run();
  await service.until(() => heartbeats() >= 2);
  stop.abort();

  await run;
  expect(service.calls.at(-1)?.path).toContain(`${verificationId}/give-back`);
  expect(service.verdicts.size).toBe(0);
  expect(readdirSync(join(directory, '1', 'work'))).toEqual([]);
  await verifier.close();
});

it('uses a directory of its own beside another verifier', async () => {
  const directory = temporaryDirectory();
  const first = await startVerifier(service, directory);
  const second = await startVerifier(service, directory);

  expect(readdirSync(directory).toSorted()).toEqual(['1', '2']);
  await first.close();
  await second.close();
});

it('reports that there is no sandbox, with the cure', async () => {
  const verifier = await startVerifier(service, temporaryDirectory(), {
    sandbox: 'bwrap',
    // It starts with no such size, where it is installed at all.
    limits: { programs: { temporaryBytes: -1 }, disk: { bytes: 1, reserve: 1 } },
  });
  expect(verifier.sandbox).toBeInstanceOf(Error);
  const { verificationId } = service.enqueue({ commit: fine });
  await verifier.next();

  expect(service.verdicts.get(verificationId)).toMatchObject({
    outcome: 'error',
    cause: { code: 'no_sandbox' },
  });
  await verifier.close();
});

/** Processes of the endless test below this directory. */
function endlessIn(work: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${work}/`);
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('endless.test.js');
    } catch {
      return false;
    }
  });
}

it(
  'leaves nothing of a verifier that was killed after the next start',
  { timeout: 90_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'verifier-killed-'));
    mkdirSync(join(directory, 'cwd'));
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, `${serviceToken}\n`);
    const start = (...args: readonly string[]) =>
      startChild({
        args: [...mainArguments, 'verify', '--directory', join(directory, 'home'), ...args],
        environment: { COORDINATOR_URL: service.url, COORDINATOR_TOKEN_FILE: tokenFile },
        directory: join(directory, 'cwd'),
      });
    const work = join(directory, 'home', '1', 'work');
    service.enqueue({ commit: endless, baseBranch: 'patient' });
    const killed = start('--sandbox', 'none');
    await vi.waitFor(() => expect(endlessIn(work)).not.toEqual([]), { timeout: 60_000 });
    await killed.kill('SIGKILL');
    expect(readdirSync(work)).not.toEqual([]);

    const { verificationId } = service.enqueue({ commit: fine });
    const next = start('--sandbox', 'none', '--once');
    expect(await next.exit()).toMatchObject({ code: 0 });

    expect(service.verdicts.get(verificationId)).toMatchObject({ outcome: 'passed' });
    expect(readdirSync(work)).toEqual([]);
    expect(endlessIn(work)).toEqual([]);
    rmSync(directory, { recursive: true, force: true });
  },
);
