import {
  coverageFigures,
  parseCoverageSummary,
  percent,
  type CoverageFigure,
  type CoverageSummary,
} from './coverage-summary.ts';
import type { CoverageThresholds, Finding, Gate, TestRun, Verdict } from '../gate.ts';
import { verdictOnEnd, withTestRun } from './tool-verdict.ts';

/**
 * Default coverage threshold in percent, for lines, statements, functions and branches. A run with a lower
 * threshold is reported as weakened.
 */
export const defaultCoverage = 85;

/** Coverage reaches the operator's thresholds, whatever thresholds the checkout sets itself. */
export const coverage: Gate = {
  name: 'coverage',
  check: (checkout) =>
    withTestRun(checkout, (testRun) =>
      coverageVerdict(checkout.directory, testRun, checkout.thresholds),
    ),
};

/** The verdict on the coverage of a run, calculated from its counts. Failed tests are reported by the gate `test`. */
export function coverageVerdict(
  directory: string,
  { run, coverageSummary, coverageProblem }: TestRun,
  thresholds: CoverageThresholds,
): Verdict {
  const ended = verdictOnEnd('vitest', run);
  if (ended) return ended;
  if (coverageProblem !== undefined) return { status: 'error', message: coverageProblem };
  const summary = parseCoverageSummary(coverageSummary ?? '', directory);
  if (!summary) {
    return { status: 'error', message: 'The coverage summary is missing or cannot be read.' };
  }
  const { total } = summary;
  const details: Record<string, number> = { files: summary.files.size };
  for (const figure of coverageFigures) {
    details[figure] = percent(total[figure]);
    details[`${figure}Threshold`] = thresholds[figure];
  }
  if (total.lines.total === 0 || total.statements.total === 0) {
    return {
      status: 'failed',
      message:
        'Coverage was measured over no code at all: without a coverage.include it is that below src.',
      details,
    };
  }
  const short = coverageFigures.filter((figure) => percent(total[figure]) < thresholds[figure]);
  const described = (figures: readonly CoverageFigure[]) =>
    figures.map((figure) => `${figure} ${percent(total[figure])} %`).join(', ');
  if (short.length > 0) {
    return {
      status: 'failed',
      message: `Below the threshold: ${short.map((figure) => `${described([figure])} of ${thresholds[figure]} %`).join(', ')}.`,
      details,
      findings: short.flatMap((figure) => findingsOf(summary, figure)),
    };
  }
  return { status: 'passed', message: `Covered: ${described(coverageFigures)}.`, details };
}

/** The files that lack most, first. */
function findingsOf({ files }: CoverageSummary, figure: CoverageFigure): Finding[] {
  return [...files]
    .map(([file, counts]) => ({ file, ...counts[figure] }))
    .filter(({ covered, total }) => covered < total)
    .sort((a, b) => b.total - b.covered - (a.total - a.covered))
    .map(({ file, covered, total }) => ({
      file,
      line: null,
      column: null,
      rule: figure,
      message: `${covered} of ${total} ${figure} covered.`,
      severity: 'error',
    }));
}
