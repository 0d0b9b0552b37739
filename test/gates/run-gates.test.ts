import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';

import type { Gate, Verdict } from '../../src/gates/gate.ts';
import type { GateName } from '../../src/gates/names.ts';
import type { GateProgress, GatesOptions, PlannedRun } from '../../src/gates/report.ts';
import { planGates } from '../../src/gates/plan.ts';
import { prepareCheckout } from '../../src/gates/checkout/prepare-checkout.ts';
import { allGates, createRunGates, runGates } from '../../src/gates/run-gates.ts';
import { runTests } from '../../src/gates/tools/test-run.ts';
import { temporaryDirectory } from '../support/service.ts';
import { neverAborted, writeFiles } from './support/checkout.ts';

const ourRoot = fileURLToPath(new URL('../..', import.meta.url));
const passed: Verdict = { status: 'passed', message: 'Fine.' };

function gate(name: GateName, check: Gate['check'] = () => Promise.resolve(passed)): Gate {
  return { name, check };
}

/** Runs these gates over an empty directory. */
function run(gates: readonly Gate[], options: Partial<GatesOptions> = {}) {
  const set = Object.fromEntries(gates.map((each) => [each.name, each]));
  return createRunGates({ gates: set, runTests })({
    directory: temporaryDirectory(),
    sandbox: 'none',
    gates: gates.map(({ name }) => name),
    ...options,
  });
}

test('every gate reports, in order, whatever the others do, and the worst is the verdict', async () => {
  const report = await run([
    gate('coverage', () => Promise.resolve({ status: 'failed', message: 'No.' })),
    gate('build', () => Promise.reject(new Error('broken'))),
    gate('lint'),
  ]);
  expect(report.verdict).toBe('failed');
  expect(report.gates.map(({ gate: name, status, passed: is }) => [name, status, is])).toEqual([
    ['build', 'error', false],
    ['lint', 'passed', true],
    ['coverage', 'failed', false],
  ]);
  expect(report.gates[0]?.message).toBe('The gate itself failed: Error: broken');
  expect(report).toMatchObject({ commit: null, dirty: null, weakened: false, sandbox: 'none' });
});

test('findings are bounded in number and length, and the rest is counted', async () => {
  const finding = { file: 'a.ts', line: 1, column: 1, rule: 'x', severity: 'error' } as const;
  const findings = Array.from({ length: 203 }, () => ({ ...finding, message: 'y'.repeat(2_000) }));
  const report = await run([
    gate('lint', () => Promise.resolve({ status: 'failed', message: 'No.', findings })),
  ]);
  const [result] = report.gates;
  expect(result).toMatchObject({ findingsOmitted: 3 });
  expect(result?.findings).toHaveLength(200);
  expect(result?.findings[0]?.message).toHaveLength(1_000);
});

test('a gate that never settles is a timeout, and the others report', async () => {
  const report = await run([gate('build', () => new Promise(() => undefined)), gate('lint')], {
    timeoutMs: 100,
  });
  expect(report.verdict).toBe('timeout');
  expect(report.gates.map(({ status }) => status)).toEqual(['timeout', 'passed']);
});

test('the deadline over all ends what runs and what has not begun', async () => {
  const report = await run([gate('build', () => new Promise(() => undefined)), gate('test')], {
    overallTimeoutMs: 300,
  });
  expect(report.verdict).toBe('timeout');
  expect(report.gates.map(({ status }) => status)).toEqual(['timeout', 'timeout']);
});

test('an abort leaves gates skipped, and skipped is not passed', async () => {
  const stop = new AbortController();
  const abort = gate('build', () => {
    stop.abort();
    return Promise.resolve(passed);
  });
  const report = await run([abort, gate('test')], { signal: stop.signal });
  expect(report.gates.map(({ status }) => status)).toEqual(['passed', 'skipped']);
  expect(report.verdict).toBe('skipped');
});

test('an abort before the first gate rejects with its reason', async () => {
  await expect(run([gate('build')], { signal: AbortSignal.abort('stop') })).rejects.toBe('stop');
});

test('progress tells of each gate as it begins and ends', async () => {
  const events: GateProgress[] = [];
  await run([gate('build'), gate('test')], { onProgress: (event) => events.push(event) });
  expect(events.map(({ kind, gate: name }) => `${kind} ${name}`)).toEqual([
    ...['started build', 'finished build', 'started test', 'finished test'],
  ]);
});

test('the plan is told before anything runs, and can end the run', async () => {
  const seen: PlannedRun[] = [];
  const order: string[] = [];
  await run([gate('build'), gate('test')], {
    onPlan: async (planned) => {
      await new Promise(setImmediate);
      seen.push(planned);
      order.push('planned');
    },
    onProgress: ({ kind }) => order.push(kind),
  });
  expect(order.slice(0, 2)).toEqual(['planned', 'started']);
  const gates = ['build', 'test'].map((name) => ({ gate: name, counts: true }));
  expect(seen).toEqual([{ commit: null, dirty: null, sandbox: 'none', gates }]);
  const refusing = { onPlan: () => Promise.reject(new Error('refused')) };
  await expect(run([gate('build')], refusing)).rejects.toThrow('refused');
});

