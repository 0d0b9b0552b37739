import { realpath } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import {
  errorAt,
  type Checkout,
  type Finding,
  type Gate,
  type TestRun,
  type Verdict,
} from '../gate.ts';
import { coverageFigures, type CoverageFigure, type CoverageThresholds } from '../names.ts';
import { percentOf } from '../judges/file-coverage.ts';
import { withChangedLines } from './changed-coverage.ts';
import { parseReport, relativeFile } from './reports.ts';
import { coverageScope, type CoverageScope } from './scope/coverage-scope.ts';
import { counted } from '../counted.ts';
import { busiestFolder } from './scope/sources.ts';
import { testVerdict } from './test.ts';
import { verdictOnEnd, withTestRun } from './tool-verdict.ts';
import { parseVitestReport } from './vitest-report.ts';

/**
 * Default coverage threshold in percent, for lines, statements, functions and branches. A run with a lower
 * threshold is reported as weakened.
 */
export const defaultCoverage = 85;

/** Coverage reaches the operator's thresholds, whatever thresholds the checkout sets itself. */
export const coverage: Gate = {
  name: 'coverage',
  check: (checkout) =>
    withTestRun(checkout, async (testRun) => {
      const problem = problemOf(checkout.directory, testRun);
      if (problem) return problem;
      // Vitest names files by their real paths.
      const directory = await realpath(checkout.directory).catch(() => checkout.directory);
      const measured = measuredFiles(directory, testRun);
      if (!measured) return unreadable;
      const scope = await scopeOf(checkout, { directory, testRun, measured });
      const verdict = coverageVerdict({ measured, scope, thresholds: checkout.thresholds });
      return withChangedLines(verdict, checkout, testRun);
    }),
};

/** The verdict on a run that says nothing about coverage. */
function problemOf(directory: string, testRun: TestRun): Verdict | undefined {
  const ended = verdictOnEnd('vitest', testRun.run);
  if (ended) return ended;
  if (testRun.coverageProblem) return testRun.coverageProblem;
  const tests = testVerdict(directory, testRun);
  if (tests.status !== 'error') return undefined;
  return {
    status: 'error',
    message: `Coverage was not measured, because the tests could not be run: ${tests.message}`,
  };
}

const unreadable: Verdict = {
  status: 'error',
  message: 'The coverage summary is missing or cannot be read.',
};

/** The figures of each file below the directory; undefined when there is no summary of a run. */
export function measuredFiles(
  directory: string,
  { coverageSummary, report }: TestRun,
): MeasuredFiles | undefined {
  const summary = parseReport(coverageSummary ?? '', summarySchema);
  if (!summary?.['total']) return undefined;
  const tests = new Set(parseVitestReport(report ?? '', directory)?.files);
  // Files from elsewhere and tests, which all run, would hide what is not covered.
  const files = Object.entries(summary)
    .filter(([file]) => file !== 'total' && !tests.has(file))
    .map(([file, counts]) => [relativeFile(directory, file), counts] as const)
    .filter(([file]) => !path.isAbsolute(file) && !file.split('/').includes('node_modules'));
  return new Map(files);
}

type MeasuredFiles = ReadonlyMap<string, Figures>;

async function scopeOf(
  checkout: Checkout,
  {
    directory,
    testRun,
    measured,
  }: {
    readonly directory: string;
    readonly testRun: TestRun;
    readonly measured: MeasuredFiles;
  },
): Promise<CoverageScope> {
  const root = await realpath(testRun.coverageRoot).catch(() => testRun.coverageRoot);
  return coverageScope({
    files: await checkout.files(),
    reported: new Set(measured.keys()),
    include: testRun.coverageInclude,
    root: path.relative(directory, root),
    readText: (file) => checkout.readReport(path.join(checkout.directory, file), 0),
  });
}

/** The verdict on the coverage of a run, calculated from the counts of its files. Failed tests are reported by the gate `test`. */
function coverageVerdict({
  measured,
  scope,
  thresholds,
}: {
  readonly measured: MeasuredFiles;
  readonly scope: CoverageScope;
  readonly thresholds: CoverageThresholds;
}): Verdict {
  const total = sumOf(measured);
  const { excluded, besides } = scope;
  const details: Record<string, number> = {
    files: measured.size,
    sources: scope.measured.length + excluded.length + besides.length,
    sourcesExcluded: excluded.length,
    sourcesBesides: besides.length,
  };
  for (const figure of coverageFigures) {
    details[figure] = percentOf(total[figure]);
    details[`${figure}Threshold`] = thresholds[figure];
  }
  if (total.lines.total === 0 || total.statements.total === 0) {
    return {
      status: 'failed',
      message: `Coverage was measured over no code at all: without a coverage.include it is that below src.${leftOut(scope)}`,
      details,
    };
  }
  if (excluded.length > scope.measured.length) {
    return {
      status: 'failed',
      message: `Coverage was measured over less than half of the sources.${leftOut(scope)} Include them, or name the files that count in .mosaic/gates.json (gates.coverage.include).`,
      details,
    };
  }
  const short = coverageFigures.filter((figure) => percentOf(total[figure]) < thresholds[figure]);
  const described = (figures: readonly CoverageFigure[]) =>
    figures.map((figure) => `${figure} ${percentOf(total[figure])} %`).join(', ');
  if (short.length > 0) {
    return {
      status: 'failed',
      message: `Below the threshold: ${short.map((figure) => `${described([figure])} of ${thresholds[figure]} %`).join(', ')}.${leftOut(scope)}`,
      details,
      findings: short.flatMap((figure) => findingsOf(measured, figure)),
    };
  }
  return {
    status: 'passed',
    message: `Covered: ${described(coverageFigures)}.${leftOut(scope)}`,
    details,
  };
}

/** What was not measured, as a sentence after others; empty when all was. */
function leftOut({ measured, excluded, besides }: CoverageScope): string {
  const missing = [...excluded, ...besides];
  if (missing.length === 0) return '';
  const all = counted(measured.length + missing.length, 'source file');
  return ` ${missing.length} of ${all} ${missing.length === 1 ? 'was' : 'were'} not measured, most in ${busiestFolder(missing)}.`;
}

/** The files that lack most, first. */
function findingsOf(measured: MeasuredFiles, figure: CoverageFigure): Finding[] {
  return [...measured]
    .map(([file, counts]) => ({ file, ...counts[figure] }))
    .filter(({ covered, total }) => covered < total)
    .sort((a, b) => b.total - b.covered - (a.total - a.covered))
    .map(({ file, covered, total }) =>
      errorAt(file, null, figure, `${covered} of ${total} ${figure} covered.`),
    );
}

function sumOf(measured: MeasuredFiles): Figures {
  const all = [...measured.values()];
  const sum = (figure: CoverageFigure) => ({
    covered: all.reduce((sum, counts) => sum + counts[figure].covered, 0),
    total: all.reduce((sum, counts) => sum + counts[figure].total, 0),
  });
  return {
    lines: sum('lines'),
    statements: sum('statements'),
    functions: sum('functions'),
    branches: sum('branches'),
  };
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
type Figures = z.infer<typeof figures>;
const summarySchema = z.record(z.string(), figures);
