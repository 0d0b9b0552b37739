import { notInstalled, stepsAsGate, type ChosenSteps } from './chosen-steps.ts';
import type { ChosenGate } from './choose-gates.ts';
import { prepareName } from './command/prepare.ts';
import type { GateResult } from './gate.ts';
import { leftOut, type GateRunner } from './gate-runner.ts';
import type { GateName } from './names.ts';

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

/** The result of the steps; none when the gates file names no steps. */
export async function runSteps(
  runGate: GateRunner,
  steps: ChosenSteps,
): Promise<readonly GateResult[]> {
  if (steps.kind !== 'none') return [await runGate(stepsAsGate(steps))];
  return steps.leftOut > 0 ? [leftOut(prepareName, notInstalled(steps.leftOut))] : [];
}

/** Runs the gates phase by phase; what needs the steps is skipped when they did not pass. */
export async function runPhases(
  runGate: GateRunner,
  { chosen, isPrepared }: { readonly chosen: readonly ChosenGate[]; readonly isPrepared: boolean },
): Promise<readonly GateResult[]> {
  const results: GateResult[] = [];
  for (const phase of phasesOf(chosen)) {
    const runs = phase.map((gate) =>
      isPrepared || gate.name === 'integrity'
        ? runGate(gate)
        : runGate(gate, 'Not run: prepare did not pass.'),
    );
    results.push(...(await all(runs)));
  }
  return results;
}

/** Waits for all, also when one rejects: no tool may still run when the private directory is removed. */
async function all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
