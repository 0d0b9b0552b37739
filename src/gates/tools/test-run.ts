import { realpath } from 'node:fs/promises';
import path from 'node:path';

import type { Checkout, TestRun, Tool } from '../gate.ts';
import {
  chooseProvider,
  customProvider,
  foundNoProvider,
  installedProviders,
  withoutProvider,
} from './coverage-provider.ts';
import { readCoverageSettings, type CoverageSettings } from './coverage-settings.ts';
import { errorWords } from './error-words.ts';
import {
  checkVitestVersion,
  coverageFlags,
  defaultCoverageInclude,
  selectionFlags,
  vitestFlags,
  type CoverageFlags,
} from './vitest-flags.ts';

/**
 * Runs vitest once for tests and coverage together. When measuring coverage kept it from working, it runs a
 * second time without, so that only the gate `coverage` is without a verdict. Rejects when there is no vitest, or one
 * too old.
 */
export async function runTests(checkout: Checkout): Promise<TestRun> {
  const tool = await checkout.tool('vitest');
  checkVitestVersion(tool);
  const { options, directory } = checkout;
  const installed = await installedProviders(directory, tool);
  const settings = await readCoverageSettings(checkout, tool);
  const include = options.coverage.include ?? settings.include;
  const about = {
    coverageInclude: include ?? [defaultCoverageInclude],
    coverageRoot: settings.root,
  };
  const provider = chooseProvider(installed, settings.provider);
  if (provider === undefined || settings.provider === 'custom') {
    const problem = await problemOf(checkout, tool, settings);
    return { ...(await runOnce(checkout, tool)), ...about, coverageProblem: problem };
  }
  const measured = await runOnce(checkout, tool, {
    provider,
    include: options.coverage.include ?? (settings.include ? undefined : [defaultCoverageInclude]),
    lcov: options.coverage.changed !== undefined,
  });
  if (measured.coverageSummary !== undefined || measured.run.end !== 'exited') {
    return { ...measured, ...about };
  }
  const message = `vitest left no coverage: ${errorWords(measured.run)}`;
  const coverageProblem = foundNoProvider(measured.run)
    ? await withoutProvider(checkout, tool)
    : ({ status: 'error', message } as const);
  if (measured.report !== undefined && measured.run.exitCode === 0) {
    return { ...measured, ...about, coverageProblem };
  }
  return { ...(await runOnce(checkout, tool)), ...about, coverageProblem };
}

/** Runs the tests without measuring coverage, to learn what runs. Rejects as `runTests` does. */
export async function runTestsOnly(checkout: Checkout): Promise<TestRun> {
  const tool = await checkout.tool('vitest');
  checkVitestVersion(tool);
  const run = await runOnce(checkout, tool);
  return { ...run, coverageInclude: [], coverageRoot: checkout.directory };
}

async function problemOf(checkout: Checkout, tool: Tool, { provider }: CoverageSettings) {
  return provider === 'custom' ? customProvider : withoutProvider(checkout, tool);
}

async function runOnce(
  checkout: Checkout,
  tool: Tool,
  coverage?: Omit<CoverageFlags, 'directory'>,
): Promise<Omit<TestRun, 'coverageInclude' | 'coverageRoot'>> {
  const scratch = await checkout.scratch('test');
  const report = path.join(scratch, 'report.json');
  const directory = path.join(scratch, 'coverage');
  // Vitest names files by their real paths.
  const top = await realpath(checkout.directory).catch(() => checkout.directory);
  const testPaths = (checkout.options.test.paths ?? []).map((place) => path.join(top, place));
  const run = await checkout.run(tool, [
    ...vitestFlags(tool, report),
    ...selectionFlags(checkout.options.test),
    ...(coverage ? coverageFlags(tool, { ...coverage, directory }) : ['--coverage.enabled=false']),
    // Vitest also runs files whose path contains one of these further down; those are not judged.
    ...testPaths,
  ]);
  const left = (file: string) => checkout.readReport(path.join(directory, file), run.startedAt);
  return {
    tool,
    run,
    testPaths,
    report: await checkout.readReport(report, run.startedAt),
    coverageSummary: await left('coverage-summary.json'),
    lcov: await left('lcov.info'),
    coverageProblem: undefined,
  };
}
