import { describe, expect, it } from 'vitest';

import { build } from '../../../src/gates/tools/build.ts';
import { coverage } from '../../../src/gates/tools/coverage.ts';
import { lint } from '../../../src/gates/tools/lint.ts';
import { defaultCoverageInclude, runTests } from '../../../src/gates/tools/test-run.ts';
import { test } from '../../../src/gates/tools/test.ts';
import { fakeCheckout } from '../support/fake-checkout.ts';

const include = `--coverage.include=${defaultCoverageInclude}`;
const both = { 'report.json': 'R', 'coverage-summary.json': 'C' };

describe('the run of the tests', () => {
  it('is one when it leaves report and coverage, also when tests failed', async () => {
    const { checkout, asked } = fakeCheckout([{ exitCode: 1, files: both }]);
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
    const { checkout, asked } = fakeCheckout([
      { exitCode: 1, stderr: 'MISSING DEPENDENCY', files },
      { files: { 'report.json': 'second' } },
    ]);
    expect(await runTests(checkout)).toMatchObject({
      report: 'second',
      coverageSummary: undefined,
      coverageProblem: 'vitest left no coverage: MISSING DEPENDENCY',
    });
    expect(asked[1]).toContain('--coverage.enabled=false');
  });

  it('is not repeated when all but the coverage is there', async () => {
    const { checkout, asked } = fakeCheckout([{ files: { 'report.json': 'R' } }]);
    expect((await runTests(checkout)).coverageProblem).toMatch(/^vitest left no coverage/);
    expect(asked).toHaveLength(1);
  });

  it('is not repeated after its deadline', async () => {
    const { checkout, asked } = fakeCheckout([{ end: 'timeout', exitCode: null }]);
    expect((await runTests(checkout)).run.end).toBe('timeout');
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['nothing is configured', {}, true],
    ['vitest.config.ts does not say', { '/repo/vitest.config.ts': 'export default {};' }, true],
    [
      'the first configuration found does not say',
      {
        '/repo/vitest.config.ts': 'export default {};',
        '/repo/vite.config.ts': 'export default { test: { coverage: { include: [] } } };',
      },
      true,
    ],
    [
      'vite.config.mjs says',
      { '/repo/vite.config.mjs': 'export default { test: { coverage: { include: [] } } };' },
      false,
    ],
  ])('counts files no test imports: %s', async (_, files, byDefault) => {
    const { checkout, asked } = fakeCheckout([{ files: both }], files);
    await runTests(checkout);
    expect(asked[0]?.includes(include)).toBe(byDefault);
  });

  it('asks an older vitest for nothing it does not know', async () => {
    const { checkout, asked } = fakeCheckout([{ files: both }], {}, '4.1.12');
    await runTests(checkout);
    expect(asked[0]).not.toContain('--fsModuleCache=false');
  });
});

it.each([build, lint, test, coverage])(
  'the gate $name is an error when the tool is missing, and says so',
  async ({ check }) => {
    const verdict = await check(fakeCheckout([]).checkout);
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
  const buildInfo = { tsbuildinfo: '{"fileInfos":[],"root":[1]}' };

  it('follows references, each once', async () => {
    const { checkout, asked } = fakeCheckout([{ files: buildInfo }, { files: buildInfo }], {
      '/repo/tsconfig.json': '{"references":[{"path":"./app"},{"path":"app/tsconfig.json"}]}',
      '/repo/app/tsconfig.json': '{"references":[{"path":".."}]}',
    });
    expect(await build.check(checkout)).toMatchObject({ status: 'passed', details: { files: 2 } });
    expect(asked.map((args) => args.at(-1))).toEqual(['tsconfig.json', 'app/tsconfig.json']);
  });
});
