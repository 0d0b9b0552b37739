import { viewerOf } from '../api/for-caller.ts';
import { maskSentence } from '../api/mask.ts';
import type { Caller } from '../api/roles.ts';
import type { HeldUpOf } from '../claims/hand-out/held-up.ts';
import { viewReason } from '../issue/plan.ts';
import type { StateReason } from '../issue/reasons.ts';
import { isInScope } from '../plans/scope.ts';
import { findBlockerStates, type BlockerState } from '../plans/states-by-ref.ts';
import type { IssueLine } from '../plans/issue-lines.ts';
import type { WebDeps } from './web.ts';

/** An issue of a list, as the caller may see it. */
export type ShownLine = ReturnType<typeof shownLine>;

interface Told {
  readonly heldUp: HeldUpOf;
  readonly blockers: ReadonlyMap<string, BlockerState>;
}

/**
 * Says of every line what its reason alone does not: why a ready issue is not handed out, and how it stands with what a
 * blocked one waits for. Some queries, however many lines there are.
 */
export async function readShownLines(
  { store: { db }, claims }: Pick<WebDeps, 'store' | 'claims'>,
  caller: Caller,
  lines: readonly IssueLine[],
): Promise<(line: IssueLine) => ShownLine> {
  const refs = lines.flatMap(({ reason }) =>
    reason.code === 'open_blockers' ? reason.params.refs : [],
  );
  const told = {
    heldUp: lines.some(({ state }) => state === 'ready')
      ? await claims.heldUp(viewerOf(caller))
      : () => null,
    blockers: await findBlockerStates(
      db,
      refs.filter((ref) => isInScope(caller.repositories, ref.split('#', 1)[0] ?? '')),
    ),
  };
  return (line) => shownLine(line, caller, told);
}

function shownLine(line: IssueLine, caller: Caller, told: Told) {
  const { params } = line.reason;
  return {
    ...line,
    reason: maskSentence(sentenceOf(line, caller, told), caller),
    /** Whether a ready issue is not handed out now. */
    isHeldUp: heldUpOf(line, told) !== null,
    /** The pull request that its reason names. */
    pull: 'pull' in params ? params.pull : null,
  };
}

function heldUpOf({ state, agent, ...issue }: IssueLine, { heldUp }: Told) {
  return state === 'ready' && agent !== null ? heldUp({ ...issue, agent }) : null;
}

function sentenceOf(line: IssueLine, caller: Caller, told: Told) {
  const { reason } = line;
  const heldUp = heldUpOf(line, told);
  if (heldUp !== null) return heldUp;
  return reason.code === 'open_blockers'
    ? { code: reason.code, text: blockedText(reason, caller, told) }
    : viewReason(reason);
}

/** `Waits for acme/orbit#6, which is in progress (sonnet).` */
function blockedText(
  reason: StateReason<'open_blockers'>,
  caller: Caller,
  { blockers }: Told,
): string {
  const { refs, more } = reason.params;
  if (refs.length === 0) return viewReason(reason).text;
  const said = refs.map((ref) => [ref, standing(blockers.get(ref), caller)] as const);
  const [first] = said;
  if (said.length === 1 && first !== undefined && more === 0)
    return `Waits for ${first[0]}, which ${first[1]}.`;
  const each = said.map(([ref, words]) => `${ref} (${words})`);
  const all = [...each, ...(more > 0 ? [`${more} more`] : [])];
  return `Waits for ${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}.`;
}

/** What it is at, after "which". */
function standing(blocker: BlockerState | undefined, { role, agents }: Caller): string {
  if (blocker === undefined) return 'is open';
  const { state, agent } = blocker;
  // A worker hears nothing of the work of others.
  const isTold = agent !== null && role !== 'worker' && agents?.includes(agent) !== false;
  switch (state) {
    case 'in_progress':
      return isTold ? `is in progress (${agent})` : 'is in progress';
    case 'in_review':
      return 'is in review';
    case 'needs_human':
      return 'needs a person';
    case 'oversized':
      return 'is too large for every agent';
    case 'blocked':
      return 'is blocked itself';
    case 'ready':
      return 'is ready and not started';
    case 'received':
      return 'is not read yet';
    case 'released':
      return 'is open and not assigned to the bot';
    case 'done':
      return 'is done by now';
  }
}
