import { constants } from 'node:os';
import { resolve } from 'node:path';
import { inspect } from 'node:util';

import type { Command } from 'commander';

import { ConfigError, CoordinatorError } from '../../errors.ts';
import { gateNames, type GateResult, type GateStatus } from '../../gates/gate.ts';
import type { GatesOptions, GatesReport } from '../../gates/report.ts';
import { renderJunit } from './junit.ts';
import { gatesOptionsSchema, isDirectory, sandboxes, type GatesCommandOptions } from './options.ts';
import { openScreen, type Screen } from './screen.ts';
import { renderResults, renderSummary, type SummaryStyle } from './summary.ts';
import type { Io, Output } from '../io.ts';
import { parseOptions } from '../list-options.ts';
import { painter, printJson } from '../output.ts';

export type RunGates = (options: GatesOptions) => Promise<GatesReport>;

/** A verdict of `skipped` is none: nothing was checked. */
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

/** `gates [dir]`; `end` is told the exit code. */
export function addGatesCommand(
  program: Command,
  io: Io,
  { runGates, end }: { readonly runGates: RunGates; readonly end: (exitCode: number) => void },
): void {
  program
    .command('gates')
    .description('check a directory: build, lint, test, coverage, and with --base integrity')
    .argument('[dir]', 'directory to check', '.')
    .option('--gate <names>', `only these, of ${gateNames.join(', ')}`, collect)
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

/** An option given several times adds up. */
function collect(names: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...names.split(',')];
}

export interface GatesRequest {
  readonly directory: string;
  /** As it stands on the command line. */
  readonly given: unknown;
  readonly runGates: RunGates;
}

/** Runs the gates and tells of them; resolves to the exit code. */
export async function gates(io: Io, { directory, given, runGates }: GatesRequest): Promise<number> {
  const options = parseOptions(gatesOptionsSchema, given);
  if (!isDirectory(directory))
    throw new ConfigError('usage', `There is no directory ${directory}: name the one to check.`);
  const screen = openScreen(io);
  const stop = listenForStop(io.signal, screen);
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
  if (stop.signal.aborted) return tellStopped(io, finished, stop.signal);
  if (outcome.status === 'rejected') return tellTrouble(io, outcome.reason);
  tell(io, outcome.value, options);
  return exitCodes[outcome.value.verdict];
}

function runOptions(options: GatesCommandOptions): Omit<GatesOptions, 'directory'> {
  const { gate, base, configFrom, minCoverage, timeout, sandbox, untrusted, toolsFrom } = options;
  return {
    ...(gate === undefined ? {} : { gates: gateNames.filter((name) => gate.includes(name)) }),
    ...(base === undefined ? {} : { base }),
    ...(configFrom === undefined ? {} : { configFrom }),
    ...(minCoverage === undefined ? {} : { minCoverage }),
    ...(timeout === undefined ? {} : deadlines(timeout * 1_000)),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(toolsFrom === undefined ? {} : { toolsFrom: resolve(toolsFrom) }),
    untrusted,
  };
}

/** Build beside lint, then the tests, which may run once more without coverage: the deadline over all comes last. */
function deadlines(timeoutMs: number): Pick<GatesOptions, 'timeoutMs' | 'overallTimeoutMs'> {
  return { timeoutMs, overallTimeoutMs: 3 * timeoutMs };
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Until released no signal ends this process: it would leave the tools behind, which are in process groups
 * of their own. Aborting ends them, and then this.
 */
function listenForStop(outside: AbortSignal | undefined, screen: Screen) {
  const stop = new AbortController();
  const abort = (name: NodeJS.Signals) => {
    if (!stop.signal.aborted) screen.say('Stopping ...');
    stop.abort(name);
  };
  for (const name of stopSignals) process.on(name, abort);
  return {
    signal: outside === undefined ? stop.signal : AbortSignal.any([outside, stop.signal]),
    release: () => stopSignals.forEach((name) => process.off(name, abort)),
  };
}

/** Says it on standard error alone: half a report on standard output could be taken for a whole one. */
function tellStopped(io: Io, finished: readonly GateResult[], { reason }: AbortSignal): number {
  const name = stopSignals.find((signal) => signal === reason) ?? 'SIGINT';
  const results = gateNames.flatMap((name) => finished.filter(({ gate }) => gate === name));
  if (results.length > 0) io.stderr.write(`${renderResults(results, styleFor(io, io.stderr))}\n`);
  io.stderr.write(`Stopped by ${name}: there is no verdict.\n`);
  return 128 + constants.signals[name];
}

/** Exit code 1 would blame the checkout. */
function tellTrouble(io: Io, error: unknown): number {
  const known = error instanceof CoordinatorError;
  const text = known ? error.message : inspect(error);
  io.stderr.write(`mosaic-coordinator: ${text}\n`);
  return exitCodes.error;
}

function tell(io: Io, report: GatesReport, { json, junit }: GatesCommandOptions): void {
  if (json) printJson(io, report);
  else if (junit) io.stdout.write(`${renderJunit(report)}\n`);
  else io.stdout.write(renderSummary(report, styleFor(io, io.stdout)));
}

const narrowest = 40;
const widest = 134;

function styleFor(io: Io, output: Output): SummaryStyle {
  const width = Math.min(widest, Math.max(narrowest, output.columns ?? widest));
  return { width, paint: painter(io, output) };
}
