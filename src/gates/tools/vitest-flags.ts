import semver from 'semver';

import type { Tool } from '../gate.ts';
import { ToolUnsupported } from './versions.ts';

/** Oldest vitest that the gates run: older ones do not know all flags below. */
export const oldestVitest = '1.6.0';

/** Throws for a vitest that does not know the flags of the gates. */
export function checkVitestVersion({ version }: Tool): void {
  if (semver.valid(version) !== null && semver.gte(version, oldestVitest)) return;
  throw new ToolUnsupported(
    `vitest ${version} is not supported: install vitest ${oldestVitest} or newer.`,
  );
}

/**
 * The flags of every run. What a checkout may not decide for itself is said here: the command line outranks its
 * configuration. Each flag is one argument and, for every supported version, no file filter: a flag without a value
 * that is given one makes a filter of it, and then only the files of that name would be run.
 */
export function vitestFlags(
  { version }: Tool,
  { report, coverage }: { readonly report: string; readonly coverage: string },
): readonly string[] {
  return [
    // The second one for people: the report does not hold errors outside of tests.
    '--reporter=json',
    '--reporter=dot',
    `--outputFile.json=${report}`,
    '--silent=true',
    '--cache=false',
    ...(semver.major(version) >= 5 ? ['--fsModuleCache=false'] : []),
    // A checkout that updates its snapshots agrees with itself whatever the code does. From vitest 4.1 on the value
    // `false` means all of them, and before it the value `none` is a file filter. With CI=1 this means none.
    '--no-update',
    '--passWithNoTests=false',
    '--allowOnly=false',
    '--dangerouslyIgnoreUnhandledErrors=false',
    `--coverage.reportsDirectory=${coverage}`,
  ];
}
