import semver from 'semver';

import type { Tool } from '../gate.ts';
import type { TestOptions } from '../gates-file/schema.ts';
import type { CoverageProvider } from './coverage-provider.ts';
import { isAtLeast, ToolUnsupported } from './versions.ts';

/** Oldest vitest that the gates run: older ones do not know all flags below. */
const oldestVitest = '1.6.0';

/** Throws for a vitest that does not know the flags of the gates. */
export function checkVitestVersion({ version }: Tool): void {
  if (semver.valid(version) !== null && semver.gte(version, oldestVitest)) return;
  throw new ToolUnsupported(
    `vitest ${version} is not supported: install vitest ${oldestVitest} or newer.`,
  );
}

/** Counted when nobody says which: also files no test imports. */
export const defaultCoverageInclude = '**/src/**/*.{js,jsx,cjs,mjs,ts,tsx,cts,mts}';

/**
 * The flags of every run. What a checkout may not decide for itself is said here: the command line outranks its
 * configuration. Each flag is one argument and, for every supported version, no file filter: a flag without a value
 * that is given one makes a filter of it, and then only the files of that name would be run.
 */
export function vitestFlags({ version }: Tool, report: string): readonly string[] {
  return [
    'run',
    // The second one for people: the report does not hold errors outside of tests.
    '--reporter=json',
    '--reporter=dot',
    // Not `outputFile.json`, which loses to a configuration that names one file for all. The other reporter writes none.
    `--outputFile=${report}`,
    '--silent=true',
    '--cache=false',
    ...(semver.major(version) >= 5 ? ['--fsModuleCache=false'] : []),
    // A checkout that updates its snapshots agrees with itself whatever the code does. From vitest 4.1 on the value
    // `false` means all of them, and before it the value `none` is a file filter. With CI=1 this means none.
    '--no-update',
    '--passWithNoTests=false',
    '--allowOnly=false',
    '--dangerouslyIgnoreUnhandledErrors=false',
  ];
}

/** Root and projects that the gates file names. */
export function selectionFlags({ root, projects = [] }: TestOptions): readonly string[] {
  return [
    ...(root === undefined ? [] : [`--root=${root}`]),
    ...projects.map((name) => `--project=${name}`),
  ];
}

export interface CoverageFlags {
  readonly provider: CoverageProvider;
  /** Undefined for the globs of the project itself. */
  readonly include: readonly string[] | undefined;
  readonly directory: string;
  /** True to write `lcov.info` too. */
  readonly lcov: boolean;
}

/** Flags for measuring coverage. */
export function coverageFlags(
  tool: Tool,
  { provider, include = [], directory, lcov }: CoverageFlags,
): readonly string[] {
  return [
    '--coverage.enabled=true',
    `--coverage.provider=${provider}`,
    `--coverage.reportsDirectory=${directory}`,
    '--coverage.reporter=json-summary',
    ...(lcov ? ['--coverage.reporter=lcovonly'] : []),
    '--coverage.reportOnFailure=true',
    // The gate compares with the operator's thresholds. A missed one of the checkout would end vitest
    // with the exit code of an unhandled error, and `autoUpdate` would rewrite its configuration.
    '--no-coverage.thresholds',
    // Files that no test imports, or that were not changed, would vanish from the count.
    '--no-coverage.changed',
    ...(isAtLeast(tool, '4.0.0') ? [] : ['--coverage.all=true']),
    ...include.map((glob) => `--coverage.include=${glob}`),
  ];
}
