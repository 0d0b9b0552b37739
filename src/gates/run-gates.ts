import { setTimeout as delay } from 'node:timers/promises';

import { describeError } from '../errors.ts';
import { allGates } from './all-gates.ts';
import { createCheckouts } from './checkout/checkout.ts';
import { hashConfiguration } from './checkout/config-hash.ts';
import {
  gateNames,
  type Checkout,
  type Gate,
  type GateName,
  type GateResult,
  type GateStatus,
  type TestRun,
  type Verdict,
} from './gate.ts';
import { gateResult } from './gate-result.ts';
import { GatesError } from './gates-error.ts';
import { integrity } from './integrity/integrity.ts';
import { planGates, usualCoverage, type GatesPlan } from './plan.ts';
import { prepareSite } from './checkout/prepare-site.ts';
import { withPrivateDirectory } from './checkout/private-directory.ts';
import type { GatesOptions, GatesReport } from './report.ts';
import { readRepository } from './checkout/repository.ts';
import { openSandbox } from './process/sandbox.ts';
import { createSemaphore } from './process/semaphore.ts';
import { runTests } from './tools/test-run.ts';
import { createToolFinder } from './tools/find-tool.ts';

export type { Finding, GateName, GateResult, GateStatus } from './gate.ts';
export type { GateProgress, GatesOptions, GatesReport, SandboxMode } from './report.ts';

/** What is run: the gates that need no more than a checkout, the one made for a base ref, and the run of the tests. */
export interface GateSet {
  readonly gates: Partial<Readonly<Record<GateName, Gate>>>;
  readonly integrity?: (base: string) => Gate;
  readonly runTests: (checkout: Checkout) => Promise<TestRun>;
}

/**
 * Checks a directory and resolves to a verdict, whatever it is. Rejects, with an error whose message says
 * what to do, when the options cannot be honoured, and with the reason of `signal` when that aborts before
 * the first gate has begun.
 */
export const runGates: (options: GatesOptions) => Promise<GatesReport> = createRunGates({
  gates: allGates,
  integrity,
  runTests,
});

/** Runs these gates; one semaphore for all that is run by it. */
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

/** Beside each other on two cores; the tests, which take all there is, alone. */
const phases: readonly (readonly GateName[])[] = [
  ['build', 'lint', 'integrity'],
  ['test', 'coverage'],
];

/** What a gate may take to judge once its tools were ended. */
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
  const site = await prepareSite({ plan, repository, privateDirectory, signal });
  const { gates, thresholds, untrusted, toolsFrom, base } = plan;
  const configHash = await hashConfiguration({
    ...site,
    options: { gates, thresholds, untrusted, toolsFrom, base, sandbox: sandbox.mode },
    signal,
  });
  const enter = createCheckouts({
    ...site,
    privateDirectory,
    thresholds,
    sandbox,
    findTool: createToolFinder(plan),
    runTests: set.runTests,
  });
  const tell = (text: string) =>
    // A function: `$&` in a path is no pattern.
    text.replaceAll(site.root, () => repository?.root ?? plan.directory);

  async function runGate(name: GateName): Promise<GateResult> {
    onProgress?.({ kind: 'started', gate: name });
    const gateStarted = performance.now();
    const verdict = ended(await judge(name));
    const durationMs = Math.round(performance.now() - gateStarted);
    const result = gateResult(verdict, { gate: name, durationMs, tell });
    onProgress?.({ kind: 'finished', gate: name, result });
    return result;
  }

  async function judge(name: GateName): Promise<Verdict> {
    if (signal.aborted) return { status: 'error', message: 'Not run.' };
    try {
      const gate = gateFrom(set, { name, base });
      const turn = { gate: name, timeoutMs: plan.timeoutMs, signal };
      // It compares with the history, which a copy does not have.
      const checkout = await enter(
        name === 'integrity' ? { ...turn, directory: plan.directory } : turn,
      );
      return await inTime(gate.check(checkout), turn);
    } catch (error) {
      return { status: 'error', message: `The gate itself failed: ${describeError(error)}` };
    }
  }

  /** What was ended from outside is nobody's fault, whatever the gate made of it. */
  function ended(verdict: Verdict): Verdict {
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
    weakened: Object.values(thresholds).some((threshold) => threshold < usualCoverage),
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

/** The verdict, or `timeout` for a gate that does not settle although all that it runs has been ended. */
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

/** Waits for all, also when one rejects: nothing may still be running when the private directory goes. */
async function all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

const worstFirst: readonly GateStatus[] = ['error', 'timeout', 'failed', 'skipped', 'passed'];

function worst(results: readonly GateResult[]): GateStatus {
  return worstFirst.find((status) => results.some((result) => result.status === status)) ?? 'error';
}
