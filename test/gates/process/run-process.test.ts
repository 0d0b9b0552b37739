import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { runMarker, toolEnvironment } from '../../../src/gates/process/environment.ts';
import { createProcessTree } from '../../../src/gates/process/process-tree.ts';
import { runProcess, type ProcessRequest } from '../../../src/gates/process/run-process.ts';
import { temporaryDirectory } from '../../support/service.ts';

/** Runs a program by this Node; afterwards none of its processes may be left. */
async function runScript(script: string, request: Partial<ProcessRequest> = {}) {
  const directory = temporaryDirectory();
  const outputDirectory = join(directory, 'output');
  mkdirSync(outputDirectory);
  const environment = toolEnvironment(directory);
  const tree = createProcessTree(undefined, environment[runMarker] ?? '');
  onTestFinished(() => {
    expect(tree.members()).toEqual([]);
  });
  return runProcess({
    command: process.execPath,
    args: ['--eval', script],
    directory,
    environment,
    outputDirectory,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...request,
  });
}

const spin = 'for (;;);';

/** Starts a program in a session of its own, which goes on for ever and holds the streams. */
const escapee = (script: string) =>
  `require('node:child_process').spawn(process.execPath, ['--eval', ${JSON.stringify(script)}],
     { detached: true, stdio: 'inherit' }).unref();`;

test('a program that ends by itself tells its exit code and what it wrote, without control sequences', async () => {
  const run = await runScript(
    String.raw`process.stdout.write('\x1b[31mred\x1b[39m\x07 and\tplain\r\n'); console.error('no'); process.exitCode = 3;`,
  );
  expect(run).toMatchObject({
    end: 'exited',
    exitCode: 3,
    stdout: 'red and\tplain\n',
    stderr: 'no\n',
  });
});

test('of long output the beginning and the end are kept', async () => {
  const { stdout } = await runScript(
    `const { writeSync } = require('node:fs'); writeSync(1, 'first' + 'x'.repeat(300_000) + 'last');`,
  );
  expect(stdout).toMatch(/^firstx+\n\[168937 bytes left out\]\nx+last$/);
});

test('a program that cannot be found is told as not started', async () => {
  const run = await runScript('', { command: '/nowhere/tool' });
  expect(run).toMatchObject({ end: 'not_started', exitCode: null });
  expect(run.stderr).toContain('/nowhere/tool');
});

test('an endless loop ends at the deadline', async () => {
  const run = await runScript(spin, { timeoutMs: 400 });
  expect(run).toMatchObject({ end: 'timeout', exitCode: null });
  expect(run.durationMs).toBeLessThan(2_400);
});

test('a program that does not heed SIGTERM ends within two seconds after the deadline', async () => {
  const run = await runScript(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`, {
    timeoutMs: 400,
  });
  expect(run.end).toBe('timeout');
  expect(run.durationMs).toBeLessThan(2_400);
});

test('an abort ends the program, and one that came before keeps it from starting', async () => {
  const run = await runScript(spin, { signal: AbortSignal.timeout(300) });
  expect(run).toMatchObject({ end: 'cancelled', exitCode: null });
  expect(run.durationMs).toBeLessThan(2_300);
  expect(await runScript(spin, { signal: AbortSignal.abort() })).toMatchObject({
    end: 'cancelled',
    stdout: '',
  });
});

test('a descendant in a session of its own neither holds up the run nor outlives it', async () => {
  const run = await runScript(escapee(spin));
  expect(run).toMatchObject({ end: 'exited', exitCode: 0 });
  expect(run.durationMs).toBeLessThan(5_000);
});

test('a descendant in a session of its own is ended at the deadline', async () => {
  const run = await runScript(`${escapee(spin)} ${spin}`, { timeoutMs: 500 });
  expect(run.end).toBe('timeout');
  expect(run.durationMs).toBeLessThan(2_500);
});

test('a flood of output ends the program', async () => {
  const run = await runScript(
    `const { writeSync } = require('node:fs'); const block = 'x'.repeat(65_536); for (;;) writeSync(1, block);`,
  );
  expect(run).toMatchObject({ end: 'flooded', exitCode: null });
  expect(run.stderr).toContain('wrote more than 52428800 bytes');
  expect(run.stdout.length).toBeLessThan(140_000);
});

test('a fork storm ends the program', async () => {
  const run = await runScript('', {
    command: '/bin/sh',
    args: ['-c', 'storm() { sleep 30 & storm; }; storm'],
    limits: { outputBytes: 1_000_000, processes: 40 },
  });
  expect(run).toMatchObject({ end: 'flooded', exitCode: null });
  expect(run.stderr).toContain('ran more than 40 processes at once');
  expect(run.durationMs).toBeLessThan(5_000);
});

test('a program that forks without end and leaves its parents behind is ended', async () => {
  const run = await runScript('', {
    command: '/bin/sh',
    args: ['-c', 'bomb() { sleep 0.05; bomb & bomb & }; bomb'],
    limits: { outputBytes: 1_000_000, processes: 40 },
    timeoutMs: 2_000,
  });
  expect(['flooded', 'exited']).toContain(run.end);
  expect(run.durationMs).toBeLessThan(4_000);
});

test('a program that runs out of memory is told as killed', async () => {
  const run = await runScript('', {
    args: [
      '--max-old-space-size=20',
      '--eval',
      'const all = []; for (;;) all.push(new Array(1000).fill({}));',
    ],
  });
  expect(run).toMatchObject({ end: 'killed', exitCode: null });
  expect(run.stderr).toContain('out of memory');
});

test('a program killed from outside is told as killed, also through a launcher', async () => {
  expect(await runScript(`process.kill(process.pid, 'SIGKILL')`)).toMatchObject({ end: 'killed' });
  const launched = await runScript('', {
    command: '/bin/sh',
    args: ['-c', 'exit 137'],
    signalsAsExitCodes: true,
  });
  expect(launched).toMatchObject({ end: 'killed', exitCode: null });
});
