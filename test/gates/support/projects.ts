import { buildProjects } from './build-projects.ts';
import { lintProjects } from './lint-projects.ts';
import { halfCovered, redTest, vitestConfig } from './project-files.ts';
import { soundProject, tests, typeError, type Project } from './project.ts';
import { vitestProjects } from './vitest-projects.ts';

/** A test that has the shell run something, with the output of vitest. */
function shellTest(script: string): string {
  return tests(
    `it('a', () => { execFileSync('/bin/sh', ['-c', ${JSON.stringify(script)}], { stdio: 'inherit' }); });`,
    "import { execFileSync } from 'node:child_process';",
  );
}

/** Turns a red run into a green one in the process of vitest itself. */
const forgingConfig = `
import { readFileSync, writeFileSync } from 'node:fs';

const option = '--outputFile=';
const file = process.argv.find((argument) => argument.startsWith(option)).slice(option.length);
process.on('exit', () => {
  const forged = readFileSync(file, 'utf8')
    .replaceAll('"failed"', '"passed"')
    .replace('"numPassedTests":0', '"numPassedTests":1')
    .replace('"numFailedTests":1', '"numFailedTests":0')
    .replace('"success":false', '"success":true');
  writeFileSync(file, forged);
  process.exitCode = 0;
});
export default {};
`;

/** A report that says all is well, where a tool would leave one. */
const lyingReport = JSON.stringify({
  success: true,
  startTime: 4_102_444_800_000,
  numTotalTests: 1,
  numPassedTests: 1,
  numFailedTests: 0,
  testResults: [
    {
      name: '/anywhere/add.test.ts',
      status: 'passed',
      message: '',
      assertionResults: [{ fullName: 'adds', status: 'passed' }],
    },
  ],
});
const full = { total: 9, covered: 9, skipped: 0, pct: 100 };
const lyingSummary = JSON.stringify({
  total: { lines: full, statements: full, functions: full, branches: full },
});

