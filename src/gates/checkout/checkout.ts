import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import type { CommandSettings } from '../command/command-environment.ts';
import { commandProgram, type Program } from '../command/command-program.ts';
import { toolEnvironment } from '../process/environment.ts';
import type { Checkout, CommandRequest, TestRun, Tool, ToolName } from '../gate.ts';
import type { BuiltInOptions } from '../gates-file/schema.ts';
import type { CoverageThresholds, GateName } from '../names.ts';
import { notStarted, processLimits, runProcess } from '../process/run-process.ts';
import type { Sandbox } from '../process/sandbox.ts';

/** Directories that the sandbox shows beside the scratch directories. */
export interface CheckoutPlaces {
  /** Working directory of the tools: the directory under check, or its place in a private copy. */
  readonly directory: string;
  readonly writable: readonly string[];
  readonly readOnly: readonly string[];
}

/** Parts that all gates of one run share. */
export interface CheckoutParts extends CheckoutPlaces {
  /** Directory of this run alone, outside of the checkout. */
  readonly privateDirectory: string;
  readonly origin: string;
  readonly root: string;
  readonly base: string | undefined;
  readonly thresholds: CoverageThresholds;
  readonly options: BuiltInOptions;
  readonly files: () => Promise<readonly string[]>;
  readonly sandbox: Sandbox;
  /** True to leave the network on for all that is run. */
  readonly network: boolean;
  readonly commands: CommandSettings;
  readonly findTool: (name: ToolName) => Promise<Tool>;
  readonly runTests: (checkout: Checkout) => Promise<TestRun>;
}

/** One gate that asks for its checkout. */
export interface GateRun {
  readonly gate: GateName;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Replaces the shared directory, for a gate that runs no tool. */
  readonly directory?: string;
}

/** Maximum bytes of a report; no project whose gates end in time writes more. */
const reportLimit = 64 * 1024 * 1024;
/** Maximum lag of the clock that stamps files: one tick. */
const clockLagMs = 20;

/** Creates the checkout of each gate; all share one run of the tests. */
export function createCheckouts(parts: CheckoutParts): (run: GateRun) => Promise<Checkout> {
  let tests: Promise<TestRun> | undefined;

  return async ({ gate, timeoutMs, signal, directory = parts.directory }) => {
    const { privateDirectory, origin, root, base, thresholds, options, files, sandbox } = parts;
    const settings = parts.commands;
    const deadline = performance.now() + timeoutMs;
    // A sandboxed tool sees the scratch directories of its own gate and no other's.
    const scratch = join(privateDirectory, 'gates', gate);
    const home = join(scratch, 'home');
    await mkdir(home, { recursive: true, mode: 0o700 });

    async function start(program: Program, ownTimeoutMs = Infinity) {
      return runProcess({
        ...sandbox.wrap({
          ...program,
          writable: [...parts.writable, scratch, ...program.writable],
          readOnly: [...parts.readOnly, ...program.readOnly],
        }),
        directory: program.directory,
        environment: program.environment,
        outputDirectory: await mkdtemp(join(privateDirectory, 'output-')),
        timeoutMs: Math.max(0, Math.min(ownTimeoutMs, deadline - performance.now())),
        signal,
        signalsAsExitCodes: sandbox.mode !== 'none',
        limits: { ...processLimits, memoryBytes: sandbox.memoryBytes },
      });
    }

    const run = (tool: Tool, args: readonly string[]) =>
      start({
        command: process.execPath,
        args: [tool.entry, ...args],
        directory,
        environment: toolEnvironment(home),
        writable: [],
        readOnly: [],
        network: parts.network,
      });

    async function runCommand(request: CommandRequest) {
      const network = parts.network || (request.network ?? false);
      const program = await commandProgram({ ...request, network }, { directory, settings });
      if (typeof program === 'string') return notStarted(program);
      return start(program, request.timeoutMs);
    }

    const checkout: Checkout = {
      directory,
      root,
      origin,
      base,
      thresholds,
      options,
      files,
      network: sandbox.mode === 'none' || parts.network,
      signal,
      run,
      runCommand,
      tool: parts.findTool,
      scratch: (name) => mkdtemp(join(scratch, `${name}-`)),
      readReport: (path, notBefore) =>
        readReport(path, { notBefore, within: [directory, scratch] }),
      testRun: () => (tests ??= parts.runTests(checkout)),
    };
    return checkout;
  };
}

/** Reads a report. The code under check may have put a link, a pipe or a foreign file in its place. */
async function readReport(
  path: string,
  { notBefore, within }: { readonly notBefore: number; readonly within: readonly string[] },
): Promise<string | undefined> {
  try {
    const parent = await realpath(dirname(path));
    const tops = await Promise.all(within.map((top) => realpath(top)));
    if (tops.every((top) => relative(top, parent).startsWith('..'))) return undefined;
    await using file = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > reportLimit) return undefined;
    if (stats.mtimeMs + clockLagMs < notBefore) return undefined;
    return await file.readFile('utf8');
  } catch {
    return undefined;
  }
}
