import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { describeError } from '../../../src/errors.ts';
import { toolEnvironment } from '../../../src/gates/process/environment.ts';
import { sandboxModes, type SandboxMode } from '../../../src/gates/report.ts';
import { openSandbox } from '../../../src/gates/process/sandbox.ts';
import { startChild } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { neverAborted, openCheckout } from '../support/checkout.ts';

/** Tells what of the machine it can get at, as a test under check could. */
const spy = String.raw`
const { execFileSync } = require('node:child_process');
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const [report, canary, secretFile, target] = process.argv.slice(2);
const attempt = (what) => { try { return what(); } catch (error) { return error.code ?? 'failed'; } };
const canaries = () => readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).filter((pid) =>
  attempt(() => readFileSync('/proc/' + pid + '/environ', 'utf8').includes(canary)) === true).length;
const seen = {
  environment: process.env,
  canaries: canaries(),
  secret: attempt(() => readFileSync(secretFile, 'utf8')),
  write: attempt(() => writeFileSync(target, 'x') ?? 'written'),
};
attempt(() => execFileSync('umount', ['/proc'], { stdio: 'ignore' }));
seen.canariesBelowProc = attempt(canaries);
const server = net.createServer((socket) => { socket.end(); server.close(); });
server.listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').resume()
  .on('close', () => { seen.loopback = true; writeFileSync(report, JSON.stringify(seen)); }));
`;

/** Why the mode does not start on this machine; it is then not tested, which is said. */
async function whyNot(mode: SandboxMode): Promise<string | undefined> {
  try {
    await openSandbox(mode, { privateDirectory: temporaryDirectory(), signal: neverAborted });
    return undefined;
  } catch (error) {
    process.stderr.write(`not tested: ${describeError(error)}\n`);
    return describeError(error);
  }
}

const seenSchema = z.object({
  environment: z.record(z.string(), z.string()),
  canaries: z.number(),
  canariesBelowProc: z.union([z.number(), z.string()]),
  secret: z.string(),
  write: z.string(),
  loopback: z.boolean(),
});

const expected = {
  none: { hidden: false, secret: 'top secret', write: 'written' },
  unshare: { hidden: true, secret: 'top secret', write: 'written' },
  bwrap: { hidden: true, secret: 'ENOENT', write: 'EROFS' },
};

describe.each(sandboxModes)('sandbox %s', (mode) => {
  test('code under check sees what this mode lets it see, and no more', async ({ skip }) => {
    const reason = await whyNot(mode);
    if (reason !== undefined) skip(reason);
    const canary = randomUUID();
    const service = startChild({
      args: ['--eval', 'console.log("up"); setInterval(() => {}, 1000)'],
      environment: { CANARY: canary },
      directory: temporaryDirectory(),
    });
    await service.until('it was up', () => service.output.stdout.includes('up') || undefined);
    const secretFile = join(temporaryDirectory(), 'secret');
    writeFileSync(secretFile, 'top secret', { mode: 0o600 });
    const { checkout, script, directory } = await openCheckout({ 'spy.cjs': spy }, { mode });
    const report = join(await checkout.scratch('spy'), 'report.json');

    const run = await checkout.run(script('spy.cjs'), [
      ...[report, canary, secretFile, join(directory, 'written.txt')],
    ]);

    expect(run).toMatchObject({ end: 'exited', exitCode: 0, stderr: '' });
    const text = (await checkout.readReport(report, run.startedAt)) ?? '';
    const seen = seenSchema.parse(JSON.parse(text));
    const { hidden, secret, write } = expected[mode];
    // The canary is an argument of the spy, never in its environment: what it finds is another's.
    expect(seen).toMatchObject({ secret, write, loopback: true });
    expect(seen.canaries > 0).toBe(!hidden);
    if (hidden) expect([0, 'ENOENT', 'failed']).toContain(seen.canariesBelowProc);
    const { PWD, ...environment } = seen.environment;
    expect([undefined, directory]).toContain(PWD);
    expect(Object.keys(environment).toSorted()).toEqual(
      Object.keys(toolEnvironment('/')).toSorted(),
    );
  });

  test('an endless loop and what it left in another session end at the deadline', async ({
    skip,
  }) => {
    const reason = await whyNot(mode);
    if (reason !== undefined) skip(reason);
    const stubborn = `
      require('node:child_process').spawn(process.execPath, ['--eval', 'for (;;);'], { detached: true, stdio: 'inherit' });
      for (;;);`;
    const { enter, script } = await openCheckout({ 'loop.cjs': stubborn }, { mode });
    const checkout = await enter({ gate: 'lint', timeoutMs: 800, signal: neverAborted });
    const run = await checkout.run(script('loop.cjs'), []);
    expect(run).toMatchObject({ end: 'timeout', exitCode: null });
    expect(run.durationMs).toBeLessThan(2_800);
  });

  test('the exit code of the tool is kept, and a death by a signal is told', async ({ skip }) => {
    const reason = await whyNot(mode);
    if (reason !== undefined) skip(reason);
    const { checkout, script } = await openCheckout(
      {
        'exit.cjs': 'process.exitCode = 7;',
        'die.cjs': `process.kill(process.pid, 'SIGKILL'); for (;;);`,
      },
      { mode },
    );
    expect(await checkout.run(script('exit.cjs'), [])).toMatchObject({
      end: 'exited',
      exitCode: 7,
    });
    expect(await checkout.run(script('die.cjs'), [])).toMatchObject({ end: 'killed' });
  });
});

test('auto takes the strictest mode that starts', async () => {
  const strictest = ['bwrap', 'unshare', 'none'] as const;
  const working = await Promise.all(
    strictest.map(async (mode) => ({ mode, why: await whyNot(mode) })),
  );
  const { mode } = await openSandbox('auto', {
    privateDirectory: temporaryDirectory(),
    signal: neverAborted,
  });
  expect(mode).toBe(working.find(({ why }) => why === undefined)?.mode);
});

test('an abort while a sandbox is tried out is no fault of the sandbox', async () => {
  const signal = AbortSignal.abort('stop');
  const opened = openSandbox('bwrap', { privateDirectory: temporaryDirectory(), signal });
  await expect(opened).rejects.toBe('stop');
});
