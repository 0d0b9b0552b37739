import { join } from 'node:path';

import type { Checkout, Gate, Verdict } from '../gate.ts';
import { reportKinds, type CommandGate, type ReportKind } from '../gates-file/schema.ts';
import { judgeJunit } from '../judges/junit.ts';
import type { Judgement, JudgedReport } from '../judges/judgement.ts';
import type { GateName } from '../names.ts';
import { lastWords } from '../tools/tool-verdict.ts';
import { createCommandRuns, ReportUnusable, type CommandRun } from './command-runs.ts';
import { commandWords, couldNotRun, exitCodeVerdict } from './command-verdict.ts';

export interface CommandGatesRequest {
  /** All command gates of the gates file by name, also those that are not chosen. */
  readonly gates: ReadonlyMap<GateName, CommandGate>;
  /** Tells whether git tracks a file of the directory under check, where the commands run in place. */
  readonly isTracked: (path: string) => Promise<boolean>;
}

/** Makes the gates of the commands of a gates file; those with `reportOf` share the run of another. */
export function commandGates(request: CommandGatesRequest): ReadonlyMap<GateName, Gate> {
  const runs = createCommandRuns(request.gates, request.isTracked);
  return new Map(
    [...request.gates].map(([name, gate]) => [
      name,
      { name, check: (checkout) => check(checkout, gate, runs, name) },
    ]),
  );
}

async function check(
  checkout: Checkout,
  gate: CommandGate,
  runs: ReturnType<typeof createCommandRuns>,
  name: GateName,
): Promise<Verdict> {
  const report = reportOf(gate);
  const judgedBy = report === undefined ? 'exit_code' : 'report';
  try {
    const commandRun = await runs(checkout, gate.reportOf ?? name);
    const objection = couldNotRun(commandRun);
    if (objection !== undefined) return { ...objection, judgedBy };
    if (report === undefined) return { ...exitCodeVerdict(commandRun), judgedBy };
    return { ...(await reportVerdict(checkout, report, commandRun)), judgedBy };
  } catch (error) {
    if (!(error instanceof ReportUnusable)) throw error;
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
  { kind, file }: NamedReport,
  { command, ranIn, run }: CommandRun,
): Promise<Judgement> {
  const text = await checkout.readReport(join(ranIn, file), run.startedAt);
  if (text === undefined) {
    const message = `${commandWords(command)} ended with exit code ${run.exitCode} and left no report ${file} of this run: ${lastWords(run)}`;
    return { status: 'error', message };
  }
  const files = new Set(await checkout.files());
  const { directory } = checkout;
  return judges[kind]({ file, text, run, directory, ranIn, files });
}

const judges: Record<ReportKind, (report: JudgedReport) => Judgement> = {
  junit: judgeJunit,
  cobertura: notYet,
  lcov: notYet,
  sarif: notYet,
};

function notYet({ file }: JudgedReport): Judgement {
  return { status: 'error', message: `${file} cannot be judged yet.` };
}
