import { describe, expect, it } from 'vitest';

import { build } from '../../../src/gates/tools/build.ts';
import { coverage } from '../../../src/gates/tools/coverage.ts';
import { lint } from '../../../src/gates/tools/lint.ts';
import { runTests } from '../../../src/gates/tools/test-run.ts';
import { test } from '../../../src/gates/tools/test.ts';
import { defaultCoverageInclude } from '../../../src/gates/tools/vitest-flags.ts';
import { fakeCheckout } from '../support/fake-checkout.ts';
import { installedProject } from '../support/installed-project.ts';

const include = `--coverage.include=${defaultCoverageInclude}`;
const both = { 'report.json': 'R', 'coverage-summary.json': 'C' };
const provider = (name: string) => ({
  [`node_modules/@vitest/coverage-${name}/package.json`]: '{}',
});
const asks = (name: string) => ({
  'vitest.config.js': `export default { test: { coverage: { provider: '${name}' } } };`,
});

describe('the run of the tests', () => {
  it('is one when it leaves report and coverage, also when tests failed', async () => {
    const { checkout, asked } = installedProject([{ exitCode: 1, files: both }]);
    expect(await runTests(checkout)).toMatchObject({
      report: 'R',
      coverageSummary: 'C',
      coverageProblem: undefined,
    });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['there is no report', {}],
    ['the report alone cannot say why', { 'report.json': 'R' }],
  ])('is repeated without coverage when that broke it and %s', async (_, files) => {
    const { checkout, asked } = installedProject([
      { exitCode: 1, stderr: 'MISSING DEPENDENCY', files },
      { files: { 'report.json': 'second' } },
    ]);
    expect(await runTests(checkout)).toMatchObject({
      report: 'second',
      coverageSummary: undefined,
      coverageProblem: {
        status: 'error',
        message: 'vitest left no coverage: MISSING DEPENDENCY',
      },
    });
    expect(asked[1]).toContain('--coverage.enabled=false');
  });

  it('is not repeated when all but the coverage is there', async () => {
    const { checkout, asked } = installedProject([{ files: { 'report.json': 'R' } }]);
    expect((await runTests(checkout)).coverageProblem?.message).toMatch(/^vitest left no coverage/);
    expect(asked).toHaveLength(1);
  });

  it('is not repeated after its deadline', async () => {
    const { checkout, asked } = installedProject([{ end: 'timeout', exitCode: null }]);
    expect((await runTests(checkout)).run.end).toBe('timeout');
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['nothing is configured', {}, true],
    ['vitest.config.ts does not say', { 'vitest.config.ts': 'export default {};' }, true],
    [
      'the first configuration found does not say',
      {
        'vitest.config.ts': 'export default {};',
        'vite.config.ts': 'export default { test: { coverage: { include: [] } } };',
      },
      true,
    ],
    [
      'vite.config.mjs says',
      { 'vite.config.mjs': 'export default { test: { coverage: { include: [] } } };' },
      false,
    ],
  ])('counts files no test imports: %s', async (_, files, byDefault) => {
    const { checkout, asked } = installedProject([{ files: both }], files);
    await runTests(checkout);
    expect(asked[0]?.includes(include)).toBe(byDefault);
  });

  it.each([
    ['include: it names them', { include: ['lib/**'], root: '/elsewhere' }, false],
    ['no include: those below src', { root: '/elsewhere' }, true],
    ['nothing that can be read: those below src', 'broken', true],
  ])('asks vitest about a configuration that is no literal; %s', async (_, answer, byDefault) => {
    const files = { 'vitest.config.js': 'export default make();' };
    const { checkout, asked } = installedProject(
      [{ files: { 'answer.json': JSON.stringify(answer) } }, { files: both }],
      files,
    );
    const scratch = () => Promise.resolve(checkout.directory);
    expect((await runTests({ ...checkout, scratch })).coverageInclude).toEqual(
      byDefault ? [defaultCoverageInclude] : ['lib/**'],
    );
    expect(asked).toHaveLength(2);
    expect(asked[1]?.includes(include)).toBe(byDefault);
  });

  it('counts the files that the gates file names, and runs what it names', async () => {
    const files = { 'vitest.config.js': 'export default { test: { coverage: { include: [] } } };' };
    const { checkout, asked, directory } = installedProject([{ files: both }], files);
    const { options } = checkout;
    await runTests({
      ...checkout,
      options: {
        ...options,
        test: { ...options.test, root: '.', projects: ['a', 'b'], paths: ['test/unit'] },
        coverage: { ...options.coverage, include: ['lib/**', 'bin/**'], changed: 85 },
      },
    });
    expect(asked[0]).toEqual(
      expect.arrayContaining([
        '--root=.',
        '--project=a',
        '--project=b',
        '--coverage.include=lib/**',
        '--coverage.include=bin/**',
        '--coverage.reporter=lcovonly',
      ]),
    );
    expect(asked[0]?.at(-1)).toBe(`${directory}/test/unit`);
  });

  it.each([
    ['the one that is there', {}, 'v8'],
    ['v8 of two', provider('istanbul'), 'v8'],
    [
      'the one of two that is asked for',
      { ...provider('istanbul'), ...asks('istanbul') },
      'istanbul',
    ],
    ['the one that is there, whatever is asked for', asks('istanbul'), 'v8'],
  ])('measures with a provider: %s', async (_, files, expected) => {
    const { checkout, asked } = installedProject([{ files: both }], files);
    await runTests(checkout);
    expect(asked[0]).toContain(`--coverage.provider=${expected}`);
  });

  it('is without coverage, and says why, for a provider of the project itself', async () => {
    const { checkout, asked } = installedProject([{ files: both }], asks('custom'));
    const { coverageProblem } = await runTests(checkout);
    expect(coverageProblem?.status).toBe('error');
    expect(coverageProblem?.message).toContain('provider: custom');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('--coverage.enabled=false');
  });

  const named = { 'package.json': '{"devDependencies":{"@vitest/coverage-istanbul":"*"}}' };
  it.each([
    [
      'nobody names one',
      {},
      {
        status: 'skipped',
        counts: false,
        message:
          'The project measures no coverage: it has no provider for vitest (npm install --save-dev @vitest/coverage-v8@5.1.1 would add one).',
      },
    ],
    [
      'package.json names one',
      named,
      {
        status: 'error',
        message:
          'package.json names @vitest/coverage-istanbul, and it is not installed: run npm install --save-dev @vitest/coverage-istanbul@5.1.1.',
      },
    ],
    [
      'package.json of a pnpm project names one',
      { ...named, 'pnpm-lock.yaml': '' },
      {
        status: 'error',
        message:
          'package.json names @vitest/coverage-istanbul, and it is not installed: run pnpm add --save-dev @vitest/coverage-istanbul@5.1.1.',
      },
    ],
  ])('is without coverage when no provider is installed and %s', async (_, files, problem) => {
    const { checkout, asked } = installedProject([{ files: both }], files, { provider: false });
    expect((await runTests(checkout)).coverageProblem).toEqual(problem);
    expect(asked[0]).toContain('--coverage.enabled=false');
  });

  it('asks an older vitest for nothing it does not know, and for all files', async () => {
    const { checkout, asked } = installedProject([{ files: both }], {}, { version: '3.2.4' });
    await runTests(checkout);
    expect(asked[0]).not.toContain('--fsModuleCache=false');
    expect(asked[0]).toContain('--coverage.all=true');
  });
});