test('no more checkouts than allowed are checked at once', async () => {
  let running = 0;
  let most = 0;
  const counting = gate('build', async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    return passed;
  });
  const check = createRunGates({ gates: { build: counting }, runTests });
  const options = { directory: temporaryDirectory(), sandbox: 'none', gates: ['build'] } as const;
  await Promise.all(Array.from({ length: 4 }, () => check({ ...options, concurrency: 1 })));
  expect(most).toBe(1);
});

test.each([
  [{ untrusted: true, sandbox: 'auto' }, /name the directory of yours, toolsFrom/],
  [{ untrusted: true, sandbox: 'unshare', toolsFrom: '/' }, /in the sandbox bwrap alone/],
  [{ gates: [] }, /nothing checked is never passed/],
  [{ gates: ['integrity'] }, /needs a git ref/],
  [{ minCoverage: 101 }, /percentage, not 101/],
  [{ timeoutMs: 0 }, /timeoutMs is a number/],
  [{ concurrency: 0.5 }, /whole number/],
  [{ directory: '/nowhere' }, /no directory \/nowhere/],
  [{ configFrom: 'main' }, /not in a git checkout/],
] as const)('options %o are refused in words', async (options, message) => {
  await expect(run([gate('build')], options)).rejects.toThrow(message);
});

test('a threshold below 85 weakens the verdict', async () => {
  expect((await run([gate('build')], { minCoverage: { lines: 80 } })).weakened).toBe(true);
  expect((await run([gate('build')], { minCoverage: 85 })).weakened).toBe(false);
});

async function repository(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = temporaryDirectory();
  writeFiles(directory, files);
  const git = (...args: readonly string[]) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.test', ...args], {
      cwd: directory,
    });
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'first');
  return directory;
}

