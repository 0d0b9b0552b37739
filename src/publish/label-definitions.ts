import { ownLabelScope } from '../issue/own-marks.ts';
import { states, type State } from '../issue/state.ts';

/** A label as a repository needs it; exclusive: Gitea keeps one of its scope on an issue. */
export interface StatusLabel {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  readonly description: string;
}

/** Released issues have none: they are not the bot's. */
const looks: Record<Exclude<State, 'released'>, readonly [color: string, description: string]> = {
  received: ['#bfd4f2', 'Assigned to the coordinator, not read yet'],
  ready: ['#0e8a16', 'Nothing is in the way: an agent can start'],
  blocked: ['#b60205', 'Waits for something else'],
  oversized: ['#d93f0b', 'No agent can take it: split it'],
  needs_human: ['#fbca04', 'A person has to look at it'],
  in_progress: ['#1d76db', 'An agent works on it'],
  done: ['#5319e7', 'Closed'],
};

/** The label of a state; undefined: issues in this state have none. */
export function statusLabel(state: State): StatusLabel | undefined {
  if (state === 'released') return undefined;
  const [color, description] = looks[state];
  return { name: `${ownLabelScope}${state}`, color, description };
}

/** All of them, for whoever creates them beforehand. */
export const statusLabels: readonly StatusLabel[] = states.flatMap(
  (state) => statusLabel(state) ?? [],
);
