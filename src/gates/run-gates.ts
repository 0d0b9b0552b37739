import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { describeError } from '../errors.ts';
import { runBaseTests } from './base-run.ts';
import { createCheckouts, type CheckoutParts, type GateRun } from './checkout/checkout.ts';
import { hashConfiguration } from './checkout/configuration.ts';
import type { Checkout, Gate, GateResult, GateStatus, TestRun, Verdict } from './gate.ts';
import type { GateName } from './names.ts';
import { GatesError } from './gates-error.ts';
import { gateResult } from './gate-result.ts';
import { integrity, type IntegrityOptions } from './integrity/integrity.ts';
import type { TestRuns } from './integrity/runs/run-findings.ts';
import { coverageThresholds, planGates, type GatesPlan } from './plan.ts';
import { prepareCheckout } from './checkout/prepare-checkout.ts';
import { withPrivateDirectory } from './checkout/private-directory.ts';
import type { GatesOptions, GatesReport, PlannedGate } from './report.ts';
import { isTracked, listFilesBelow, readRepository } from './checkout/repository.ts';
import { chooseGates, type ChosenGate } from './choose-gates.ts';
import { openCacheDirectory } from './command/cache-directory.ts';
import { callerEnvironment } from './command/caller-environment.ts';
import { commandGates, type CommandGatesRequest } from './command/command-gate.ts';
import { readGatesFile } from './gates-file/read-gates-file.ts';
import type { CommandGate, GatesFile } from './gates-file/schema.ts';
import { openSandbox } from './process/sandbox.ts';
import { createSemaphore } from './process/semaphore.ts';
import { build } from './tools/build.ts';
import { coverage, defaultCoverage } from './tools/coverage.ts';
import { createToolFinder } from './tools/find-tool.ts';
import { lint } from './tools/lint.ts';
import { listTests } from './tools/vitest-report.ts';
import { runTests, runTestsOnly } from './tools/test-run.ts';
import { test } from './tools/test.ts';

/** Every gate by name, except `integrity`, which needs a base ref. */
export const allGates = { build, lint, test, coverage };

/** The gates that a run consists of: `integrity` needs a base ref, the others only a checkout. */
export interface GateSet {
  readonly gates: Partial<Readonly<Record<GateName, Gate>>>;
  readonly integrity?: (base: string, options: IntegrityOptions) => Gate;
  /** Makes the gates of the commands of the gates file. */
  readonly commands?: (request: CommandGatesRequest) => ReadonlyMap<GateName, Gate>;
  readonly runTests: (checkout: Checkout) => Promise<TestRun>;
  /** The same without coverage, to compare what runs on the base. */
  readonly runTestsOnly?: (checkout: Checkout) => Promise<TestRun>;
}

/**
 * Runs the gates on a directory and resolves to the report, whatever the verdict. Rejects when the options
 * cannot be honoured; the message says what to do. Rejects with the reason of `signal` when that aborts
 * before the first gate starts.
 */
export const runGates: (options: GatesOptions) => Promise<GatesReport> = createRunGates({
  gates: allGates,
  integrity,
  commands: commandGates,
  runTests,
  runTestsOnly,
});

/** Creates `runGates` for a set of gates; all its runs share one semaphore. */
export function createRunGates(set: GateSet): (options: GatesOptions) => Promise<GatesReport> {
  const withSlot = createSemaphore();
  return async (options) => {
    const plan = await planGates(options);
    const stop = options.signal ?? new AbortController().signal;
    return withSlot({ limit: plan.concurrency, signal: stop }, () =>
      withPrivateDirectory((privateDirectory) =>
        check(set, { plan, stop, privateDirectory, options }),
      ),
    );
  };
}

/**
 * The order of running. Gates of one phase run side by side, on two cores. The tests take all cores, so they run
 * alone; commands run one after another, in the order of the gates file.
 */
function phasesOf(chosen: readonly ChosenGate[]): readonly (readonly ChosenGate[])[] {
  const builtIn = (...names: readonly GateName[]) =>
    chosen.filter(({ name, command }) => command === undefined && names.includes(name));
  const commands = chosen.filter(({ command }) => command !== undefined);
  return [
    builtIn('build', 'lint'),
    builtIn('test', 'coverage'),
    ...commands.map((gate) => [gate]),
    // Last, because it runs the tests of the base where those of the checkout have run.
    builtIn('integrity'),
  ];
}

