import type { Checkout, Gate, Verdict } from '../gate.ts';
import type { PrepareStep } from '../gates-file/schema.ts';
import { counted } from '../counted.ts';
import { lastWords } from '../tools/tool-verdict.ts';
import { commandWords, couldNotRun } from './command-verdict.ts';

/** Name of the pseudo gate that tells how the steps went. */
export const prepareName = 'prepare';

/** A step with its deadline. */
export type TimedStep = Omit<PrepareStep, 'timeoutSeconds'> & { readonly timeoutMs: number };

export interface TimedSteps {
  readonly install: readonly TimedStep[];
  readonly build: readonly TimedStep[];
}

/** Sum of the deadlines of all steps. */
export function stepsTimeoutMs({ install, build }: TimedSteps): number {
  return [...install, ...build].reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
}

/**
 * Runs the steps of the gates file one after another, until one fails: `install` with network, then `build`
 * without. What cannot be installed is no fault of the checkout; what cannot be built is.
 */
export function prepareGate(steps: TimedSteps): Gate {
  return {
    name: prepareName,
    check: async (checkout) => {
      const done = { install: 0, build: 0 };
      for (const kind of ['install', 'build'] as const)
        for (const step of steps[kind]) {
          const verdict = await runStep(checkout, kind, step);
          if (verdict !== undefined)
            return {
              ...verdict,
              details: { ...verdict.details, ...done },
              judgedBy: 'exit_code',
            };
          done[kind] += 1;
        }
      const message = `${counted(done.install, 'install step')} and ${counted(done.build, 'build step')} ended with exit code 0.`;
      return { status: 'passed', message, details: done, judgedBy: 'exit_code' };
    },
  };
}

/** The verdict on a step that did not succeed. */
async function runStep(
  checkout: Checkout,
  kind: 'install' | 'build',
  step: TimedStep,
): Promise<Verdict | undefined> {
  const { command, env, timeoutMs } = step;
  const run = await checkout.runCommand({
    ...{ command, in: step.in, env },
    network: kind === 'install',
    timeoutMs,
  });
  const stopped = couldNotRun({ command, run });
  if (stopped !== undefined) return stopped;
  if (run.exitCode === 0) return undefined;
  const hint = kind === 'install' ? networkHint(`${run.stderr}\n${run.stdout}`) : '';
  return {
    status: kind === 'install' ? 'error' : 'failed',
    message: `${commandWords(command)} ended with exit code ${run.exitCode}: ${lastWords(run)}${hint}`,
  };
}

/** What tools say when they do not reach a registry, do not trust it, or are not let in. */
const networkTrouble =
  /ENOTFOUND|EAI_AGAIN|ECONN(REFUSED|RESET)|ETIMEDOUT|ENETUNREACH|getaddrinfo|name resolution|resolve host|no such host|unreachable|certificate|SELF_SIGNED|SSL|proxy|\bE?40[137]\b|unauthorized/i;

function networkHint(output: string): string {
  return networkTrouble.test(output)
    ? ' (Steps see no variable of yours: pass proxies, addresses of registries and tokens by name, such as --pass-env HTTPS_PROXY,NO_PROXY.)'
    : '';
}
