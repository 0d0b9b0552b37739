import { setTimeout as sleep } from 'node:timers/promises';

import { CoordinatorError } from '../../../errors.ts';
import { send, signRequest } from '../demo-client.ts';
import { createAgent } from './agents.ts';
import { createApi } from './api.ts';
import type { Temper } from './backlog.ts';
import type { WorldClock } from './clock.ts';
import type { Dice } from './dice.ts';
import { createActs } from './gitea/acts.ts';
import type { GiteaState } from './gitea/state.ts';
import { newTemper } from './ideas.ts';
import { createPeople } from './people/people.ts';
import type { Secrets } from './service.ts';
import { createVerifier } from './verifier.ts';
import { createOutcomes } from './verdict/outcomes.ts';
import type { Worker } from './workers.ts';

/** Time of the world that one step of usual length takes. */
export const stepMs = 40_000;
/** Beats of a step: a verifier says that it is alive more often than anything happens. */
const beats = 4;
/** Steps of usual length between the beats of a longer one: much less than a lease. */
const stepsOfBeat = 9;
/** Steps in a row that may fail: somebody may have stopped the store. */
const maxFailures = 20;

interface StoryDeps {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly clock: WorldClock;
  readonly dice: Dice;
  readonly state: GiteaState;
  readonly secrets: Secrets;
  readonly workers: readonly Worker[];
  /** Names of their tokens. */
  readonly verifiers: readonly string[];
  readonly faults: Set<string>;
  /** Resolves when all that happened so far is handled. */
  readonly settle: () => Promise<void>;
}

export type Story = ReturnType<typeof createStory>;

/** Agents, verifiers and people, who act by signed webhooks and by the API alone. */
export function createStory({ url, signal, secrets, settle, ...deps }: StoryDeps) {
  const { clock, dice, state, faults, workers, verifiers } = deps;
  /** Usual steps in one; whether a visitor looks. */
  const mood = { pace: 1, isOpen: false };
  const apiOf = (name: string) => createApi({ url, signal, token: secrets.tokenOf(name) });
  const tempers = new Map<string, Temper>();
  const acts = createActs({
    ...{ state, dice },
    deliver: async ({ id, event, payload }) => {
      const body = Buffer.from(JSON.stringify(payload));
      await send({ url, signal }, signRequest(secrets.webhook, id, body, event));
    },
  });
  const outcomes = createOutcomes();
  const common = { dice, outcomes, now: clock.now, pace: () => mood.pace };
  const scripted = verifiers.map((name) => createVerifier({ ...common, api: apiOf(name) }));
  const agents = workers.map((worker) =>
    createAgent({ ...common, worker, acts, temperOf, api: apiOf(worker.name) }),
  );
  const operator = apiOf('maria');
  const people = createPeople({
    ...{ dice, acts, state, agents, tempers, faults, api: operator },
    ...{ pace: () => mood.pace, isOpen: () => mood.isOpen },
  });

  function temperOf(ref: string): Temper {
    const temper = tempers.get(ref) ?? newTemper(dice, mood.isOpen);
    tempers.set(ref, temper);
    return temper;
  }

  async function beat(): Promise<void> {
    for (const verifier of scripted) await verifier.beat();
  }

  async function step(): Promise<void> {
    for (const agent of agents) await agent.step();
    for (const verifier of scripted) await verifier.step();
    await people.step();
    await settle();
  }

  /** One step as long as `pace` usual ones, without a wait. */
  async function hurry(pace: number): Promise<void> {
    mood.pace = pace;
    for (let left = pace; left > 0; left -= stepsOfBeat) {
      clock.advance(Math.min(left, stepsOfBeat) * stepMs);
      await beat();
    }
    await step();
    mood.pace = 1;
  }

  /** Goes on at this speed until the signal aborts. `lastProblem`: of the service. */
  async function run(speed: number, lastProblem: () => string): Promise<void> {
    let failures = 0;
    const isOver = () => signal.aborted;
    while (!isOver()) {
      try {
        for (let done = 0; done < beats; done += 1) {
          await sleep(stepMs / beats / speed, undefined, { signal });
          await beat();
        }
        await step();
        failures = 0;
      } catch (error) {
        if (isOver()) return;
        failures += 1;
        if (failures < maxFailures) continue;
        const message = `The world of the demo stands still. ${lastProblem()}`;
        throw new CoordinatorError('demo_failed', message, { cause: error });
      }
    }
  }

  return {
    ...{ acts, api: operator, tempers, hurry, run },
    /** From now on people leave to the visitor what needs a person. */
    open: () => void (mood.isOpen = true),
  };
}
