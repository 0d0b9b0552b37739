import { constants } from 'node:os';
import { resolve } from 'node:path';
import { inspect } from 'node:util';

import type { Command } from 'commander';

import { ConfigError, CoordinatorError } from '../../errors.ts';
import type { GateResult, GateStatus } from '../../gates/gate.ts';
import { builtInGates } from '../../gates/names.ts';
import type { GatesOptions, GatesReport } from '../../gates/report.ts';
import { renderJunit } from './junit.ts';
import { gatesOptionsSchema, isDirectory, sandboxes, type GatesCommandOptions } from './options.ts';
import { openScreen } from './screen.ts';
import { renderResults, renderSummary } from './summary.ts';
import type { Io, Output } from '../io.ts';
import { parseOptions } from '../options.ts';
import { listenForStop, stopSignals } from '../listen-for-stop.ts';
import { painter, printJson, type Style } from '../output.ts';

export type RunGates = (options: GatesOptions) => Promise<GatesReport>;

/** `skipped` exits with 2: nothing was checked, so there is no verdict. */
const exitCodes: Record<GateStatus, number> = {
  passed: 0,
  failed: 1,
  error: 2,
  timeout: 2,
  skipped: 2,
};

const exitCodesHelp = `
Exit codes:
  0    every gate passed
  1    a gate failed: the checkout is at fault
  2    no verdict: an error, a timeout, or a wrong command line
  130  stopped by Ctrl-C (SIGINT); 143 by SIGTERM, 129 by SIGHUP`;

/** Adds `gates [dir]`; `end` receives the exit code. */
export function addGatesCommand(
  program: Command,
  io: Io,
  { runGates, end }: { readonly runGates: RunGates; readonly end: (exitCode: number) => void },
): void {
  program
    .command('gates')
    .description('check a directory: build, lint, test, coverage, and with --base integrity')
    .argument('[dir]', 'directory to check', '.')
    .option('--gate <names>', `only these, of ${builtInGates.join(', ')}`, collect)
    .option('--base <ref>', 'git ref that the integrity gate compares with')
    .option('--config-from <ref>', 'git ref to take the configuration of the tools from')
    .option('--min-coverage <percent>', 'for all figures, or lines=90,branches=80 (default: 85)')
    .option('--timeout <seconds>', 'deadline of one gate (default: 300)')
    .option('--sandbox <mode>', `${sandboxes.join(', ')} (auto: the strictest that works here)`)
    .option('--untrusted', 'the code is hostile: only in bwrap, with the tools of --tools-from')
    .option('--tools-from <dir>', 'directory whose node_modules holds the tools')
    .option('--json', 'the report as JSON')
    .option('--junit', 'the report as JUnit XML')
    .addHelpText('after', exitCodesHelp)
    .action(async (directory: string, given: unknown) =>
      end(await gates(io, { directory, given, runGates })),
    );
}

/** An option given several times collects all its names. */
function collect(names: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...names.split(',')];
}

export interface GatesRequest {
  readonly directory: string;
  /** Options from the command line, unchecked. */
  readonly given: unknown;
  readonly runGates: RunGates;
}

/** Runs the gates and prints the report; resolves to the exit code. */
export async function gates(io: Io, { directory, given, runGates }: GatesRequest): Promise<number> {
  const options = parseOptions(gatesOptionsSchema, given);
  if (!isDirectory(directory))
    throw new ConfigError('usage', `There is no directory ${directory}: name the one to check.`);
  const screen = openScreen(io);
  // Tools run in process groups of their own: a signal that ended this process would leave them behind.
  const stop = listenForStop(io.signal, () => screen.say('Stopping ...'));
  const finished: GateResult[] = [];
  const run = runGates({
    ...runOptions(options),
    directory: resolve(directory),
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind === 'finished') finished.push(event.result);
      screen.show(event);
    },
  });
  const [outcome] = await Promise.allSettled([run]);
  stop.release();
  screen.close();
  if (stop.signal.aborted) return reportStop(io, finished, stop.signal);
  if (outcome.status === 'rejected') {
    const error: unknown = outcome.reason;
    const text = error instanceof CoordinatorError ? error.message : inspect(error);
    io.stderr.write(`mosaic-coordinator: ${text}\n`);
    // Exit code 1 would blame the checkout.
    return exitCodes.error;
  }
  printReport(io, outcome.value, options);
  return exitCodes[outcome.value.verdict];
}

function runOptions(options: GatesCommandOptions): Omit<GatesOptions, 'directory'> {
  const { gate, base, configFrom, minCoverage, timeout, sandbox, untrusted, toolsFrom } = options;
  return {
    ...(gate === undefined ? {} : { gates: builtInGates.filter((name) => gate.includes(name)) }),
    ...(base === undefined ? {} : { base }),
    ...(configFrom === undefined ? {} : { configFrom }),
    ...(minCoverage === undefined ? {} : { minCoverage }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(toolsFrom === undefined ? {} : { toolsFrom: resolve(toolsFrom) }),
    untrusted,
  };
}

/** Writes to standard error alone: half a report on standard output could be taken for a whole one. */
function reportStop(io: Io, finished: readonly GateResult[], { reason }: AbortSignal): number {
  const name = stopSignals.find((signal) => signal === reason) ?? 'SIGINT';
  const results = builtInGates.flatMap((name) => finished.filter(({ gate }) => gate === name));
  if (results.length > 0) io.stderr.write(`${renderResults(results, styleFor(io, io.stderr))}\n`);
  io.stderr.write(`Stopped by ${name}: there is no verdict.\n`);
  return 128 + constants.signals[name];
}

function printReport(io: Io, report: GatesReport, { json, junit }: GatesCommandOptions): void {
  if (json) printJson(io, report);
  else if (junit) io.stdout.write(`${renderJunit(report)}\n`);
  else io.stdout.write(renderSummary(report, styleFor(io, io.stdout)));
}

const minWidth = 40;
const maxWidth = 134;

function styleFor(io: Io, output: Output): Style {
  const width = Math.min(maxWidth, Math.max(minWidth, output.columns ?? maxWidth));
  return { width, paint: painter(io, output) };
}
