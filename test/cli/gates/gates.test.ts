import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Command } from 'commander';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';

import { addGatesCommand, gates } from '../../../src/cli/gates/gates.ts';
import type { RunGates } from '../../../src/cli/gates/run.ts';
import type { Io } from '../../../src/cli/io.ts';
import { ConfigError, CoordinatorError } from '../../../src/errors.ts';
import { baselinePath, parseBaseline } from '../../../src/gates/baseline/baseline.ts';
import type { GateStatus } from '../../../src/gates/gate.ts';
import { parseGatesFile } from '../../../src/gates/gates-file/parse-gates-file.ts';
import { gatesFilePath } from '../../../src/gates/gates-file/schema.ts';
import type { GatesOptions } from '../../../src/gates/report.ts';
import { giteaBot, startGitea } from '../../fake-gitea/gitea.ts';
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
  expect(await optionsOf([])).toEqual({
    directory: process.cwd(),
    untrusted: false,
    install: true,
    network: false,
    findingsLimit: 10_000,
  });
});

test('every option reaches the library', async () => {
  const directory = temporaryDirectory();
  expect(
    await optionsOf([
      ...[directory, '--gate', 'lint,build', '--gate', 'integrity', '--base', 'main'],
      ...['--config-from', 'v1.2', '--min-coverage', '90.5', '--timeout', '60'],
      ...['--sandbox', 'bwrap', '--untrusted', '--tools-from', '.', '--no-install', '--network'],
      ...['--pass-env', 'HTTPS_PROXY,NO_PROXY', '--pass-env', 'CACHE'],
    ]),
  ).toEqual({
    directory,
    gates: ['lint', 'build', 'integrity'],
    base: 'main',
    configFrom: 'v1.2',
    minCoverage: 90.5,
    timeoutMs: 60_000,
    sandbox: 'bwrap',
    untrusted: true,
    toolsFrom: resolve('.'),
    install: false,
    network: true,
    passEnvironment: ['HTTPS_PROXY', 'NO_PROXY', 'CACHE'],
    findingsLimit: 10_000,
  });
  const { minCoverage } = await optionsOf(['--min-coverage', 'lines=95,branches=0']);
  expect(minCoverage).toEqual({ lines: 95, branches: 0 });
});

