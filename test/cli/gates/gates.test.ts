import { resolve } from 'node:path';

import { Command } from 'commander';
import { expect, onTestFinished, test, vi } from 'vitest';

import { addGatesCommand, gates, type RunGates } from '../../../src/cli/gates/gates.ts';
import type { Io } from '../../../src/cli/io.ts';
import { ConfigError, CoordinatorError } from '../../../src/errors.ts';
import type { GateStatus } from '../../../src/gates/gate.ts';
import type { GatesOptions } from '../../../src/gates/report.ts';
import { finding, gateResult, gatesReport } from '../../support/gates-report.ts';
import { temporaryDirectory } from '../../support/service.ts';

interface Surroundings {
  readonly environment?: Record<string, string>;
  /** Standard output and error are a terminal of this width. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

function captureIo({ environment = {}, columns, signal }: Surroundings = {}) {
  const written = { out: '', err: '' };
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const io: Io = {
    stdout: { write: (text) => (written.out += text), ...terminal },
    stderr: { write: (text) => (written.err += text), ...terminal },
    environment: () => environment,
    ...(signal === undefined ? {} : { signal }),
  };
  return { io, written };
}

const lint = gateResult({ gate: 'lint', status: 'failed', message: 'Bad.', findings: [finding()] });
const report = gatesReport([gateResult(), lint]);

/** Tells of two gates, and gives the report on them. */
const runTwo: RunGates = ({ onProgress }) => {
  for (const result of report.gates) {
    onProgress?.({ kind: 'started', gate: result.gate });
    onProgress?.({ kind: 'finished', gate: result.gate, result });
  }
  return Promise.resolve(report);
};

/** The command as it is typed, with these gates behind it. */
async function run(args: readonly string[], runGates: RunGates = runTwo, around?: Surroundings) {
  const { io, written } = captureIo(around);
  const program = new Command().exitOverride();
  let code: number | undefined;
  addGatesCommand(program, io, { runGates, end: (exitCode) => (code = exitCode) });
  await program.parseAsync(['gates', ...args], { from: 'user' });
  return { code, ...written };
}

async function optionsOf(args: readonly string[]): Promise<Partial<GatesOptions>> {
  let seen: GatesOptions | undefined;
  await run(args, (options) => {
    seen = options;
    return runTwo(options);
  });
  const { signal, onProgress, ...told } = seen ?? { directory: '' };
  expect([signal, onProgress]).not.toContain(undefined);
  return told;
}

test('without options the working directory is checked, with the defaults of the library', async () => {
  expect(await optionsOf([])).toEqual({ directory: process.cwd(), untrusted: false });
});

test('every option reaches the library', async () => {
  const directory = temporaryDirectory();
  expect(
    await optionsOf([
      ...[directory, '--gate', 'lint,build', '--gate', 'integrity', '--base', 'main'],
      ...['--config-from', 'v1.2', '--min-coverage', '90.5', '--timeout', '60'],
      ...['--sandbox', 'bwrap', '--untrusted', '--tools-from', '.'],
    ]),
  ).toEqual({
    directory,
    gates: ['build', 'lint', 'integrity'],
    base: 'main',
    configFrom: 'v1.2',
    minCoverage: 90.5,
    timeoutMs: 60_000,
    sandbox: 'bwrap',
    untrusted: true,
    toolsFrom: resolve('.'),
  });
  const { minCoverage } = await optionsOf(['--min-coverage', 'lines=95,branches=0']);
  expect(minCoverage).toEqual({ lines: 95, branches: 0 });
});

test.each([
  [['--gate', 'build,types'], '--gate must be one or more of build, lint, test, coverage'],
  [['--gate', ''], '--gate must be one or more of'],
  [['--gate', 'integrity'], '--gate integrity needs --base REF'],
  [['--gate', 'build', '--base', 'main'], 'add it to --gate, or drop --base'],
  [['--base=--output=x'], '--base must name a branch, a tag or a commit'],
  [['--config-from', 'a b'], '--config-from must name a branch'],
  [['--min-coverage', '101'], '--min-coverage must be a number from 0 to 100, or figures'],
  [['--min-coverage', 'lines=,branches=8'], '--min-coverage must be'],
  [['--min-coverage', 'files=80'], '--min-coverage must be'],
  [['--min-coverage', 'lines'], '--min-coverage must be'],
  [['--timeout', '0'], '--timeout must be a whole number of seconds from 1 to 86400'],
  [['--timeout', '5m'], '--timeout must be'],
  [['--sandbox', 'docker'], '--sandbox must be one of none, unshare, bwrap, auto'],
  [['--json', '--junit'], '--json and --junit exclude each other'],
  [['--untrusted', '--sandbox', 'none', '--tools-from', '.'], '--untrusted needs --sandbox bwrap'],
  [['--untrusted'], '--untrusted needs --tools-from DIR'],
  [['--tools-from', 'no-such-place'], '--tools-from must name a directory that exists'],
  [['no-such-place'], 'There is no directory no-such-place'],
  [['package.json'], 'There is no directory package.json'],
])('%j is refused by its name and with the cure, and nothing is run', async (args, message) => {
  const attempt = run(args, () => Promise.reject(new Error('it ran')));
  await expect(attempt).rejects.toThrow(ConfigError);
  await expect(attempt).rejects.toThrow(message);
});

test.each<[GateStatus, number]>([
  ['passed', 0],
  ['failed', 1],
  ['error', 2],
  ['timeout', 2],
  ['skipped', 2],
])('the verdict %s ends the command with %i', async (status, code) => {
  const ended = await run([], () => Promise.resolve(gatesReport([gateResult({ status })])));
  expect(ended.code).toBe(code);
  expect(ended.out).toContain(`${status}: `);
});

test('where there is no terminal a finished gate is a plain line, and the summary is all of the output', async () => {
  const { out, err } = await run([]);
  expect(err).toBe('build passed (1.2 s): tsc found nothing.\nlint failed (1.2 s): Bad.\n');
  expect(out).toMatch(/^┌/);
  expect(out).toContain('\n  src/app.ts:3:7  Type');
  expect(out).toContain('failed: 1 of 2 gates passed in 12.3 s, commit 0123456789, sandbox none');
  expect(out + err).not.toContain('\u001b');
});

test('on a terminal both fit its width and are coloured, unless NO_COLOR is set', async () => {
  const coloured = await run([], runTwo, { columns: 60 });
  expect(coloured.out).toContain('\u001b[31mfailed\u001b[39m');
  expect(coloured.err).toContain('\u001b[31m✖\u001b[39m lint');
  const bare = await run([], runTwo, { columns: 60, environment: { NO_COLOR: '1' } });
  expect(bare.out).not.toContain('\u001b');
  expect(bare.err).toContain('✖ lint      failed 1.2 s');
  const widths = bare.out.split('\n').map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(60);
});

test('a dumb terminal gets plain lines', async () => {
  const { err } = await run([], runTwo, { columns: 80, environment: { TERM: 'dumb' } });
  expect(err).toBe('build passed (1.2 s): tsc found nothing.\nlint failed (1.2 s): Bad.\n');
});

test('--json prints the report and nothing else, --junit XML and nothing else', async () => {
  const json = await run(['--json'], runTwo, { columns: 80 });
  expect(JSON.parse(json.out)).toEqual(report);
  expect(json.code).toBe(1);
  const junit = await run(['--junit']);
  expect(junit.out).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
});

test('a gate that runs has a line with a spinner and its time', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { io, written } = captureIo({ columns: 60, environment: { NO_COLOR: '1' } });
  const end = Promise.withResolvers<undefined>();
  const running = gates(io, {
    directory: '.',
    given: {},
    runGates: async (options) => {
      options.onProgress?.({ kind: 'started', gate: 'test' });
      await end.promise;
      return runTwo(options);
    },
  });
  vi.advanceTimersByTime(75_200);
  expect(written.err).toMatch(/⠋ test +0\.0 s\n/);
  expect(written.err).toMatch(/⠹ test +1 min 15 s\n/);
  end.resolve(undefined);
  await running;
  expect(vi.getTimerCount()).toBe(0);
});