it.each([build, lint, test, coverage])(
  'the gate $name is an error when the tool is missing, and says so',
  async ({ check }) => {
    const verdict = await check(fakeCheckout([], { '/repo/tsconfig.json': '{}' }).checkout);
    expect(verdict.status).toBe('error');
    expect(verdict.message).toMatch(/is not installed\.$/);
  },
);

it.each([test, coverage])(
  'the gate $name is an error for a vitest too old, and runs nothing',
  async ({ check }) => {
    const { checkout, asked } = fakeCheckout([{}], {}, '0.34.6');
    const testRun = () => runTests(checkout);
    expect(await check({ ...checkout, testRun })).toMatchObject({
      status: 'error',
      message: 'vitest 0.34.6 is not supported: install vitest 1.6.0 or newer.',
    });
    expect(asked).toEqual([]);
  },
);

it('a fault of ours is no verdict', async () => {
  const { checkout } = fakeCheckout([{}]);
  const broken = { ...checkout, scratch: () => Promise.reject(new Error('disk full')) };
  await expect(lint.check(broken)).rejects.toThrow('disk full');
});

describe('build', () => {
  const buildInfo = { tsbuildinfo: '{"fileNames":["a.ts"],"fileInfos":["1"],"root":[1]}' };

  it('follows references, each once', async () => {
    const { checkout, asked } = fakeCheckout([{ files: buildInfo }, { files: buildInfo }], {
      '/repo/tsconfig.json': '{"references":[{"path":"./app"},{"path":"app/tsconfig.json"}]}',
      '/repo/app/tsconfig.json': '{"references":[{"path":".."}]}',
    });
    const verdict = await build.check(checkout);
    expect(verdict).toMatchObject({ status: 'passed', details: { files: 2 } });
    expect(asked.map((args) => args.at(-1))).toEqual(['tsconfig.json', 'app/tsconfig.json']);
  });
});
