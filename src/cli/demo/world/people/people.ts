import type { Agent } from '../agents.ts';
import type { Api } from '../api.ts';
import type { Temper } from '../backlog.ts';
import type { Dice } from '../dice.ts';
import type { Acts } from '../gitea/acts.ts';
import type { GiteaState, Person } from '../gitea/state.ts';
import { createAnswers } from './answers.ts';
import { createHappenings } from './happenings.ts';
import { createIdeas } from './idea-box.ts';
import { createPatience, type Patience } from './patience.ts';
import { createReviews } from './reviews.ts';
import { createSplits } from './splits.ts';

export interface PeopleDeps {
  /** With the token of an operator. */
  readonly api: Api;
  readonly dice: Dice;
  readonly acts: Acts;
  readonly state: GiteaState;
  readonly agents: readonly Pick<Agent, 'reachLimit'>[];
  readonly tempers: Map<string, Temper>;
  /** Issues whose text cannot be read while they are in here. */
  readonly faults: Set<string>;
  /** Usual steps of work in this one. */
  readonly pace: () => number;
  /** Whether a visitor looks: what went wrong before is still there to be seen when the visitor comes. */
  readonly isOpen: () => boolean;
}

/** What each of the habits below needs. */
export interface Habits extends PeopleDeps {
  readonly patience: Patience;
}

/** The people of the world: they review, merge, answer, split, open issues, and make mistakes. */
export function createPeople(deps: PeopleDeps) {
  const patience = createPatience();
  const habits = { ...deps, patience };
  const review = createReviews(habits);
  const answer = createAnswers(habits);
  const split = createSplits(habits);
  const supply = createIdeas(habits);
  const happen = createHappenings(habits);

  async function step(): Promise<void> {
    patience.pass(deps.pace());
    await review();
    await supply();
    if (!deps.isOpen()) return;
    await answer();
    await split();
    await happen();
  }

  return { step };
}

/** Any of the people. */
export function someone(dice: Dice): Person {
  return dice.pick(['maria', 'tom', 'lena']);
}
