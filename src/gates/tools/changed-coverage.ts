import { describeError } from '../../errors.ts';
import type { Checkout, TestRun, Verdict } from '../gate.ts';
import { changesOf, judgeChanged } from '../judges/coverage.ts';
import { readLcov } from '../judges/lcov.ts';

/**
 * Completes a verdict on coverage by that on the changed lines, when the gates file asks for it. The paths of the
 * report are relative to the root of coverage.
 */
export async function withChangedLines(
  verdict: Verdict,
  checkout: Checkout,
  { lcov, coverageRoot: ranIn }: Pick<TestRun, 'lcov' | 'coverageRoot'>,
): Promise<Verdict> {
  const least = checkout.options.coverage.changed;
  if (least === undefined || verdict.status === 'error') return verdict;
  if (lcov === undefined) return { ...verdict, ...untold('vitest left no lcov.info.') };
  try {
    const { directory } = checkout;
    const files = new Set(await checkout.files());
    const report = await readLcov({ text: lcov, directory, ranIn, files });
    if (typeof report === 'string') return { ...verdict, ...untold(`lcov.info ${report}`) };
    const changed = judgeChanged(report.lines, await changesOf(checkout), least);
    return {
      ...verdict,
      status: changed.isShort ? 'failed' : verdict.status,
      message: `${verdict.message} ${changed.isShort ? 'Below the threshold: ' : 'Besides: '}${changed.words}.`,
      details: { ...verdict.details, ...changed.details },
      findings: [...changed.findings, ...(verdict.findings ?? [])],
    };
  } catch (error) {
    return { ...verdict, ...untold(describeError(error)) };
  }
}

function untold(reason: string) {
  return { status: 'error', message: `The changed lines could not be judged: ${reason}` } as const;
}
