import { constants } from 'node:os';
import { resolve } from 'node:path';
import { inspect } from 'node:util';

import { CoordinatorError } from '../../errors.ts';
import type { GateResult, GateStatus } from '../../gates/gate.ts';
import { builtInGates } from '../../gates/names.ts';
import { defaultFindingsLimit } from '../../gates/plan.ts';
import type { GatesOptions, GatesReport } from '../../gates/report.ts';
import type { Io, Output } from '../io.ts';
import { listenForStop, stopSignals } from '../listen-for-stop.ts';
import { painter, type Style } from '../output.ts';
import { renderAnnotations } from './annotations.ts';
import { ciJobOf, withoutCommands } from './ci.ts';
import { outputFormats, type GatesCommandOptions } from './options.ts';
import { clearOutputs, limitFindings, renderOutput, writeOutputs } from './outputs.ts';
import { openScreen } from './screen.ts';
import { renderResults, renderSummary } from './summary.ts';
import { writeBaseline } from './write-baseline.ts';

export type RunGates = (options: GatesOptions) => Promise<GatesReport>;

/** `skipped` exits with 2: nothing was checked, so there is no verdict. */
const exitCodes: Record<GateStatus, number> = {
  passed: 0,
  failed: 1,
  error: 2,
  timeout: 2,
  skipped: 2,
};

/** Maximum findings of a gate with `--all`, and those that are counted without it. */
const maxFindings = 10_000;
/** Maximum findings that a baseline can take of a gate: it needs all. */
const maxKnownFindings = 1_000_000;

interface Run {
  readonly directory: string;
  readonly options: GatesCommandOptions;
  readonly runGates: RunGates;
}

/** Runs the gates and prints the report; resolves to the exit code. */
export async function runAndReport(io: Io, { directory, options, runGates }: Run): Promise<number> {
  const job = ciJobOf(io.environment());
  const shown = job.kind === undefined ? io : withoutCommands(io);
  clearOutputs(options.output);
  const statuses = options.status
    ? (await import('./open-statuses.ts')).openStatuses(io, { job, options })
    : undefined;
  const screen = openScreen(shown);
  // Tools run in process groups of their own: a signal that ended this process would leave them behind.
  const stop = listenForStop(io.signal, () => screen.say('Stopping ...'));
  const finished: GateResult[] = [];
  const run = runGates({
    ...runOptions(options),
    directory,
    signal: stop.signal,
    ...(statuses === undefined ? {} : { onPlan: (plan) => statuses.begin(plan, stop.signal) }),
    onProgress: (event) => {
      if (event.kind === 'finished') finished.push(event.result);
      screen.show(event);
    },
  });
  const [outcome] = await Promise.allSettled([run]);
  stop.release();
  screen.close();
  try {
    if (stop.signal.aborted) {
      const code = reportStop(shown, finished, stop.signal);
      await statuses?.abandon('The check was stopped.');
      return code;
    }
    if (outcome.status === 'rejected') {
      // Exit code 1 would blame the checkout.
      sayError(shown, outcome.reason);
      await statuses?.abandon('The gates could not be run.');
      return exitCodes.error;
    }
    const report = outcome.value;
    if (options.writeBaseline) {
      shown.stdout.write(`${renderResults(report.gates, styleFor(shown, shown.stdout))}\n`);
      writeBaseline(shown, report);
      return exitCodes.passed;
    }
    printReport({ io, shown }, report, options);
    const annotated = options.annotations === 'auto' ? job.kind : options.annotations;
    // On standard error, where they do not mix with a report; a CI job reads both.
    if (annotated !== undefined) io.stderr.write(renderAnnotations(annotated, report));
    await statuses?.finish(report);
    return exitCodes[report.verdict];
  } catch (error) {
    sayError(shown, error);
    return exitCodes.error;
  } finally {
    await statuses?.close();
  }
}

function runOptions(options: GatesCommandOptions): Omit<GatesOptions, 'directory'> {
  const { gate, base, configFrom, minCoverage, timeout, sandbox, untrusted, toolsFrom } = options;
  const { install, passEnv, network } = options;
  return {
    ...(gate === undefined ? {} : { gates: gate }),
    ...(base === undefined ? {} : { base }),
    ...(configFrom === undefined ? {} : { configFrom }),
    ...(minCoverage === undefined ? {} : { minCoverage }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(toolsFrom === undefined ? {} : { toolsFrom: resolve(toolsFrom) }),
    ...(passEnv === undefined ? {} : { passEnvironment: passEnv }),
    ...{ untrusted, install, network },
    ...(options.writeBaseline
      ? { ignoreBaseline: true, findingsLimit: maxKnownFindings }
      : { findingsLimit: maxFindings }),
  };
}

function sayError(io: Io, error: unknown): void {
  const text = error instanceof CoordinatorError ? error.message : inspect(error);
  io.stderr.write(`mosaic-coordinator: ${text}\n`);
}

/** Writes to standard error alone: half a report on standard output could be taken for a whole one. */
function reportStop(io: Io, finished: readonly GateResult[], { reason }: AbortSignal): number {
  const name = stopSignals.find((signal) => signal === reason) ?? 'SIGINT';
  if (finished.length > 0)
    io.stderr.write(`${renderResults(inOrder(finished), styleFor(io, io.stderr))}\n`);
  io.stderr.write(`Stopped by ${name}: there is no verdict.\n`);
  return 128 + constants.signals[name];
}

/** The built-in gates come first, as in a report. */
function inOrder(results: readonly GateResult[]): readonly GateResult[] {
  const place = ({ gate }: GateResult) => {
    const index = builtInGates.findIndex((name) => name === gate);
    return index === -1 ? builtInGates.length : index;
  };
  return results.toSorted((a, b) => place(a) - place(b));
}

interface Streams {
  readonly io: Io;
  /** The same for texts of tools and tests, which could be taken for commands of a CI job. */
  readonly shown: Io;
}

function printReport(
  { io, shown }: Streams,
  report: GatesReport,
  options: GatesCommandOptions,
): void {
  const bounded = options.all ? report : limitFindings(report, defaultFindingsLimit);
  const format = outputFormats.find((name) => options[name]);
  if (format !== undefined) io.stdout.write(renderOutput(format, bounded));
  else {
    const style = { ...styleFor(shown, shown.stdout), all: options.all };
    shown.stdout.write(renderSummary(report, style));
  }
  writeOutputs(options.output, bounded);
}

const minWidth = 40;
const maxWidth = 134;

function styleFor(io: Io, output: Output): Style {
  const width = Math.min(maxWidth, Math.max(minWidth, output.columns ?? maxWidth));
  return { width, paint: painter(io, output) };
}
