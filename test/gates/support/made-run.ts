import type { TestRun, Tool, ToolRun } from '../../../src/gates/gate.ts';
import { defaultCoverageInclude } from '../../../src/gates/tools/vitest-flags.ts';

const vitestTool: Tool = { name: 'vitest', version: '5.1.1', entry: '/tools/vitest.mjs' };

/** A run that ended by itself with 0 and no output, but for what is said otherwise. */
export function madeRun(changes: Partial<ToolRun> = {}): ToolRun {
  return {
    end: 'exited',
    exitCode: 0,
    stdout: '',
    stderr: '',
    startedAt: 1_000_000,
    durationMs: 5000,
    ...changes,
  };
}

export function madeTestRun(changes: Partial<TestRun> = {}): TestRun {
  return {
    tool: vitestTool,
    run: madeRun(),
    report: undefined,
    coverageSummary: undefined,
    coverageProblem: undefined,
    lcov: undefined,
    testPaths: [],
    coverageInclude: [defaultCoverageInclude],
    coverageRoot: '/repo',
    ...changes,
  };
}

/** Runs that did not end by themselves, and the status each means for every gate. */
export const unfinishedRuns: readonly [Partial<ToolRun>, string][] = [
  [{ end: 'timeout', exitCode: null }, 'timeout'],
  [{ end: 'cancelled', exitCode: null }, 'error'],
  [{ end: 'killed', exitCode: null }, 'error'],
  [{ end: 'flooded', exitCode: null }, 'error'],
  [{ end: 'not_started', exitCode: null, stderr: 'spawn ENOENT' }, 'error'],
];

/** A report of one green test, at a time within a made run. */
export const greenReport = JSON.stringify({
  success: true,
  startTime: 1_000_100,
  numTotalTests: 1,
  numPassedTests: 1,
  numFailedTests: 0,
  testResults: [
    {
      name: '/repo/test/a.test.ts',
      status: 'passed',
      message: '',
      assertionResults: [{ fullName: 'adds', status: 'passed', failureMessages: [] }],
    },
  ],
});