/** Finishes one gate, is then stopped by `stop`, and gives up as told. */
function stoppedRun(stop: () => void, giveUp: 'resolve' | 'reject'): RunGates {
  return async ({ onProgress, signal }) => {
    onProgress?.({ kind: 'finished', gate: 'build', result: gateResult() });
    onProgress?.({ kind: 'started', gate: 'test' });
    stop();
    if (giveUp === 'reject') signal?.throwIfAborted();
    expect(signal?.aborted).toBe(true);
    return Promise.resolve(
      gatesReport([gateResult(), gateResult({ gate: 'test', status: 'error' })]),
    );
  };
}

test.each<[NodeJS.Signals, number, 'resolve' | 'reject']>([
  ['SIGINT', 130, 'resolve'],
  ['SIGTERM', 143, 'reject'],
  ['SIGHUP', 129, 'resolve'],
])('%s stops the gates, tells what had finished, and ends with %i', async (name, code, giveUp) => {
  const before = process.listenerCount(name);
  const stop = () => {
    process.emit(name, name);
    process.emit(name, name);
  };
  const ended = await run(['--json'], stoppedRun(stop, giveUp));
  expect(ended).toMatchObject({ code, out: '' });
  expect(ended.err.match(/Stopping/g)).toHaveLength(1);
  expect(ended.err).toMatch(/│ build +│ passed/);
  expect(ended.err).not.toMatch(/│ test/);
  expect(ended.err).toContain(`Stopped by ${name}: there is no verdict.\n`);
  expect(process.listenerCount(name)).toBe(before);
});

test('stopped before any gate had finished it lists none', async () => {
  const signal = AbortSignal.abort();
  const { code, out, err } = await run([], () => Promise.reject(new Error('stopped')), { signal });
  expect({ code, out }).toEqual({ code: 130, out: '' });
  expect(err).toBe('Stopped by SIGINT: there is no verdict.\n');
});

test('what keeps the gates from running is no fault of the checkout: exit code 2', async () => {
  const known = new CoordinatorError('ref_unknown', 'There is no ref nowhere.');
  const first = await run([], () => Promise.reject(known));
  expect(first).toEqual({
    code: 2,
    out: '',
    err: 'mosaic-coordinator: There is no ref nowhere.\n',
  });
  const second = await run([], () => Promise.reject(new TypeError('of ours')));
  expect(second).toMatchObject({ code: 2, out: '' });
  expect(second.err).toMatch(/^mosaic-coordinator: TypeError: of ours\n +at /);
});
