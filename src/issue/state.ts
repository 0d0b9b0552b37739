import type { UnreadableCause } from './unreadable.ts';
import type { ChosenAgent, ParkingReason, StateReason } from './reasons.ts';

/** States of an issue. `received` is an issue of the bot that has not been read yet. */
export const states = [
  'ready',
  'blocked',
  'oversized',
  'needs_human',
  'in_progress',
  'in_review',
  'done',
  'released',
  'received',
] as const;
export type State = (typeof states)[number];

export interface Decision {
  readonly state: State;
  readonly reason: StateReason;
}

/** Parked until a person has verified the commit that an agent named: where no verifier can. */
export const awaitingVerification = 'awaiting_verification';

/** An issue that another one waits for, with its state as far as it is known. */
export interface Blocker {
  readonly ref: string;
  /** `merged`: open or closed, of what is waited for only until then; `not_merged`: closed without a merge. */
  readonly state: 'open' | 'closed' | 'merged' | 'not_merged' | 'unknown';
}

/** Everything the state follows from. An issue deleted from Gitea has no state: it is gone. */
export interface StateFacts {
  readonly open: boolean;
  readonly assigned: boolean;
  readonly read: boolean;
  /** Why nobody can work in its repository; undefined: somebody can. */
  readonly repository?: StateReason<'repository_archived' | 'no_access'> | undefined;
  /** The label by which a person holds it back. */
  readonly heldBy?: string | undefined;
  /** The live claim, if there is one. */
  readonly claim?: { readonly worker: string; readonly agent: string } | undefined;
  /** Reason to keep it from the workers until a person changes something; undefined: not parked. */
  readonly parked?: ParkingReason | undefined;
  /** The commit whose gates passed, and the number of its pull request once there is one. */
  readonly verified?: { readonly commit: string; readonly pull: number | null } | undefined;
  /** Why the text could not be read: what the issue waits for is not known then. */
  readonly unreadable?: UnreadableCause | null;
  readonly blockers: readonly Blocker[];
  /** Number of blockers set on Gitea that the bot may not read. */
  readonly hiddenBlockers?: number;
  /** A cycle of the issues that wait for it and for which it waits, in order; empty when there are none. */
  readonly cycle: readonly string[];
  /** True when that cycle does not lead through this issue; else it starts with it. */
  readonly besideCycle?: boolean;
  readonly assignment: ChosenAgent | undefined;
}

/** The state of an issue and why: the first rule that matches wins. No other code decides a state. */
export function decideState(facts: StateFacts): Decision {
  const { assignment, claim, parked } = facts;
  if (!facts.open) return { state: 'done', reason: { code: 'closed', params: {} } };
  if (!facts.assigned) return { state: 'released', reason: { code: 'not_assigned', params: {} } };
  if (!facts.read || assignment === undefined)
    return { state: 'received', reason: { code: 'not_read', params: {} } };
  if (facts.repository !== undefined) return { state: 'blocked', reason: facts.repository };
  if (claim !== undefined)
    return { state: 'in_progress', reason: { code: 'claimed', params: { ...claim } } };
  if (parked !== undefined) return { state: 'needs_human', reason: parked };
  if (facts.verified !== undefined)
    return { state: 'in_review', reason: { code: 'gates_passed', params: facts.verified } };
  const notMerged = refsOf(facts, 'not_merged');
  if (notMerged.length > 0)
    return {
      state: 'needs_human',
      reason: { code: 'blocker_not_merged', params: someOf(notMerged) },
    };
  const blocked = blockedReason(facts);
  if (blocked !== undefined) return { state: 'blocked', reason: blocked };
  if (assignment.agent === null) return { state: 'oversized', reason: assignment.reason };
  return { state: 'ready', reason: { code: 'ready', params: { agent: assignment.agent } } };
}

function refsOf({ blockers }: StateFacts, known: Blocker['state']): string[] {
  return blockers.filter(({ state }) => state === known).map(({ ref }) => ref);
}

function blockedReason(facts: StateFacts): StateReason | undefined {
  const { cycle, besideCycle: beside = false, heldBy, hiddenBlockers = 0 } = facts;
  const { unreadable = null } = facts;
  const open = refsOf(facts, 'open');
  const unknown = refsOf(facts, 'unknown');
  // First, since no blocker that closes ends it; the blockers are listed beside it.
  if (heldBy !== undefined) return { code: 'held_by_label', params: { label: heldBy } };
  if (unreadable !== null) return { code: 'unreadable', params: { cause: unreadable } };
  if (cycle.length > 0) return cycleReason(cycle, { beside });
  if (open.length > 0) return { code: 'open_blockers', params: someOf(open) };
  if (hiddenBlockers > 0) return { code: 'hidden_blocker', params: { count: hiddenBlockers } };
  if (unknown.length > 0) return { code: 'unknown_blockers', params: someOf(unknown) };
  return undefined;
}

/** Why an issue in a tangle is blocked: the cycle leads through it, or it is beside that. */
export function cycleReason(
  cycle: readonly string[],
  { beside }: { beside: boolean },
): StateReason<'cycle'> {
  return { code: 'cycle', params: { ...someOf(cycle), beside } };
}

/** Maximum number of issues that one reason names. */
const maxRefs = 5;

function someOf(refs: readonly string[]) {
  return { refs: refs.slice(0, maxRefs), more: Math.max(0, refs.length - maxRefs) };
}
