import { testRunsOf } from './base-run.ts';
import { hasBaseline, readBaseline, withBaseline } from './baseline/with-baseline.ts';
import { createCheckouts, type CheckoutParts, type GateRun } from './checkout/checkout.ts';
import { hashConfiguration } from './checkout/configuration.ts';
import type { Checkout, Gate, GateResult, GateStatus, TestRun } from './gate.ts';
import { createGateRunner, leftOut } from './gate-runner.ts';
import type { CoverageThresholds, GateName } from './names.ts';
import type { IntegrityOptions } from './integrity/integrity.ts';
import { coverageThresholds, planGates, type GatesPlan } from './plan.ts';
import { prepareCheckout, type PreparedCheckout } from './checkout/prepare-checkout.ts';
import { withPrivateDirectory } from './checkout/private-directory.ts';
import type { GatesOptions, GatesReport, PlannedGate } from './report.ts';
import {
  isTracked,
  listFilesBelow,
  readRepository,
  type Repository,
} from './checkout/repository.ts';
import { chooseGates, type ChosenGate } from './choose-gates.ts';
import type { CommandGatesRequest } from './command/command-gate.ts';
import { callerEnvironment, hideValues } from './command/caller-environment.ts';
import { openCommands } from './command/open-commands.ts';
import { prepareGate, prepareName } from './command/prepare.ts';
import { chosenSteps, overallDeadlineMs, plannedSteps, type ChosenSteps } from './chosen-steps.ts';
import { readGatesFile, readProjectFile } from './gates-file/read-gates-file.ts';
import { commandsOf, type GatesFile } from './gates-file/schema.ts';
import { runPhases, runSteps } from './phases.ts';
import { startDeadline } from './process/deadline.ts';
import { openSandbox } from './process/sandbox.ts';
import { createSemaphore } from './process/semaphore.ts';
import { build } from './tools/build.ts';
import { coverage, defaultCoverage } from './tools/coverage.ts';
import { createToolFinder } from './tools/find-tool.ts';
import { lint } from './tools/lint.ts';
import { runTests, runTestsOnly } from './tools/test-run.ts';
import { test } from './tools/test.ts';

/** Every gate by name, except `integrity`, which needs a base ref. */
export const allGates = { build, lint, test, coverage };

/** The gates that a run consists of: `integrity` needs a base ref, the others only a checkout. */
export interface GateSet {
  readonly gates: Partial<Readonly<Record<GateName, Gate>>>;
  readonly integrity?: (base: string, options: IntegrityOptions) => Gate;
  /** Makes the gates of the commands of the gates file. */
  readonly commands?: (request: CommandGatesRequest) => Promise<ReadonlyMap<GateName, Gate>>;
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
  // Loaded by the runs that need them: few do, and their parsers take long to load.
  integrity: (base, options) => ({
    name: 'integrity',
    check: async (checkout) =>
      (await import('./integrity/integrity.ts')).integrity(base, options).check(checkout),
  }),
  commands: async (request) => (await import('./command/command-gate.ts')).commandGates(request),
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
      withPrivateDirectory(
        (privateDirectory) => check(set, { plan, stop, privateDirectory, options }),
        plan.workDirectory,
      ),
    );
  };
}

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
  const { untrusted, toolsFrom, base, configFrom } = plan;
  const repository = await readRepository(plan.directory, stop);
  const source = {
    directory: plan.directory,
    repository,
    ref: configFrom ?? base,
    signal: stop,
  };
  const { file, from: gatesFile } = plan.gatesFile ?? (await readGatesFile(source));
  const baseline = plan.ignoreBaseline ? undefined : await readBaseline(source);
  const { chosen, off } = chooseGates({ ...plan, names: plan.gates, file });
  const steps = chosenSteps(file, plan);
  const overallTimeoutMs = overallDeadlineMs(plan, { chosen, steps });
  using deadline = startDeadline(overallTimeoutMs, stop);
  const { signal } = deadline;
  const thresholds = coverageThresholds(plan.minCoverage, file.options.coverage.thresholds);
  const sandbox = await openSandbox(plan.sandbox, {
    ...{ privateDirectory, signal, limits: plan.limits },
  });
  await onPlan?.({
    commit: repository?.commit ?? null,
    dirty: repository?.dirty ?? null,
    sandbox: sandbox.mode,
    gates: [...plannedSteps(steps), ...chosen.map(plannedGate)],
  });
  const prepared = await prepareCheckout({
    ...{ plan, repository, privateDirectory, signal },
    steps: steps.kind,
  });
  const configHash = await hashConfiguration({
    ...prepared,
    options: {
      ...{ gates: chosen, thresholds, untrusted, toolsFrom, base, sandbox: sandbox.mode },
      ...{ install: file.install, build: file.build, options: file.options },
      ...{ installs: plan.install, network: plan.network },
    },
    signal,
  });
  const parts: CheckoutParts = {
    ...prepared,
    ...{ privateDirectory, thresholds, sandbox, runTests: set.runTests },
    ...(await sharedParts({ plan, file, repository, prepared, privateDirectory, steps, signal })),
  };
  const ofFile = commandsOf(file);
  const commands =
    ofFile.size > 0
      ? await set.commands?.({
          gates: ofFile,
          minCoverage: plan.minCoverage,
          isTracked: (path) =>
            prepared.isRepository
              ? isTracked(plan.directory, { path, signal })
              : Promise.resolve(false),
        })
      : undefined;
  const hide = hideValues(plan.passEnvironment, callerEnvironment());
  let isPrepared = true;
  const runGate = createGateRunner({
    checkoutFor: createCheckouts(parts),
    gateOf({ name, command }, checkout, run) {
      if (name === prepareName) return prepareGate(steps);
      const builtIn = name === 'integrity' ? integrityGate(checkout, run) : set.gates[name];
      const gate = command === undefined ? builtIn : commands?.get(name);
      return gate !== undefined && hasBaseline(file, name) ? withBaseline(gate, baseline) : gate;
    },
    origin: plan.directory,
    findingsLimit: plan.findingsLimit,
    // A function as replacement: a path may contain `$&`.
    rename: (text) =>
      hide(text.replaceAll(prepared.root, () => repository?.root ?? plan.directory)),
    ...{ stop, signal, overallTimeoutMs, onProgress },
  });

  function integrityGate(checkout: Checkout, run: GateRun): Gate | undefined {
    const { allow, baseRun } = file.options.integrity;
    const { runTestsOnly } = set;
    const runsTests = chosen.some(({ name, command }) => name === 'test' && command === undefined);
    const testRuns =
      runTestsOnly && repository && runsTests && baseRun && isPrepared
        ? testRunsOf(checkout, {
            ...{ parts, run, runTests: runTestsOnly },
            ...{ root: repository.root, modulesFrom: prepared.root },
          })
        : undefined;
    return base === undefined
      ? undefined
      : set.integrity?.(base, { allow, ...(testRuns && { testRuns }) });
  }

  const preparation = await runSteps(runGate, steps);
  isPrepared = preparation.every(({ counts, passed }) => !counts || passed);
  const results = [...preparation, ...(await runPhases(runGate, { chosen, isPrepared }))];
  const order = [prepareName, ...chosen.map(({ name }) => name)];
  return {
    verdict: worst(results),
    gates: [
      ...results.toSorted((a, b) => order.indexOf(a.gate) - order.indexOf(b.gate)),
      ...off.map((name) => leftOut(name, 'Switched off in the gates file.')),
    ],
    directory: plan.directory,
    commit: repository?.commit ?? null,
    dirty: repository?.dirty ?? null,
    configHash,
    gatesFile,
    weakened: isWeakened(thresholds, { chosen, plan }),
    sandbox: sandbox.mode,
    startedAt,
    durationMs: Math.round(performance.now() - started),
  };
}

