import { errorAt, type Checkout, type Finding, type GateResult } from '../gate.ts';
import { coverageFigures, type CoverageFigure, type CoverageThresholds } from '../names.ts';
import {
  changedCoverage,
  changedLines,
  type ChangedCoverage,
  type ChangedLines,
} from './changed-lines.ts';
import {
  lineFigure,
  percentOf,
  totalsOf,
  type CoverageReport,
  type FileLines,
} from './file-coverage.ts';
import { counted } from '../counted.ts';
import { isTest } from '../tools/scope/sources.ts';
import type { Judgement } from './judgement.ts';

/** What a gate wants of coverage. */
export interface CoverageDemand {
  readonly thresholds: CoverageThresholds;
  /** Figures for which somebody named a threshold, so that the report must have them. */
  readonly named: readonly CoverageFigure[];
  /** Least percentage of the changed executable lines. */
  readonly changed: number | undefined;
}

/** Undefined without a base to compare with. */
export type Changes = ChangedLines | undefined;

/** The changed lines since the base of the run. Rejects when git cannot tell them. */
export async function changesOf({ origin, base, signal }: Checkout): Promise<Changes> {
  return base === undefined ? undefined : changedLines({ directory: origin, base, signal });
}

/**
 * The verdict on a report of coverage, calculated from its counts. Figures that the report lacks are not judged,
 * unless somebody named a threshold for them.
 */
export function judgeCoverage(
  report: CoverageReport,
  {
    file,
    exitCode,
    demand,
    changes,
  }: {
    readonly file: string;
    readonly exitCode: number;
    readonly demand: CoverageDemand;
    readonly changes: Changes;
  },
): Judgement {
  const totals = totalsOf(report);
  const present = coverageFigures.filter((name) => totals[name] !== undefined);
  const percentages = present.map((name) => [name, percentOf(totals[name] ?? nothing)] as const);
  const changed =
    demand.changed === undefined ? undefined : judgeChanged(report.lines, changes, demand.changed);
  const details = {
    files: report.lines.size,
    ...Object.fromEntries(
      percentages.flatMap(([name, percent]) => [
        [name, percent],
        [`${name}Threshold`, demand.thresholds[name]],
      ]),
    ),
    ...changed?.details,
  };
  if ((totals.lines?.total ?? 0) === 0)
    return { status: 'failed', message: 'Coverage was measured over no code at all.', details };
  const tests = [...report.lines.keys()].filter(isTest).length;
  if (tests === report.lines.size) {
    const message = 'Coverage was measured over tests alone: let the command measure the sources.';
    return { status: 'failed', message, details };
  }
  const missing = demand.named.find((name) => totals[name] === undefined);
  if (missing !== undefined) {
    const message = `${file} has no ${missing}: leave its threshold out, or let the command measure them.`;
    return { status: 'error', message, details };
  }
  const short = percentages.filter(([name, percent]) => percent < demand.thresholds[name]);
  const faults = [
    ...short.map(([name, percent]) => `${name} ${percent} % of ${demand.thresholds[name]} %`),
    ...(changed?.isShort === true ? [changed.words] : []),
  ];
  if (faults.length > 0) {
    const findings = [
      ...(changed?.findings ?? []),
      ...short.flatMap(([name]) => findingsOf(report, name)),
    ];
    return {
      status: 'failed',
      message: `Below the threshold: ${faults.join(', ')}.`,
      ...{ details, findings },
    };
  }
  if (exitCode !== 0) {
    const message = `The command ended with exit code ${exitCode} although the coverage suffices.`;
    return { status: 'failed', message, details };
  }
  const said = [
    ...percentages.map(([name, percent]) => `${name} ${percent} %`),
    ...(changed === undefined ? [] : [changed.words]),
  ];
  const measured = `${counted(report.lines.size, 'file')} measured${tests === 0 ? '' : `, ${tests} of them tests`}`;
  return { status: 'passed', message: `Covered: ${said.join(', ')}; ${measured}.`, details };
}

const nothing = { covered: 0, total: 0 };

export interface ChangedJudgement {
  readonly isShort: boolean;
  /** What a sentence about coverage says of the changed lines. */
  readonly words: string;
  readonly details: GateResult['details'];
  readonly findings: readonly Finding[];
}

/** Judges the coverage of the changed lines alone; `least` is a percentage. Nothing changed is said, and is not short. */
export function judgeChanged(lines: FileLines, changes: Changes, least: number): ChangedJudgement {
  if (changes === undefined) {
    const words = 'changed lines not judged, for want of a base to compare with (--base REF)';
    return { isShort: false, words, details: { changedThreshold: least }, findings: [] };
  }
  const coverage = changedCoverage(changes, lines);
  const { covered, executable, unmeasured } = coverage;
  const percent = percentOf({ covered, total: executable });
  const details = {
    ...{ changedLines: executable, changedCovered: covered, changedThreshold: least },
    ...{ changedFiles: coverage.files, changedFilesNotMeasured: unmeasured.length },
  };
  const rest =
    unmeasured.length === 0 ? '' : ` (${counted(unmeasured.length, 'changed file')} not measured)`;
  if (executable === 0) {
    const words = `no changed executable line${rest}`;
    return { isShort: false, words, details, findings: [] };
  }
  const isShort = percent < least;
  const of = isShort ? ` of ${least} %` : '';
  const words = `changed lines ${percent} %${of} (${covered} of ${executable})${rest}`;
  return { isShort, words, details, findings: isShort ? changedFindings(coverage) : [] };
}

function changedFindings({ missed }: ChangedCoverage): readonly Finding[] {
  return missed.map(({ file, line }) =>
    errorAt(file, line, 'changed-line', 'This changed line is not covered.'),
  );
}

/** The files that lack most, first. */
function findingsOf(report: CoverageReport, name: CoverageFigure): readonly Finding[] {
  return [...report.lines]
    .map(([file, lines]) => ({
      file,
      ...(name === 'lines' ? lineFigure(lines) : (report.figures.get(file)?.[name] ?? nothing)),
    }))
    .filter(({ covered, total }) => covered < total)
    .sort((a, b) => b.total - b.covered - (a.total - a.covered))
    .map(({ file, covered, total }) =>
      errorAt(file, null, name, `${covered} of ${total} ${name} covered.`),
    );
}
