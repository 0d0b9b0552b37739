import type { Agent } from '../agents.ts';
import type { Api } from '../api.ts';
import type { Temper } from '../backlog.ts';
import type { Dice } from '../dice.ts';
import type { Acts } from '../gitea/acts.ts';
import type { GiteaState, Person } from '../gitea/state.ts';
import type { Patience } from './patience.ts';

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

/** What each habit needs. */
export interface Habits extends PeopleDeps {
  readonly patience: Patience;
}

/** Any of the people. */
export function someone(dice: Dice): Person {
  return dice.pick(['maria', 'tom', 'lena']);
}
