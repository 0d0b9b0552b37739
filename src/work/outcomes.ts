import type { AgentOutcome } from './adapters/adapter.ts';

/** What follows from the end of an agent that ended by itself. */
export type Consequence =
  /** Its commits tell. */
  | 'inspect'
  /** A fresh session of the same claim. */
  | 'rotate'
  /** The issue goes back, and no agent of the account gets one until the limit ends. */
  | 'limit'
  /** The same, and the operator has to do something first. */
  | 'operator'
  /** The issue goes back through no fault of its own, and the runner waits. */
  | 'fault'
  /** It is run once more; then the issue goes back with what there is. */
  | 'again'
  /** The issue goes back with what there is. */
  | 'hand_back';

const consequences: Readonly<Record<AgentOutcome, Consequence>> = {
  completed: 'inspect',
  permission_denied: 'inspect',
  limited: 'limit',
  key_refused: 'operator',
  no_money: 'operator',
  setup_fault: 'operator',
  api_unavailable: 'fault',
  context_full: 'rotate',
  max_turns: 'hand_back',
  budget: 'hand_back',
  refused_by_model: 'hand_back',
  interrupted: 'again',
  crashed: 'again',
  killed: 'again',
};

export function consequenceOf(outcome: AgentOutcome): Consequence {
  return consequences[outcome];
}

/** How a job ended, for the log and the next one. */
export interface JobEnd {
  readonly kind:
    | 'accepted'
    | 'awaits_verification'
    | 'released'
    | 'blocked'
    | 'lost'
    /** Not over: the next start of the runner goes on with the claim. */
    | 'waits';
  readonly message: string;
  /** The runner cannot go on before its operator has done something. */
  readonly needsOperator?: boolean;
  /** The machine or the network was at fault, not the issue: the next one may fail as well. */
  readonly isFault?: boolean;
}