test('configuration comes from the ref, all else from the working tree, and the checkout stays as it is', async () => {
  const directory = await repository({
    'tsconfig.json': 'trusted',
    'sub/package.json': 'trusted sub',
    'a.ts': 'old',
    '.gitignore': 'ignored\n',
  });
  writeFiles(directory, {
    'tsconfig.json': 'edited',
    'vitest.config.ts': 'planted',
    'a.ts': 'new',
    'b.ts': 'untracked',
    ignored: 'secret',
    'node_modules/dep/index.js': '',
  });
  symlinkSync('a.ts', join(directory, 'link'));
  const seen: Record<string, string> = {};
  const look = gate('build', (checkout) => {
    const names = readdirSync(checkout.directory, { recursive: true, withFileTypes: true });
    for (const entry of names.filter(
      (each) => each.isFile() && !each.parentPath.includes('node_modules'),
    ))
      seen[entry.name] = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    expect(readFileSync(join(checkout.directory, 'node_modules/dep/index.js'), 'utf8')).toBe('');
    const message = `${checkout.directory}/a.ts is wrong`;
    return Promise.resolve({ status: 'failed', message });
  });
  const report = await run([look], { directory, configFrom: 'main' });
  expect(seen).toEqual({
    'tsconfig.json': 'trusted',
    'package.json': 'trusted sub',
    'a.ts': 'new',
    'b.ts': 'untracked',
    '.gitignore': 'ignored\n',
  });
  expect(report.gates[0]?.message).toBe(`${directory}/a.ts is wrong`);
  expect(report.dirty).toBe(true);
  expect(report.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(readFileSync(join(directory, 'tsconfig.json'), 'utf8')).toBe('edited');
});

test('a file tracked below what is now a link is not read through the link', async () => {
  const directory = await repository({ 'sub/secret.txt': 'mine', 'sub/package.json': '{}' });
  const elsewhere = temporaryDirectory();
  writeFiles(elsewhere, { 'secret.txt': 'theirs', 'package.json': 'theirs' });
  await execa('rm', ['-r', join(directory, 'sub')]);
  symlinkSync(elsewhere, join(directory, 'sub'));
  const look = gate('build', (checkout) => {
    expect(readdirSync(join(checkout.directory, 'sub'))).toEqual(['package.json']);
    return Promise.resolve(passed);
  });
  const report = await run([look], { directory, configFrom: 'main' });
  expect(report.gates[0]).toMatchObject({ status: 'passed', message: 'Fine.' });
  expect(readFileSync(join(elsewhere, 'package.json'), 'utf8')).toBe('theirs');
});

test('an unknown ref is refused with what to do', async () => {
  const directory = await repository({ 'a.ts': '' });
  await expect(run([gate('build')], { directory, configFrom: '--no-such' })).rejects.toThrow(
    /There is no commit "--no-such" in .*: name a branch/,
  );
});

test('a repository cannot pass off a directory around it as the checkout', async () => {
  const around = temporaryDirectory();
  const directory = join(around, 'checkout');
  writeFiles(around, { secret: 'mine', 'checkout/a.ts': '' });
  await execa('git', ['init', '-q', directory]);
  await execa('git', ['-C', directory, 'config', 'core.worktree', around]);
  await expect(run([gate('build')], { directory })).rejects.toThrow(
    `names another work tree, ${realpathSync(around)}`,
  );
});

test('the tools for untrusted code are not taken from the checkout itself', async () => {
  const directory = temporaryDirectory();
  writeFiles(directory, { 'tools/node_modules/typescript/package.json': '{}' });
  const prepare = prepareCheckout({
    plan: await planGates({ directory, untrusted: true, toolsFrom: join(directory, 'tools') }),
    repository: undefined,
    steps: 'none',
    privateDirectory: temporaryDirectory(),
    signal: neverAborted,
  });
  await expect(prepare).rejects.toThrow(/is in the checkout. Name a directory outside of it/);
});

test('a private copy holds the submodules', async () => {
  const library = await repository({ 'one.ts': 'one' });
  const directory = await repository({ 'a.ts': '' });
  const add = ['submodule', '--quiet', 'add', library, 'library'];
  await execa('git', ['-c', 'protocol.file.allow=always', ...add], { cwd: directory });
  await execa('git', ['add', '-A'], { cwd: directory });
  const look = gate('build', (checkout) =>
    Promise.resolve({
      status: 'passed',
      message: readFileSync(join(checkout.directory, 'library/one.ts'), 'utf8'),
    }),
  );
  const report = await run([look], { directory, configFrom: 'main' });
  expect(report.gates[0]).toMatchObject({ status: 'passed', message: 'one' });
});

test('without a place for temporary files it is said what to do', async () => {
  const run = createRunGates({ gates: { build: gate('build') }, runTests });
  vi.stubEnv('TMPDIR', '/nowhere');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(run({ directory: ourRoot })).rejects.toThrow(
    'No directory can be made in /nowhere: set TMPDIR',
  );
});

test('reading the state of a repository runs nothing that its configuration names', async () => {
  const directory = await repository({ 'a.txt': 'a', '.gitattributes': '*.txt filter=evil' });
  const proof = join(temporaryDirectory(), 'proof');
  const set = (name: string, value: string) =>
    execa('git', ['config', name, value], { cwd: directory });
  await set('filter.evil.clean', `touch ${proof}; cat`);
  await set('core.fsmonitor', `touch ${proof}; false`);
  writeFiles(directory, { 'a.txt': 'b' });
  const report = await run([gate('build')], { directory });
  expect(report.dirty).toBe(true);
  expect(() => readFileSync(proof)).toThrow('ENOENT');
});

const project = {
  'package.json': '{ "name": "small", "type": "module" }',
  'tsconfig.json':
    '{ "compilerOptions": { "strict": true, "module": "nodenext", "skipLibCheck": true, "types": [] } }',
  'eslint.config.js':
    'import parser from "@typescript-eslint/parser";\nexport default [{ files: ["**/*.ts"], languageOptions: { parser }, rules: { "no-var": "error" } }];',
  'vitest.config.ts': `import { defineConfig } from 'vitest/config'; export default defineConfig({});`,
  'src/add.ts': 'export const add = (a: number, b: number): number => a + b;\n',
  'src/add.test.ts': `import { expect, onTestFinished, test, vi } from 'vitest';\nimport { add } from './add.js';\ntest('adds', () => expect(add(1, 2)).toBe(3));\n`,
};

test(
  'a real project passes all gates with the tools of another directory, and nothing is left',
  { timeout: 60_000 },
  async () => {
    const directory = temporaryDirectory();
    writeFiles(directory, project);
    let scratch = '';
    const build = gate('build', async (checkout) => {
      scratch = await checkout.scratch('mark');
      return allGates.build.check(checkout);
    });
    const check = createRunGates({ gates: { ...allGates, build }, runTests });
    const report = await check({ directory, toolsFrom: ourRoot });
    const told = report.gates.map(({ gate: name, status, message }) => [name, status, message]);
    expect(
      told.map(([name, status]) => `${name} ${status}`),
      JSON.stringify(told),
    ).toEqual(Object.keys(allGates).map((name) => `${name} passed`));
    expect(existsSync(dirname(dirname(scratch)))).toBe(false);
    expect(readdirSync(directory).toSorted()).toEqual(
      [...new Set(Object.keys(project).map((path) => path.split('/')[0]))].toSorted(),
    );
  },
);

test.each([{}, { configFrom: 'main' }])(
  'a real project passes all gates by its own tools in the strictest sandbox: %o',
  { timeout: 60_000 },
  async (options) => {
    const directory = await repository({ ...project, '.gitignore': 'node_modules' });
    symlinkSync(join(ourRoot, 'node_modules'), join(directory, 'node_modules'));
    const report = await runGates({ directory, ...options });
    for (const { status, message } of report.gates) expect(status, message).toBe('passed');
    expect(report).toMatchObject({ verdict: 'passed', dirty: false });
  },
);