/** Time for a gate to reach its verdict after its tools were stopped. */
const afterDeadlineMs = 2_500;

interface Check {
  readonly plan: GatesPlan;
  readonly stop: AbortSignal;
  readonly privateDirectory: string;
  readonly options: Pick<GatesOptions, 'onPlan' | 'onProgress'>;
}

async function check(
  set: GateSet,
  { plan, stop, privateDirectory, options: { onPlan, onProgress } }: Check,
): Promise<GatesReport> {
  const startedAt = new Date().toISOString();
  const started = performance.now();
  const overall = AbortSignal.timeout(plan.overallTimeoutMs);
  const signal = AbortSignal.any([stop, overall]);

  const caller = callerEnvironment();
  const { untrusted, toolsFrom, base, configFrom, findingsLimit } = plan;
  const repository = await readRepository(plan.directory, signal);
  const { file, from: gatesFile } = await readGatesFile({
    directory: plan.directory,
    repository,
    ref: configFrom ?? base,
    signal,
  });
  const { chosen, off } = chooseGates({ ...plan, names: plan.gates, file });
  const thresholds = coverageThresholds(plan.minCoverage, file.options.coverage.thresholds);
  const sandbox = await openSandbox(plan.sandbox, { privateDirectory, signal });
  await onPlan?.({
    commit: repository?.commit ?? null,
    dirty: repository?.dirty ?? null,
    sandbox: sandbox.mode,
    gates: chosen.map(plannedGate),
  });
  const prepared = await prepareCheckout({ plan, repository, privateDirectory, signal });
  const configHash = await hashConfiguration({
    ...prepared,
    options: {
      ...{ gates: chosen, thresholds, untrusted, toolsFrom, base, sandbox: sandbox.mode },
      ...{ install: file.install, build: file.build, options: file.options },
    },
    signal,
  });
  let files: Promise<readonly string[]> | undefined;
  const parts: CheckoutParts = {
    ...prepared,
    privateDirectory,
    origin: plan.directory,
    base,
    thresholds,
    options: file.options,
    files: () => (files ??= listFilesBelow(plan.directory, { repository, signal })),
    sandbox,
    network: plan.network,
    commands: {
      caller,
      passEnvironment: plan.passEnvironment,
      cacheDirectory: await openCacheDirectory({ caller, untrusted, privateDirectory }),
      home: join(privateDirectory, 'commands', 'home'),
      root: prepared.root,
      toolsFrom,
    },
    findTool: createToolFinder(plan),
    runTests: set.runTests,
  };
  const checkoutFor = createCheckouts(parts);
  const commands = set.commands?.({
    gates: commandsOf(file),
    isTracked: (path) =>
      prepared.isRepository ? isTracked(plan.directory, { path, signal }) : Promise.resolve(false),
  });
  const rename = (text: string) =>
    // A function as replacement: a path may contain `$&`.
    text.replaceAll(prepared.root, () => repository?.root ?? plan.directory);

  async function runGate(chosen: ChosenGate): Promise<GateResult> {
    const { name, asked, optional } = chosen;
    onProgress?.({ kind: 'started', gate: name });
    const gateStarted = performance.now();
    const verdict = ifUsed(asked, unlessStopped(await verdictOf(chosen)));
    const result = gateResult(verdict, {
      gate: name,
      counts: !optional && verdict.counts !== false,
      durationMs: Math.round(performance.now() - gateStarted),
      findingsLimit,
      rename,
    });
    onProgress?.({ kind: 'finished', gate: name, result });
    return result;
  }

  async function verdictOf(chosen: ChosenGate): Promise<Verdict> {
    if (signal.aborted) return { status: 'error', message: 'Not run.' };
    const { name, timeoutMs } = chosen;
    try {
      const run = { gate: name, timeoutMs, signal };
      // Integrity compares with the git history, which a private copy does not have.
      const checkout = await checkoutFor(
        name === 'integrity' ? { ...run, directory: plan.directory } : run,
      );
      const builtIn = name === 'integrity' ? integrityGate(checkout, run) : set.gates[name];
      const gate = chosen.command === undefined ? builtIn : commands?.get(name);
      if (gate === undefined) throw new GatesError('gates_options_invalid', `No gate ${name}.`);
      return await inTime(gate.check(checkout), run);
    } catch (error) {
      return { status: 'error', message: `The gate itself failed: ${describeError(error)}` };
    }
  }

  function integrityGate(checkout: Checkout, run: GateRun): Gate | undefined {
    const { allow, baseRun } = file.options.integrity;
    const { runTestsOnly } = set;
    const runsTests = chosen.some(({ name, command }) => name === 'test' && command === undefined);
    const testRuns: TestRuns | undefined =
      runTestsOnly && repository && runsTests && baseRun
        ? {
            head: async () => listTests((await checkout.testRun()).report ?? '', parts.directory),
            base: (commit) =>
              runBaseTests({
                ...{ parts, commit, run, runTests: runTestsOnly },
                ...{ root: repository.root, modulesFrom: prepared.root },
              }),
          }
        : undefined;
    return base === undefined
      ? undefined
      : set.integrity?.(base, { allow, ...(testRuns && { testRuns }) });
  }

  /** A gate stopped from outside is nobody's fault, whatever its own verdict. */
  function unlessStopped(verdict: Verdict): Verdict {
    if (!signal.aborted || verdict.status === 'passed' || verdict.status === 'failed')
      return verdict;
    if (stop.aborted) return { ...verdict, status: 'skipped', message: 'The check was stopped.' };
    const message = `The deadline over all gates, ${plan.overallTimeoutMs / 1_000} s, has passed.`;
    return { ...verdict, status: 'timeout', message };
  }

  const results: GateResult[] = [];
  for (const phase of phasesOf(chosen)) results.push(...(await all(phase.map(runGate))));
  const order = chosen.map(({ name }) => name);
  return {
    verdict: worst(results),
    gates: [
      ...results.toSorted((a, b) => order.indexOf(a.gate) - order.indexOf(b.gate)),
      ...off.map(switchedOff),
    ],
    directory: plan.directory,
    commit: repository?.commit ?? null,
    dirty: repository?.dirty ?? null,
    configHash,
    gatesFile,
    weakened: Object.values(thresholds).some((threshold) => threshold < defaultCoverage),
    sandbox: sandbox.mode,
    startedAt,
    durationMs: Math.round(performance.now() - started),
  };
}