interface SharedPartsRequest {
  readonly plan: GatesPlan;
  readonly file: GatesFile;
  readonly repository: Repository | undefined;
  readonly prepared: PreparedCheckout;
  readonly privateDirectory: string;
  readonly steps: ChosenSteps;
  readonly signal: AbortSignal;
}

/** What the checkouts of all gates share by the options of the run. */
async function sharedParts(request: SharedPartsRequest) {
  const { plan, file, repository, prepared, privateDirectory, steps, signal } = request;
  const { keepDownloads, toolsFrom, base, configFrom, passEnvironment, network } = plan;
  let files: Promise<readonly string[]> | undefined;
  return {
    ...{ origin: plan.directory, base, network, options: file.options },
    files: () => (files ??= listFilesBelow(plan.directory, { repository, signal })),
    commands: await openCommands({
      ...{ keepDownloads, toolsFrom, privateDirectory, root: prepared.root, passEnvironment },
    }),
    // Steps that install put the tools into the copy.
    findTool: createToolFinder({
      directory: steps.kind === 'installs' ? prepared.directory : plan.directory,
      toolsFrom,
      baseManifest: async () => {
        const [ref, path] = [configFrom ?? base, 'package.json'];
        if (ref === undefined) return undefined;
        return (await readProjectFile({ ...plan, repository, signal, ref, path })).text;
      },
    }),
  };
}

function plannedGate({ name, asked, optional }: ChosenGate): PlannedGate {
  // Whoever names a base asks for integrity.
  return { gate: name, counts: optional ? false : asked || name === 'integrity' || 'maybe' };
}

/** True when a gate of this run wants less coverage than by default. */
function isWeakened(
  thresholds: CoverageThresholds,
  { chosen, plan }: { readonly chosen: readonly ChosenGate[]; readonly plan: GatesPlan },
): boolean {
  const ofCommands = chosen.flatMap(({ command }) =>
    command?.thresholds === undefined
      ? []
      : Object.values(coverageThresholds(plan.minCoverage, command.thresholds)),
  );
  return [...Object.values(thresholds), ...ofCommands].some((each) => each < defaultCoverage);
}

const worstFirst: readonly GateStatus[] = ['failed', 'error', 'timeout', 'skipped', 'passed'];

function worst(results: readonly GateResult[]): GateStatus {
  const counted = results.filter(({ counts }) => counts);
  return worstFirst.find((status) => counted.some((result) => result.status === status)) ?? 'error';
}
