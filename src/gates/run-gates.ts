import { setTimeout as delay } from 'node:timers/promises';

import { describeError } from '../errors.ts';
import { createCheckouts } from './checkout/checkout.ts';
import { hashConfiguration } from './checkout/configuration.ts';
import {
  gateNames,
  GatesError,
  type Checkout,
  type Gate,
  type GateName,
  type GateResult,
  type GateStatus,
  type TestRun,
  type Verdict,
} from './gate.ts';
import { gateResult } from './gate-result.ts';
import { integrity } from './integrity/integrity.ts';
import { planGates, type GatesPlan } from './plan.ts';
import { prepareCheckout } from './checkout/prepare-checkout.ts';
import { withPrivateDirectory } from './checkout/private-directory.ts';
import type { GatesOptions, GatesReport } from './report.ts';
import { readRepository } from './checkout/repository.ts';
import { openSandbox } from './process/sandbox.ts';
import { createSemaphore } from './process/semaphore.ts';
import { build } from './tools/build.ts';
import { coverage, defaultCoverage } from './tools/coverage.ts';
import { createToolFinder } from './tools/find-tool.ts';
import { lint } from './tools/lint.ts';
import { runTests } from './tools/test-run.ts';
import { test } from './tools/test.ts';

export type { Finding, GateName, GateResult, GateStatus } from './gate.ts';
export type { GateProgress, GatesOptions, GatesReport, SandboxMode } from './report.ts';

/** Every gate by name, except `integrity`, which needs a base ref. */
export const allGates = { build, lint, test, coverage };

/** The gates that a run consists of: `integrity` needs a base ref, the others only a checkout. */
export interface GateSet {
  readonly gates: Partial<Readonly<Record<GateName, Gate>>>;
  readonly integrity?: (base: string) => Gate;
  readonly runTests: (checkout: Checkout) => Promise<TestRun>;
}

/**
 * Runs the gates on a directory and resolves to the report, whatever the verdict. Rejects when the options
 * cannot be honoured; the message says what to do. Rejects with the reason of `signal` when that aborts
 * before the first gate starts.
 */
export const runGates: (options: GatesOptions) => Promise<GatesReport> = createRunGates({
  gates: allGates,
  integrity,
  runTests,
});

/** Creates `runGates` for a set of gates; all its runs share one semaphore. */
export function createRunGates(set: GateSet): (options: GatesOptions) => Promise<GatesReport> {
  const withSlot = createSemaphore();
  return async (options) => {
    const plan = await planGates(options);
    const stop = options.signal ?? new AbortController().signal;
    return withSlot({ limit: plan.concurrency, signal: stop }, () =>
      withPrivateDirectory((privateDirectory) =>
        check(set, { plan, stop, privateDirectory, onProgress: options.onProgress }),
      ),
    );
  };
}

/** Gates of one phase run in parallel, on two cores. The tests take all cores, so they run alone. */
const phases: readonly (readonly GateName[])[] = [
  ['build', 'lint', 'integrity'],
  ['test', 'coverage'],
];

/** Time for a gate to reach its verdict after its tools were stopped. */
const afterDeadlineMs = 2_500;

interface Check {
  readonly plan: GatesPlan;
  readonly stop: AbortSignal;
  readonly privateDirectory: string;
  readonly onProgress: GatesOptions['onProgress'];
}

async function check(
  set: GateSet,
  { plan, stop, privateDirectory, onProgress }: Check,
): Promise<GatesReport> {
  const startedAt = new Date().toISOString();
  const started = performance.now();
  const overall = AbortSignal.timeout(plan.overallTimeoutMs);
  const signal = AbortSignal.any([stop, overall]);

  const repository = await readRepository(plan.directory, signal);
  const sandbox = await openSandbox(plan.sandbox, { privateDirectory, signal });
  const prepared = await prepareCheckout({ plan, repository, privateDirectory, signal });
  const { gates, thresholds, untrusted, toolsFrom, base } = plan;
  const configHash = await hashConfiguration({
    ...prepared,
    options: { gates, thresholds, untrusted, toolsFrom, base, sandbox: sandbox.mode },
    signal,
  });
  const checkoutFor = createCheckouts({
    ...prepared,
    privateDirectory,
    thresholds,
    sandbox,
    findTool: createToolFinder(plan),
    runTests: set.runTests,
  });
  const rename = (text: string) =>
    // A function as replacement: a path may contain `$&`.
    text.replaceAll(prepared.root, () => repository?.root ?? plan.directory);

  async function runGate(name: GateName): Promise<GateResult> {
    onProgress?.({ kind: 'started', gate: name });
    const gateStarted = performance.now();
    const verdict = unlessStopped(await verdictOf(name));
    const durationMs = Math.round(performance.now() - gateStarted);
    const result = gateResult(verdict, { gate: name, durationMs, rename });
    onProgress?.({ kind: 'finished', gate: name, result });
    return result;
  }

  async function verdictOf(name: GateName): Promise<Verdict> {
    if (signal.aborted) return { status: 'error', message: 'Not run.' };
    try {
      const gate = gateFrom(set, { name, base });
      const run = { gate: name, timeoutMs: plan.timeoutMs, signal };
      // Integrity compares with the git history, which a private copy does not have.
      const checkout = await checkoutFor(
        name === 'integrity' ? { ...run, directory: plan.directory } : run,
      );
      return await inTime(gate.check(checkout), run);
    } catch (error) {
      return { status: 'error', message: `The gate itself failed: ${describeError(error)}` };
    }
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
  for (const phase of phases) {
    const chosen = phase.filter((name) => gates.includes(name));
    results.push(...(await all(chosen.map(runGate))));
  }
  return {
    verdict: worst(results),
    gates: results.toSorted((a, b) => gateNames.indexOf(a.gate) - gateNames.indexOf(b.gate)),
    directory: plan.directory,
    commit: repository?.commit ?? null,
    dirty: repository?.dirty ?? null,
    configHash,
    weakened: Object.values(thresholds).some((threshold) => threshold < defaultCoverage),
    sandbox: sandbox.mode,
    startedAt,
    durationMs: Math.round(performance.now() - started),
  };
}

function gateFrom(
  { gates, integrity }: GateSet,
  { name, base }: { readonly name: GateName; readonly base: string | undefined },
): Gate {
  const gate = name === 'integrity' && base !== undefined ? integrity?.(base) : gates[name];
  if (gate === undefined) throw new GatesError('gates_options_invalid', `No gate ${name}.`);
  return gate;
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

const worstFirst: readonly GateStatus[] = ['error', 'timeout', 'failed', 'skipped', 'passed'];

function worst(results: readonly GateResult[]): GateStatus {
  return worstFirst.find((status) => results.some((result) => result.status === status)) ?? 'error';
}