function plannedGate({ name, asked, optional }: ChosenGate): PlannedGate {
  // Whoever names a base asks for integrity.
  return { gate: name, counts: optional ? false : asked || name === 'integrity' || 'maybe' };
}

/** Somebody asked for the gate, so a tool that the project does not use keeps it from a verdict. */
function ifUsed(asked: boolean, { counts, ...verdict }: Verdict): Verdict {
  if (counts === undefined) return verdict;
  return asked ? { ...verdict, status: 'error' } : { ...verdict, counts };
}

function switchedOff(name: GateName): GateResult {
  const verdict: Verdict = { status: 'skipped', message: 'Switched off in the gates file.' };
  const gate = { gate: name, counts: false, durationMs: 0, findingsLimit: 0 };
  return gateResult(verdict, { ...gate, rename: (text) => text });
}

/** The command gates of the file by name. */
function commandsOf({ gates }: GatesFile): ReadonlyMap<GateName, CommandGate> {
  return new Map(
    [...(gates ?? [])].flatMap(([name, entry]) =>
      entry.kind === 'command' ? [[name, entry.gate] as const] : [],
    ),
  );
}

/** The verdict, or `timeout` for a gate that does not settle although its tools were stopped. */
async function inTime(
  verdict: Promise<Verdict>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Verdict> {
  const settled = new AbortController();
  const late = async (): Promise<Verdict> => {
    const cut = AbortSignal.any([settled.signal, signal]);
    await delay(timeoutMs, undefined, { signal: cut }).catch(() => undefined);
    await delay(afterDeadlineMs, undefined, { signal: settled.signal });
    return { status: 'timeout', message: `No verdict within ${timeoutMs / 1_000} s.` };
  };
  const deadline = late();
  deadline.catch(() => undefined);
  try {
    return await Promise.race([verdict, deadline]);
  } finally {
    settled.abort();
  }
}

/** Waits for all, also when one rejects: no tool may still run when the private directory is removed. */
async function all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const worstFirst: readonly GateStatus[] = ['failed', 'error', 'timeout', 'skipped', 'passed'];

function worst(results: readonly GateResult[]): GateStatus {
  const counted = results.filter(({ counts }) => counts);
  return worstFirst.find((status) => counted.some((result) => result.status === status)) ?? 'error';
}