test.each([
  [['--gate', 'build, lint'], '--gate must be names of gates, separated by commas'],
  [['--gate', ''], '--gate must be names of gates'],
  [['--gate', 'integrity'], '--gate integrity needs --base REF'],
  [['--base=--output=x'], '--base must name a branch, a tag or a commit'],
  [['--config-from', 'a b'], '--config-from must name a branch'],
  [['--min-coverage', '101'], '--min-coverage must be a number from 0 to 100, or figures'],
  [['--min-coverage', 'lines=,branches=8'], '--min-coverage must be'],
  [['--min-coverage', 'files=80'], '--min-coverage must be'],
  [['--min-coverage', 'lines'], '--min-coverage must be'],
  [['--timeout', '0'], '--timeout must be a whole number of seconds from 1 to 86400'],
  [['--timeout', '5m'], '--timeout must be'],
  [['--sandbox', 'docker'], '--sandbox must be one of none, unshare, bwrap, auto'],
  [['--json', '--junit'], '--json, --junit and --sarif exclude each other'],
  [['--output', 'gates.xml'], '--output must be FORMAT=FILE'],
  [['--output', 'html=gates.html'], 'with a format of json, junit, sarif'],
  [['--output', 'junit=a', '--output', 'sarif=a'], '--output names one file twice'],
  [['--output', 'junit=no-such-place/a.xml'], '--output cannot write no-such-place/a.xml'],
  [['--output', 'junit=src'], '--output cannot write src'],
  [['--annotations', 'gitlab'], '--annotations must be one of github, gitea, auto'],
  [['--pass-env', 'A B'], '--pass-env must be names of variables'],
  [['--repository', 'acme/orbit'], '--repository and --status-url are for --status'],
  [['--status', '--repository', 'orbit'], '--repository must be owner/name'],
  [['--status', '--status-url', 'ci'], '--status-url must be an http or https URL'],
  [['--status'], 'GITEA_URL is required'],
  [['--gate', 'lint', '--write-baseline'], 'drop --gate'],
  [['--status', '--write-baseline'], 'no report and no --status: drop one'],
  [['--init', '--schema'], 'exclude each other: keep one'],
  [['--force'], '--force is for --init'],
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
  const begun = Promise.withResolvers<undefined>();
  const end = Promise.withResolvers<undefined>();
  const running = gates(io, {
    directory: '.',
    given: {},
    runGates: async (options) => {
      options.onProgress?.({ kind: 'started', gate: 'test' });
      begun.resolve(undefined);
      await end.promise;
      return runTwo(options);
    },
  });
  await begun.promise;
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

test('--output writes files beside the table, and removes those of an earlier run first', async () => {
  const directory = temporaryDirectory();
  const [junit, sarif, old] = ['a.xml', 'b.sarif', 'c.json'].map((name) => join(directory, name));
  writeFileSync(old ?? '', 'of an earlier run');
  const { out } = await run([
    ...['--output', `junit=${junit}`, '--output', `sarif=${sarif}`],
    ...['--output', `json=${old}`],
  ]);
  expect(out).toMatch(/^┌/);
  expect(readFileSync(junit ?? '', 'utf8')).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
  expect(JSON.parse(readFileSync(sarif ?? '', 'utf8'))).toMatchObject({ version: '2.1.0' });
  expect(JSON.parse(readFileSync(old ?? '', 'utf8'))).toEqual(report);
  const stopped = ['--output', `json=${old}`];
  await run(stopped, () => Promise.reject(new CoordinatorError('ref_unknown', 'No.')));
  expect(existsSync(old ?? '')).toBe(false);
});

test('reports hold 200 findings of a gate, with --all all that there are', async () => {
  const findings = Array.from({ length: 300 }, () => finding());
  const many: RunGates = () => Promise.resolve(gatesReport([gateResult({ findings })]));
  const gatesOf = (text: string) =>
    z.object({ gates: z.array(z.unknown()) }).parse(JSON.parse(text));
  expect(gatesOf((await run(['--json'], many)).out).gates).toMatchObject([
    { findings: { length: 200 }, findingsOmitted: 100 },
  ]);
  expect(gatesOf((await run(['--json', '--all'], many)).out).gates).toMatchObject([
    { findings: { length: 300 }, findingsOmitted: 0 },
  ]);
});

const giteaJob = {
  GITEA_ACTIONS: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_REPOSITORY: 'acme/orbit',
  GITHUB_RUN_NUMBER: '7',
};

test('annotations go to standard error, for the forge that runs the job', async () => {
  const auto = ['--annotations', 'auto', '--json'];
  const none = await run(auto);
  expect(none.err).not.toContain('::');
  const gitea = await run(auto, runTwo, { environment: giteaJob });
  expect(gitea.err).toContain('::group::lint: 1 findings\n');
  expect(JSON.parse(gitea.out)).toEqual(report);
  const github = await run(auto, runTwo, { environment: { GITHUB_ACTIONS: 'true' } });
  expect(github.err).toContain('::error file=src/app.ts,line=3,col=7,title=lint%3A TS2322::Type');
});

test('in a job no text of a tool is a command to the runner', async () => {
  const message = `::error::forged ##[add-mask]a ${'x'.repeat(130)}`;
  const forged = gateResult({ status: 'failed', message, findings: [finding({ message })] });
  const { out, err } = await run([], () => Promise.resolve(gatesReport([forged])), {
    environment: giteaJob,
  });
  expect(out + err).not.toMatch(/^\s*::|##\[/m);
  expect(out).toContain('    : :error::forged');
});

async function startStatuses() {
  const gitea = await startGitea();
  const commits = new Map([[report.commit ?? '', {}]]);
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map(), commits });
  const token = gitea.tokenOf(giteaBot, ['write:repository']);
  return { gitea, environment: { GITEA_TOKEN: token, GITHUB_SERVER_URL: gitea.url, ...giteaJob } };
}

/** Tells the plan, as the library does, before it runs the two gates. */
const runPlanned: RunGates = async (options) => {
  const { commit, dirty } = report;
  const gates = [{ gate: 'build', counts: true }] as const;
  await options.onPlan?.({ commit, dirty, sandbox: 'unshare', gates });
  return runTwo(options);
};

test('--status sets the statuses of the commit; a job of Gitea needs only the token', async () => {
  const { gitea, environment } = await startStatuses();
  const { code, err } = await run(['--status'], runPlanned, { environment });
  expect(code).toBe(1);
  expect(err).not.toContain('mosaic-coordinator:');
  const set = gitea.repositories.get(2)?.statuses?.get(report.commit ?? '') ?? [];
  expect(set.map(({ context, state }) => `${context} ${state}`)).toEqual([
    ...['coordinator/verdict pending', 'coordinator/build pending'],
    ...['coordinator/build success', 'coordinator/lint failure', 'coordinator/verdict failure'],
  ]);
  expect(set[0]?.target_url).toBe(`${gitea.url}/acme/orbit/actions/runs/7`);
});

test('statuses that cannot be set are told, without the token, and there is no verdict', async () => {
  const { gitea, environment } = await startStatuses();
  const other = await run(['--status', '--repository', 'acme/moon'], runPlanned, { environment });
  expect(other).toMatchObject({ code: 2, out: '' });
  expect(other.err).toContain('acme/moon on Gitea has no commit');
  const unset = await run(['--status'], runPlanned, {
    environment: { ...environment, GITEA_TOKEN: gitea.tokenOf(giteaBot, []) },
  });
  expect(unset.code).toBe(2);
  expect(unset.err).not.toContain(gitea.tokenOf(giteaBot, []));
  const bare = run(['--status'], runPlanned, {
    environment: { GITEA_URL: gitea.url, GITEA_TOKEN: environment.GITEA_TOKEN },
  });
  await expect(bare).rejects.toThrow('--status needs --repository OWNER/NAME');
});

test('a run that is stopped leaves no status pending', async () => {
  const { gitea, environment } = await startStatuses();
  const stopped: RunGates = async (options) => {
    await runPlanned(options);
    process.emit('SIGINT', 'SIGINT');
    return report;
  };
  expect(await run(['--status'], stopped, { environment })).toMatchObject({ code: 130, out: '' });
  const set = gitea.repositories.get(2)?.statuses?.get(report.commit ?? '') ?? [];
  expect(set.slice(2).map(({ context, state }) => `${context} ${state}`)).toEqual([
    ...['coordinator/build error', 'coordinator/verdict error'],
  ]);
});

test('without a sandbox a token in the environment is warned of', async () => {
  const { environment } = await startStatuses();
  const open: RunGates = async (options) => {
    const { commit, dirty } = report;
    await options.onPlan?.({ commit, dirty, sandbox: 'none', gates: [] });
    return report;
  };
  const { err } = await run(['--status'], open, { environment });
  expect(err).toContain('the code under check can read GITEA_TOKEN');
});

test('--schema prints the JSON Schema of the gates file, and runs nothing', async () => {
  const { code, out } = await run(['--schema'], () => Promise.reject(new Error('it ran')));
  expect(code).toBe(0);
  const schema = z.looseObject({ properties: z.record(z.string(), z.unknown()) });
  const { properties, ...rest } = schema.parse(JSON.parse(out));
  expect(rest).toMatchObject({ title: '.mosaic/gates.json', type: 'object' });
  expect(Object.keys(properties)).toEqual(['$schema', 'install', 'build', 'gates']);
  expect(out).toContain('Least level of a SARIF result that fails the gate.');
});

test('--init writes a gates file for the project, once, and runs nothing', async () => {
  const directory = temporaryDirectory();
  const never: RunGates = () => Promise.reject(new Error('it ran'));
  const none = await run([directory, '--init'], never);
  expect(none).toMatchObject({ code: 2, out: '' });
  expect(none.err).toMatch(/^\.mosaic\/gates\.json was not written\.\n {2}- No tool/);
  const manifest = { scripts: { test: 'vitest run' }, devDependencies: { vitest: '^5.0.0' } };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  const first = await run([directory, '--init'], never);
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toContain('Wrote .mosaic/gates.json, with the gates test');
  const path = join(directory, gatesFilePath);
  const text = readFileSync(path, 'utf8');
  expect(parseGatesFile(text, 'it').gates?.has('test')).toBe(true);
  writeFileSync(path, '{}');
  await expect(run([directory, '--init'], never)).rejects.toThrow('--force overwrites it');
  expect(await run([directory, '--init', '--force'], never)).toMatchObject({ code: 0 });
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('--write-baseline writes down the findings of today, and its exit code is no verdict', async () => {
  const directory = temporaryDirectory();
  const findings = Array.from({ length: 12_000 }, () => finding());
  const details = { baseline: 'none' };
  const seen: Partial<GatesOptions>[] = [];
  const known: RunGates = (options) => {
    seen.push(options);
    const lint = gateResult({ gate: 'lint', status: 'failed', findings, details });
    return Promise.resolve(gatesReport([lint], { directory }));
  };
  const { code, err } = await run([directory, '--write-baseline'], known);
  expect(code).toBe(0);
  expect(err).toContain('findings of today: lint 12000.');
  expect(seen).toMatchObject([{ ignoreBaseline: true, findingsLimit: 1_000_000 }]);
  const text = readFileSync(join(directory, baselinePath), 'utf8');
  expect(parseBaseline(text, 'it').gates).toEqual({ lint: { 'src/app.ts': { TS2322: 12_000 } } });
  const none = await run([directory, '--write-baseline']);
  expect(none.code).toBe(2);
  expect(none.err).toContain('No gate of this run has a baseline');
});