export const projects: readonly Project[] = [
  {
    name: 'all is well',
    everySandbox: true,
    files: {},
    expected: { build: 'passed', lint: 'passed', test: 'passed', coverage: 'passed' },
  },

  ...buildProjects,
  ...lintProjects,

  {
    name: 'vitest: a failing test',
    files: { 'test/add.test.ts': redTest },
    expected: { test: 'failed', coverage: 'passed' },
  },
  {
    name: 'vitest: no tests',
    files: {
      'test/add.test.ts': null,
      'vitest.config.js': vitestConfig({ passWithNoTests: true }),
    },
    expected: { test: 'failed', coverage: 'failed' },
  },
  {
    name: 'vitest: a test file without tests',
    files: { 'test/empty.test.ts': 'export {};\n' },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a test file that cannot be imported',
    files: { 'test/broken.test.ts': "import './nowhere.ts';\n" },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: all skipped or to do',
    files: { 'test/add.test.ts': tests("it.skip('adds', () => {});\nit.todo('more');") },
    expected: { test: 'failed', coverage: 'failed' },
  },
  {
    name: 'vitest: some skipped',
    files: { 'test/more.test.ts': tests("it('a', () => {});\nit.skip('b', () => {});") },
    expected: { test: 'passed' },
  },
  {
    name: 'vitest: only',
    files: {
      'test/add.test.ts': tests("it.only('adds', () => {});\nit('more', () => {});"),
      'vitest.config.js': vitestConfig({ allowOnly: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: an unhandled rejection',
    files: {
      'test/add.test.ts': tests("it('a', () => { void Promise.reject(new Error('boom')); });"),
      'vitest.config.js': vitestConfig({ dangerouslyIgnoreUnhandledErrors: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a snapshot that the configuration would update',
    files: {
      'test/add.test.ts': tests("it('adds', () => expect(add(1, 2)).toMatchSnapshot());"),
      'test/__snapshots__/add.test.ts.snap':
        '// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`adds 1`] = `4`;\n',
      'vitest.config.js': vitestConfig({ update: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a snapshot that is not there',
    files: {
      'test/add.test.ts': tests("it('adds', () => expect(add(1, 2)).toMatchSnapshot());"),
      'vitest.config.js': vitestConfig({ update: true }),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: a red test beside files that are named like values of flags',
    files: {
      'test/add.test.ts': redTest,
      ...Object.fromEntries(
        ['none', 'false', 'true', 'json', 'dot', 'all', 'new', 'run', 'v8', 'lcovonly'].map(
          (value) => [`test/${value}.test.ts`, tests("it('is', () => {});")],
        ),
      ),
    },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: process.exit(0) in a test',
    files: { 'test/add.test.ts': tests("it('a', () => process.exit(0));") },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: process.exit(0) at import',
    files: { 'test/add.test.ts': tests("process.exit(0);\nit('a', () => {});") },
    expected: { test: 'failed' },
  },
  {
    name: 'vitest: an endless loop',
    everySandbox: true,
    files: { 'test/add.test.ts': tests("it('a', () => { for (;;); });") },
    expected: { test: 'timeout', coverage: 'timeout' },
    timeoutMs: 3000,
  },
  {
    name: 'vitest: configuration crashes',
    files: { 'vitest.config.js': "throw new Error('broken');\n" },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: configuration ends the process',
    files: { 'vitest.config.js': 'process.exit(0);\n', 'test/add.test.ts': redTest },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: killed from outside',
    files: { 'vitest.config.js': "process.kill(process.pid, 'SIGKILL');\n" },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'vitest: a worker out of memory',
    everySandbox: true,
    files: {
      'vitest.config.js': vitestConfig({
        execArgv: ['--max-old-space-size=48'],
        // Before vitest 4.
        pool: 'forks',
        poolOptions: { forks: { execArgv: ['--max-old-space-size=48'] } },
      }),
      'test/add.test.ts': tests(
        "it('a', () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); });",
      ),
    },
    expected: { test: 'failed' },
    timeoutMs: 60_000,
  },
  {
    name: 'vitest: stale reports lie about',
    files: {
      'test/add.test.ts': redTest,
      'vitest.config.js': vitestConfig({
        reporters: ['json'],
        outputFile: { json: 'report.json' },
        coverage: { exclude: ['**'], reportsDirectory: 'coverage' },
      }),
      'report.json': lyingReport,
      '.vitest/json/output.json': lyingReport,
      'coverage/coverage-summary.json': lyingSummary,
    },
    expected: { test: 'failed', coverage: 'failed' },
  },

  {
    name: 'coverage: below the threshold',
    files: {
      ...halfCovered,
      'vitest.config.js': vitestConfig({ coverage: { thresholds: { lines: 0 } } }),
    },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: "coverage: below the project's own threshold alone",
    files: {
      'src/ten.ts': `export const ten = [\n${'  () => 1,\n'.repeat(10)}];\n`,
      'test/ten.test.ts': tests(
        "it('nine of ten', () => expect(ten.slice(1).map((one) => one()).length).toBe(9));",
        "import { ten } from '../src/ten.ts';",
      ),
      'vitest.config.js': vitestConfig({
        coverage: { thresholds: { '100': true, perFile: true, 'src/*.ts': { lines: 100 } } },
      }),
    },
    expected: { test: 'passed', coverage: 'passed' },
  },
  {
    name: 'coverage: everything excluded',
    files: { 'vitest.config.js': vitestConfig({ coverage: { exclude: ['**'] } }) },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: a file no test imports',
    files: { 'src/never.ts': halfCovered['src/add.ts'] },
    expected: { test: 'passed', coverage: 'failed' },
  },
  {
    name: 'coverage: of the files the project names',
    files: {
      'src/never.ts': halfCovered['src/add.ts'],
      'vitest.config.js': vitestConfig({ coverage: { include: ['src/add.ts'] } }),
    },
    expected: { coverage: 'passed' },
  },
  {
    name: 'coverage: no provider',
    files: {},
    without: 'coverage provider',
    expected: { test: 'passed', coverage: 'error' },
  },

  {
    name: 'no tools',
    files: {},
    without: 'everything',
    expected: { build: 'error', lint: 'error', test: 'error', coverage: 'error' },
  },
  {
    name: 'npm workspaces: the folder of a package',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'test/add.test.ts': redTest,
      'src/wrong.ts': typeError,
      ...Object.fromEntries(
        Object.entries(soundProject).map(([file, text]) => [`packages/a/${file}`, text]),
      ),
    },
    directory: 'packages/a',
    expected: { build: 'passed', lint: 'passed', test: 'passed', coverage: 'passed' },
  },
  {
    name: 'npm workspaces: all packages at once',
    files: {
      'package.json': '{ "private": true, "type": "module", "workspaces": ["packages/*"] }',
      'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './packages/a' }] }),
      'src/add.ts': null,
      'test/add.test.ts': null,
      ...Object.fromEntries(
        Object.entries(soundProject)
          .filter(([file]) => file !== 'eslint.config.js')
          .map(([file, text]) => [`packages/a/${file}`, text]),
      ),
    },
    expected: { build: 'passed', lint: 'passed', test: 'passed', coverage: 'passed' },
  },

  {
    name: 'a flood of more than 50 MB',
    everySandbox: true,
    // From the process of vitest itself: version 4 swallows what its workers write.
    files: {
      'vitest.config.js': [
        "import { execFileSync } from 'node:child_process';",
        "execFileSync('/bin/sh', ['-c', 'yes | head -c 80000000'], { stdio: 'inherit' });",
        'export default {};',
        '',
      ].join('\n'),
    },
    expected: { test: 'error', coverage: 'error' },
  },
  {
    name: 'a child outside the process group',
    everySandbox: true,
    files: { 'test/add.test.ts': shellTest('setsid sleep 300 > /dev/null 2>&1 < /dev/null &') },
    expected: { test: 'passed' },
  },
  {
    name: 'a child outside the process group that holds the output',
    everySandbox: true,
    files: { 'test/add.test.ts': shellTest('setsid sleep 300 &') },
    expected: { test: 'timeout' },
    timeoutMs: 3000,
  },
  {
    name: 'a storm of 800 children',
    everySandbox: true,
    files: {
      'test/add.test.ts': shellTest('for n in $(seq 800); do sleep 300 & done; wait'),
    },
    expected: { test: 'error' },
  },
  {
    name: 'a configuration that forges exit code and report, believed',
    files: { 'test/add.test.ts': redTest, 'vitest.config.js': forgingConfig },
    expected: { test: 'passed' },
  },
  {
    name: 'a configuration that forges exit code and report, replaced by that of the base',
    everySandbox: true,
    committed: { 'test/add.test.ts': redTest },
    files: { 'vitest.config.js': forgingConfig },
    expected: { test: 'failed' },
  },
  ...vitestProjects,
];
