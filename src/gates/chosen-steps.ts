import type { ChosenGate } from './choose-gates.ts';
import { prepareName, stepsTimeoutMs, type TimedStep, type TimedSteps } from './command/prepare.ts';
import type { GatesFile, PrepareStep } from './gates-file/schema.ts';
import { maxTimerMs, phases, type GatesPlan } from './plan.ts';
import type { PlannedGate } from './report.ts';

/** The steps of this run, before all gates. */
export interface ChosenSteps extends TimedSteps {
  /** `installs`: they bring the packages; `builds`: they only write. */
  readonly kind: 'installs' | 'builds' | 'none';
  /** Number of steps that the run leaves out on purpose. */
  readonly leftOut: number;
}

/** The steps of the gates file, unless the run leaves them out. */
export function chosenSteps(
  { install, build }: GatesFile,
  { install: wanted, stepTimeoutMs }: Pick<GatesPlan, 'install' | 'stepTimeoutMs'>,
): ChosenSteps {
  if (!wanted)
    return { install: [], build: [], kind: 'none', leftOut: install.length + build.length };
  const without = build.length > 0 ? 'builds' : 'none';
  const timed = ({ timeoutSeconds, ...step }: PrepareStep): TimedStep => ({
    ...step,
    timeoutMs: timeoutSeconds === undefined ? stepTimeoutMs : timeoutSeconds * 1_000,
  });
  return {
    install: install.map(timed),
    build: build.map(timed),
    kind: install.length > 0 ? 'installs' : without,
    leftOut: 0,
  };
}

/** The pseudo gate of the steps. */
export function stepsAsGate(steps: ChosenSteps): ChosenGate {
  return {
    name: prepareName,
    command: undefined,
    asked: true,
    optional: false,
    timeoutMs: Math.min(stepsTimeoutMs(steps), maxTimerMs),
  };
}

export function plannedSteps({ kind }: ChosenSteps): readonly PlannedGate[] {
  return kind === 'none' ? [] : [{ gate: prepareName, counts: true }];
}

export function notInstalled(count: number): string {
  return `The ${count === 1 ? 'step' : `${count} steps`} of the gates file ${count === 1 ? 'is' : 'are'} left out: what is installed is used.`;
}

/** The deadline over all: the caller's, or what steps, commands and the phases of built-in gates take at most. */
export function overallDeadlineMs(
  { overallTimeoutMs, timeoutMs }: GatesPlan,
  { chosen, steps }: { readonly chosen: readonly ChosenGate[]; readonly steps: ChosenSteps },
): number {
  const builtIn = chosen.filter(({ command }) => command === undefined);
  const longest = Math.max(timeoutMs, ...builtIn.map((gate) => gate.timeoutMs));
  const commands = chosen.filter(({ command }) => command !== undefined);
  const all =
    phases * longest +
    stepsTimeoutMs(steps) +
    commands.reduce((sum, gate) => sum + gate.timeoutMs, 0);
  return overallTimeoutMs ?? Math.min(all, maxTimerMs);
}
