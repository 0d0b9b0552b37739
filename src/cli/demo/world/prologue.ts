import { backlog, issueOf, repositories, type Sketch, type Temper } from './backlog.ts';
import type { WorldClock } from './clock.ts';
import type { Acts } from './gitea/acts.ts';

interface PrologueDeps {
  readonly acts: Acts;
  readonly clock: WorldClock;
  readonly tempers: Map<string, Temper>;
  readonly faults: Set<string>;
  /** Resolves when all that happened so far is handled. */
  readonly settle: () => Promise<void>;
  /** Whether the world has all that a visitor is to see. */
  readonly isComplete: () => Promise<boolean>;
  /** Verifiers say that they are alive. */
  readonly beat: () => Promise<void>;
  /** One step of agents, verifier and people. */
  readonly step: () => Promise<void>;
}

/** Delays between the attempts of a delivery, and a little more: after the last of them it is given up. */
const attemptDelaysMs = [5, 20, 80, 320, 1_280, 3_600, 3_600].map((seconds) => seconds * 1_010);
/** Steps of work before the visitor comes. */
const steps = 30;
/** Steps that are added at the most, until the world has all that it should. */
const moreSteps = 40;
/** Steps of usual length in each of these: the hours pass quickly. */
export const prologuePace = 3;
/** Time of the world that one step takes. */
export const stepMs = 40_000;
/** How long the world has existed when the visitor comes. */
export const prologueMs =
  attemptDelaysMs.reduce((sum, delay) => sum + delay, 0) + steps * prologuePace * stepMs;

/** The hours before the visitor comes, in a few seconds. */
export async function playPrologue(deps: PrologueDeps): Promise<void> {
  const { acts, clock, tempers, faults, settle, step, beat, isComplete } = deps;
  const all = repositories.flatMap((name) =>
    backlog[name].map((sketch, index) => ({ name, sketch, ref: `${name}#${index + 1}` })),
  );
  // Its delivery is tried again and again while the others are opened.
  const faulty = 'acme/charts#1';
  faults.add(faulty);
  const order = [...all].sort((a, b) => Number(b.ref === faulty) - Number(a.ref === faulty));
  const perDelay = Math.ceil(order.length / attemptDelaysMs.length);
  for (const [index, delayMs] of attemptDelaysMs.entries()) {
    for (const { name, sketch, ref } of order.slice(index * perDelay, (index + 1) * perDelay)) {
      if (sketch.temper !== undefined) tempers.set(ref, sketch.temper);
      await acts.openIssue(name, 'maria', issueOf(sketch));
    }
    await settle();
    clock.advance(delayMs);
    // Whatever comes wakes the service, which looks what else is due.
    await acts.comment('acme/harbor#1', 'tom', `The ship sails in ${9 - index} days.`);
    await settle();
  }
  for (const { ref, sketch } of all) await meetFate(acts, ref, sketch);
  await acts.tellNonsense(repositories[0]);
  await settle();
  for (let done = 0; done < steps + moreSteps; done += 1) {
    if (done >= steps && (await isComplete())) return;
    for (let beats = 0; beats < prologuePace; beats += 1) {
      clock.advance(stepMs);
      await beat();
    }
    await step();
  }
}

async function meetFate(acts: Acts, ref: string, { fate }: Sketch): Promise<void> {
  if (fate === 'done') await acts.close(ref, 'maria');
  else if (fate === 'released') await acts.unassign(ref, 'lena');
}
