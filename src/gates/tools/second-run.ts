import path from 'node:path';

import type { Checkout, Finding, TestRun } from '../gate.ts';
import { relativeFile } from './reports.ts';
import { selectionFlags, vitestFlags } from './vitest-flags.ts';
import { judgedReport, listTests, type TestOutcome } from './vitest-report.ts';

/** Maximum files that are run again: when more are red, something is broken, not flaky. */
const maxFiles = 20;

/** What became of red tests when their files were run once more. */
export interface SecondRun {
  /** The tests that were red, in the order of the report. */
  readonly red: readonly (TestOutcome & { readonly passedThen: boolean })[];
}

/**
 * Runs the files of red tests once more. It never changes a verdict: it only tells which tests are flaky. Undefined
 * when nothing could come of it, or when it came to no end.
 */
export async function runRedAgain(
  checkout: Checkout,
  testRun: TestRun,
): Promise<SecondRun | undefined> {
  const { tool, run, report } = testRun;
  const read = judgedReport(checkout.directory, testRun);
  if (run.end !== 'exited' || !read) return undefined;
  if (read.redFiles.length === 0 || read.redFiles.length > maxFiles) return undefined;
  const text = path.join(await checkout.scratch('second'), 'report.json');
  const second = await checkout.run(tool, [
    ...vitestFlags(tool, text),
    ...selectionFlags(checkout.options.test),
    '--coverage.enabled=false',
    ...read.redFiles,
  ]);
  if (second.end !== 'exited') return undefined;
  const again = listTests(
    (await checkout.readReport(text, second.startedAt)) ?? '',
    checkout.directory,
  );
  if (!again) return undefined;
  const redFiles = new Set(read.redFiles.map((file) => relativeFile(checkout.directory, file)));
  const red = numbered(listTests(report ?? '', checkout.directory) ?? []).filter(
    ([, test]) => test.status === 'failed' && redFiles.has(test.file),
  );
  const outcomes = new Map(numbered(again));
  return {
    red: red.map(([key, test]) => ({
      ...test,
      passedThen: outcomes.get(key)?.status === 'passed',
    })),
  };
}

/** The tests with a key of their own: names are not unique, and files are run by several projects. */
function numbered(tests: readonly TestOutcome[]): readonly (readonly [string, TestOutcome])[] {
  const counts = new Map<string, number>();
  return tests.map((test) => {
    const name = JSON.stringify([test.file, test.name]);
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    return [`${name} ${number}`, test] as const;
  });
}

/** Number of tests that passed on the second run. */
export function flakyIn({ red }: SecondRun): number {
  return red.filter(({ passedThen }) => passedThen).length;
}

/** The sentence about flaky tests; undefined when there is none. */
export function flakySentence(second: SecondRun): string | undefined {
  const count = flakyIn(second);
  const { length } = second.red;
  if (count === 0) return undefined;
  return length === 1
    ? 'The red test passed on a second run: it is flaky.'
    : `${count} of ${length} red tests passed on a second run: ${count === 1 ? 'it is' : 'they are'} flaky.`;
}

/** Findings of flaky tests say so. They are in the order of the report too, beside those of whole files. */
export function markFlaky(findings: readonly Finding[], { red }: SecondRun): readonly Finding[] {
  let next = 0;
  return findings.map((finding) => {
    const test = red[next];
    if (test?.file !== finding.file || !finding.message.startsWith(`${test.name}: `))
      return finding;
    next += 1;
    return test.passedThen
      ? { ...finding, message: `(passed on a second run) ${finding.message}` }
      : finding;
  });
}
