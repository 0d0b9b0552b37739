import { setTimeout as delay } from 'node:timers/promises';

import { describeError } from '../errors.ts';
import type { GateRun } from './checkout/checkout.ts';
import type { ChosenGate } from './choose-gates.ts';
import type { Checkout, Gate, GateResult, Verdict } from './gate.ts';
import { gateResult } from './gate-result.ts';
import { GatesError } from './gates-error.ts';
import type { GateName } from './names.ts';
import type { GatesOptions } from './report.ts';

/** What the runner of the gates of one run needs. */
export interface GateRunnerParts {
  readonly checkoutFor: (run: GateRun) => Promise<Checkout>;
  /** Undefined when there is none of this name. */
  readonly gateOf: (chosen: ChosenGate, checkout: Checkout, run: GateRun) => Gate | undefined;
  /** The directory under check, for gates that need its git history. */
  readonly origin: string;
  readonly findingsLimit: number;
  /** Applied to every text of a result. */
  readonly rename: (text: string) => string;
  /** Aborts when the caller stops the run. */
  readonly stop: AbortSignal;
  /** Aborts then, and at the deadline over all gates. */
  readonly signal: AbortSignal;
  readonly overallTimeoutMs: number;
  readonly onProgress: GatesOptions['onProgress'];
}

export type GateRunner = ReturnType<typeof createGateRunner>;

/** Runs gates of one run: each to a bounded result, whatever happens. */
export function createGateRunner(parts: GateRunnerParts) {
  const { stop, signal, origin, onProgress } = parts;

  /** Runs the gate; `skipBecause` keeps it from running and tells why. */
  return async function runGate(chosen: ChosenGate, skipBecause?: string): Promise<GateResult> {
    const { name, asked, optional } = chosen;
    onProgress?.({ kind: 'started', gate: name });
    const started = performance.now();
    const verdict =
      skipBecause === undefined
        ? ifUsed(asked, unlessStopped(await verdictOf(chosen)))
        : { status: 'skipped' as const, message: skipBecause };
    const result = gateResult(verdict, {
      gate: name,
      counts: !optional && verdict.counts !== false,
      durationMs: Math.round(performance.now() - started),
      findingsLimit: parts.findingsLimit,
      rename: parts.rename,
    });
    onProgress?.({ kind: 'finished', gate: name, result });
    return result;
  };

  async function verdictOf(chosen: ChosenGate): Promise<Verdict> {
    if (signal.aborted) return { status: 'error', message: 'Not run.' };
    const { name, timeoutMs } = chosen;
    try {
      const run = { gate: name, timeoutMs, signal };
      // Integrity compares with the git history, which a private copy does not have.
      const checkout = await parts.checkoutFor(
        name === 'integrity' ? { ...run, directory: origin } : run,
      );
      const gate = parts.gateOf(chosen, checkout, run);
      if (gate === undefined) throw new GatesError('gates_options_invalid', `No gate ${name}.`);
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
    const message = `The deadline over all gates, ${parts.overallTimeoutMs / 1_000} s, has passed.`;
    return { ...verdict, status: 'timeout', message };
  }
}

/** Somebody asked for the gate, so a tool that the project does not use keeps it from a verdict. */
function ifUsed(asked: boolean, { counts, ...verdict }: Verdict): Verdict {
  if (counts === undefined) return verdict;
  return asked ? { ...verdict, status: 'error' } : { ...verdict, counts };
}

/** The result of a gate that is left out on purpose. */
export function leftOut(gate: GateName, message: string): GateResult {
  const result = { gate, counts: false, durationMs: 0, findingsLimit: 0 };
  return gateResult({ status: 'skipped', message }, { ...result, rename: (text) => text });
}

/** Time for a gate to reach its verdict after its tools were stopped. */
const afterDeadlineMs = 2_500;

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
