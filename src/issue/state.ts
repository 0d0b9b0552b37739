/** Where an issue stands. `received` is an issue of the bot that has not been read yet. */
export const states = [
  'ready',
  'blocked',
  'oversized',
  'needs_human',
  'in_progress',
  'done',
  'released',
  'received',
] as const;
export type State = (typeof states)[number];

/** A stable code for machines and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly text: string;
}

export interface Decision {
  readonly state: State;
  readonly reason: Reason;
}

/** Parked until a person has verified the commit that an agent named. */
export const awaitingVerification = 'awaiting_verification';

/** An issue that another one waits for, as far as it is known. */
export interface Blocker {
  readonly ref: string;
  readonly state: 'open' | 'closed' | 'unknown';
}

/** Everything the state follows from. An issue deleted from Gitea has no state: it is gone. */
export interface StateFacts {
  readonly open: boolean;
  readonly assigned: boolean;
  readonly read: boolean;
  /** The live claim, if there is one. */
  readonly claim?: { readonly worker: string; readonly agent: string } | undefined;
  /** Why the workers get it no more until somebody changes something; undefined: they do. */
  readonly parked?: Reason | undefined;
  readonly blockers: readonly Blocker[];
  /** Blockers set on Gitea that the bot may not read: no more than their number is known. */
  readonly hiddenBlockers?: number;
  /** A cycle of dependencies through this issue, in order, starting with it; empty when there is none. */
  readonly cycle: readonly string[];
  /** The agent chosen, or why none fits. */
  readonly assignment: { readonly agent: string | null; readonly reason: Reason } | undefined;
}

/** The state of an issue and why: the first rule that matches wins. No other code decides a state. */
export function decideState(facts: StateFacts): Decision {
  if (!facts.open) return decision('done', 'closed', 'Closed on Gitea.');
  if (!facts.assigned) return decision('released', 'not_assigned', 'Not assigned to the bot.');
  if (!facts.read || facts.assignment === undefined)
    return decision('received', 'not_read', 'Assigned to the bot, not read yet.');
  if (facts.claim !== undefined)
    return decision(
      'in_progress',
      'claimed',
      `${facts.claim.worker} works on it as ${facts.claim.agent}.`,
    );
  if (facts.parked !== undefined) return { state: 'needs_human', reason: facts.parked };
  const blocked = blockedReason(facts);
  if (blocked !== undefined) return { state: 'blocked', reason: blocked };
  if (facts.assignment.agent === null)
    return { state: 'oversized', reason: facts.assignment.reason };
  return decision('ready', 'ready', `Nothing is in the way: ${facts.assignment.agent} can start.`);
}

function decision(state: State, code: string, text: string): Decision {
  return { state, reason: { code, text } };
}

function blockedReason({ blockers, hiddenBlockers = 0, cycle }: StateFacts): Reason | undefined {
  const open = blockers.filter(({ state }) => state === 'open');
  const unknown = blockers.filter(({ state }) => state === 'unknown');
  if (cycle.length > 0) {
    const path = [...shortened(cycle), cycle[0]].join(' → ');
    return { code: 'cycle', text: `Waits for itself in a circle: ${path}.` };
  }
  if (open.length > 0) {
    const verb = open.length === 1 ? 'which is open' : 'which are open';
    return { code: 'open_blockers', text: `Waits for ${listRefs(open)}, ${verb}.` };
  }
  if (hiddenBlockers > 0) return { code: 'hidden_blocker', text: hiddenText(hiddenBlockers) };
  if (unknown.length > 0) {
    const text = `Waits for ${listRefs(unknown)}, of which no event has told anything yet.`;
    return { code: 'unknown_blockers', text };
  }
  return undefined;
}

/** For a plan that waits, or should, for blockers which the bot may not read. */
export function hiddenText(count: number): string {
  return count === 1
    ? 'Waits for an issue, set on Gitea, that the bot may not read: give the bot read access to its repository, or remove the dependency.'
    : `Waits for ${count} issues, set on Gitea, that the bot may not read: give the bot read access to their repositories, or remove the dependencies.`;
}

/** Most references spelled out in one sentence. */
const refsInSentence = 5;

function shortened(cycle: readonly string[]): string[] {
  const more = cycle.length - refsInSentence;
  return more > 0 ? [...cycle.slice(0, refsInSentence), `${more} more`] : [...cycle];
}

function listRefs(blockers: readonly Blocker[]): string {
  const refs = blockers.slice(0, refsInSentence).map(({ ref }) => ref);
  const more = blockers.length - refs.length;
  if (more > 0) return `${refs.join(', ')} and ${more} more`;
  const last = refs.pop() ?? '';
  return refs.length === 0 ? last : `${refs.join(', ')} and ${last}`;
}
