import { z } from 'zod';

import { errorAt, type Finding, type Gate, type TestRun, type Verdict } from '../gate.ts';
import { coverageFigures, type CoverageFigure, type CoverageThresholds } from '../names.ts';
import { verdictOnEnd, withTestRun } from './tool-verdict.ts';
import { parseReport, relativeFile } from './reports.ts';

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
    .map(({ file, covered, total }) =>
      errorAt(file, null, figure, `${covered} of ${total} ${figure} covered.`),
    );
}

type CoverageSummary = NonNullable<ReturnType<typeof parseCoverageSummary>>;

/** Reads `coverage-summary.json`; undefined for anything else. Files are relative to the checkout. */
function parseCoverageSummary(text: string, directory: string) {
  const summary = parseReport(text, summarySchema);
  const { total, ...files } = summary ?? {};
  if (!total) return undefined;
  const named = Object.entries(files).map(
    ([file, counts]) => [relativeFile(directory, file), counts] as const,
  );
  return { total, files: new Map(named) };
}

/** Percent covered, rounded down to hundredths so that 84.999 does not read as 85; 100 of nothing. */
function percent({ covered, total }: { covered: number; total: number }): number {
  return total === 0 ? 100 : Math.floor((covered / total) * 10_000) / 100;
}

const count = z.int().nonnegative();
const figure = z
  .object({ covered: count, total: count })
  .refine(({ covered, total }) => covered <= total);
const figures = z.object({
  lines: figure,
  statements: figure,
  functions: figure,
  branches: figure,
});
const summarySchema = z.record(z.string(), figures);
