import { ownLabelScope } from '../issue/own-marks.ts';
import { states, type State } from '../issue/state.ts';

/** A status label as it is created in a repository. */
export interface LabelDefinition {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  readonly description: string;
}

/** A released issue is not the bot's and has no label. */
const definitions: Record<
  Exclude<State, 'released'>,
  readonly [color: string, description: string]
> = {
  received: ['#bfd4f2', 'Assigned to the coordinator, not read yet'],
  ready: ['#0e8a16', 'Nothing is in the way: an agent can start'],
  blocked: ['#b60205', 'Waits for something else'],
  oversized: ['#d93f0b', 'No agent can take it: split it'],
  needs_human: ['#fbca04', 'A person has to look at it'],
  in_progress: ['#1d76db', 'An agent works on it'],
  done: ['#5319e7', 'Closed'],
};

/** The label of a state; undefined for a state without one. */
export function statusLabel(state: State): LabelDefinition | undefined {
  if (state === 'released') return undefined;
  const [color, description] = definitions[state];
  return { name: `${ownLabelScope}${state}`, color, description };
}

/** All labels, for creating them in advance. */
export const statusLabels: readonly LabelDefinition[] = states.flatMap(
  (state) => statusLabel(state) ?? [],
);
