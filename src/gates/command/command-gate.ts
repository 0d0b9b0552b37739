import { CoordinatorError } from '../../errors.ts';
import type { Checkout, Gate, Verdict } from '../gate.ts';
import { reportKinds, type CommandGate, type ReportKind } from '../gates-file/schema.ts';
import { readCobertura } from '../judges/cobertura.ts';
import { changesOf, judgeCoverage, type CoverageDemand } from '../judges/coverage.ts';
import { ofProject, type CoverageReport } from '../judges/file-coverage.ts';
import { judgeJunit } from '../judges/junit.ts';
import type { Judgement, JudgedReport } from '../judges/judgement.ts';
import { readLcov } from '../judges/lcov.ts';
import { judgeSarif } from '../judges/sarif.ts';
import { coverageFigures, type GateName } from '../names.ts';
import { coverageThresholds } from '../plan.ts';
import type { GatesOptions } from '../report.ts';
import { lastWords } from '../tools/tool-verdict.ts';
import { createCommandRuns, type CommandRun, type CommandRuns } from './command-runs.ts';
import { commandWords, couldNotRun, exitCodeVerdict } from './command-verdict.ts';

export interface CommandGatesRequest {
  /** All command gates of the gates file by name, also those that are not chosen. */
  readonly gates: ReadonlyMap<GateName, CommandGate>;
  /** Tells whether git tracks a file of the directory under check, where the commands run in place. */
  readonly isTracked: (path: string) => Promise<boolean>;
  /** Thresholds of the caller, which win. */
  readonly minCoverage: GatesOptions['minCoverage'];
}

/** Makes the gates of the commands of a gates file; those with `reportOf` share the run of another. */
export function commandGates(request: CommandGatesRequest): ReadonlyMap<GateName, Gate> {
  const runs = createCommandRuns(request.gates, request.isTracked);
  return new Map(
    [...request.gates].map(([name, gate]) => [
      name,
      { name, check: (checkout) => check(checkout, { name, gate, runs, ...request }) },
    ]),
  );
}

interface CheckedGate extends Pick<CommandGatesRequest, 'minCoverage'> {
  readonly name: GateName;
  readonly gate: CommandGate;
  readonly runs: CommandRuns;
}

async function check(checkout: Checkout, checked: CheckedGate): Promise<Verdict> {
  const { name, gate, runs } = checked;
  const report = reportOf(gate);
  const judgedBy = report === undefined ? 'exit_code' : 'report';
  try {
    const commandRun = await runs(checkout, gate.reportOf ?? name);
    const objection = couldNotRun(commandRun);
    if (objection !== undefined) return { ...objection, judgedBy };
    if (report === undefined) return { ...exitCodeVerdict(commandRun), judgedBy };
    return { ...(await reportVerdict(checkout, { ...checked, ...report }, commandRun)), judgedBy };
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    return { status: 'error', message: error.message, judgedBy };
  }
}

interface NamedReport {
  readonly kind: ReportKind;
  readonly file: string;
}

function reportOf(gate: CommandGate): NamedReport | undefined {
  return reportKinds.flatMap((kind) => {
    const file = gate[kind];
    return file === undefined ? [] : [{ kind, file }];
  })[0];
}

async function reportVerdict(
  checkout: Checkout,
  { kind, file, gate, minCoverage }: CheckedGate & NamedReport,
  { command, ranIn, run, reports }: CommandRun,
): Promise<Judgement> {
  const text = reports.get(file);
  if (text === undefined) {
    const message = `${commandWords(command)} ended with exit code ${run.exitCode} and left no report ${file} of this run: ${lastWords(run)}`;
    return { status: 'error', message };
  }
  const { directory } = checkout;
  const report: JudgedReport = {
    ...{ file, text, directory, ranIn },
    // The gate whose run it is judges the exit code.
    exitCode: gate.reportOf === undefined ? (run.exitCode ?? 0) : 0,
    files: new Set(await checkout.files()),
  };
  switch (kind) {
    case 'junit':
      return judgeJunit(report);
    case 'sarif':
      return judgeSarif(report, gate.level);
    case 'cobertura':
      return coverageVerdict(checkout, report, readCobertura(report), demandOf(gate, minCoverage));
    case 'lcov':
      return coverageVerdict(checkout, report, await readLcov(report), demandOf(gate, minCoverage));
  }
}

function demandOf(gate: CommandGate, minCoverage: GatesOptions['minCoverage']): CoverageDemand {
  const given = [gate.thresholds, minCoverage].filter((each) => typeof each === 'object');
  return {
    thresholds: coverageThresholds(minCoverage, gate.thresholds),
    named: coverageFigures.filter((name) => given.some((each) => each[name] !== undefined)),
    changed: gate.changed,
  };
}

async function coverageVerdict(
  checkout: Checkout,
  { file, exitCode }: JudgedReport,
  read: CoverageReport | string,
  demand: CoverageDemand,
): Promise<Judgement> {
  if (typeof read === 'string') return { status: 'error', message: `${file} ${read}` };
  const report = ofProject(read);
  const [elsewhere] = read.lines.keys();
  if (report.lines.size === 0 && elsewhere !== undefined) {
    const message = `${file} names no file of the project: ${elsewhere} is not in ${checkout.directory}.`;
    return { status: 'error', message };
  }
  const changes = demand.changed === undefined ? undefined : await changesOf(checkout);
  return judgeCoverage(report, { file, exitCode, demand, changes });
}
