import {
  checkBlockers,
  checkOpen,
  checkOthers,
  checkSomeDependencies,
  clockErrorMs,
} from './check-stored.ts';
import { checkRepositories } from './check-repositories.ts';
import { compareAssigned, compareChanged } from './compare-listed.ts';
import { lookUpUnknown } from './look-up-unknown.ts';
import {
  createPassState,
  latest,
  type PassMemory,
  type PassOutcome,
  type ReconcileDeps,
} from './pass-state.ts';

/**
 * Time before the newest one seen that is listed again: Gitea dates a transaction when it begins and shows
 * it when it ends, and a pass takes a while.
 */
const overlapMs = 120_000;
/** A watermark this far ahead of Gitea's clock was set by a clock that has since been set back. */
const clockJumpMs = 300_000;

/**
 * Compares Gitea with the store and puts every difference into the inbox.
 *
 * A full pass lists the bot's open issues, and reads each stored one that was not listed by itself: pages
 * shift while they are read, so a missing row proves nothing. Every pass lists the changes since the last
 * one, and looks up the issues that texts name and nobody has seen. `updated_at` on Gitea 1.25.4 (tried on a running one):
 * - moves with: another title or text (or an equal text saved again), label added, removed or replaced,
 *   assigned, unassigned, milestone, due date, lock, pin, closed, reopened, comment created, mentioned in a
 *   comment or text elsewhere, dependency added or removed (on both issues, without a webhook);
 * - does not move with: comment edited or deleted, label or milestone deleted from the repository, renaming,
 *   transfer, change of visibility, the bot removed from the repository (which silently unassigns it), a
 *   blocker closed or deleted, reactions. Only a full pass finds these.
 *
 * Gitea's times are only compared with other times of Gitea. The watermark never passes the moment at which
 * the pass began, and is stored after all differences are: a failed pass is repeated. Accepted race: on a
 * list of many pages, one issue that appears and one that disappears between two pages can hide a third
 * one that is not stored yet; the next full pass finds it.
 */
export function createPass(deps: ReconcileDeps) {
  const memory: PassMemory = {
    dependenciesUpTo: undefined,
    unknownUpTo: { full: 0, recent: 0 },
    lastUser: undefined,
    lastFailed: false,
    dependenciesReadAt: new Map(),
  };
  return (wantsFull: boolean, signal: AbortSignal) => runPass(deps, memory, wantsFull, signal);
}

async function runPass(
  deps: ReconcileDeps,
  memory: PassMemory,
  wantsFull: boolean,
  signal: AbortSignal,
): Promise<PassOutcome> {
  const { store } = deps;
  const isRecovered = memory.lastFailed;
  memory.lastFailed = true;
  // Asked in every pass: the bot may have been renamed, and the answer carries Gitea's clock.
  const user = await deps.tokenUser(signal);
  const pass = createPassState({ deps, memory, bot: await deps.bot(), user, signal });
  const beganAt = deps.giteaNow();
  const { watermark, othersUpTo } = await store.progress();
  const isSetBack =
    beganAt !== undefined && watermark !== undefined && watermark > beganAt + clockJumpMs;
  const since = isSetBack || watermark === undefined ? undefined : watermark - overlapMs;
  const changed = since === undefined ? undefined : await compareChanged(pass, since);
  const isComplete = changed?.cutOff === false;
  // Issues that were handled under the bot's old name did not move.
  const isRenamed = memory.lastUser !== undefined && memory.lastUser !== user;
  const full = wantsFull || !isComplete || isRenamed;
  let nextOthers = othersUpTo;
  if (full) {
    await compareAssigned(pass);
    await checkOpen(pass);
    // If all changes were listed, a closed blocker that was not listed is still closed.
    await checkBlockers(pass, { openOnly: isComplete });
    nextOthers = await checkOthers(pass, othersUpTo);
    await deps.requestVerification?.();
  } else {
    memory.dependenciesUpTo = await checkSomeDependencies(pass, memory.dependenciesUpTo);
  }
  await checkRepositories(pass, full);
  const round = full ? 'full' : 'recent';
  memory.unknownUpTo[round] = await lookUpUnknown(pass, memory.unknownUpTo[round], full);
  // After an outage, Gitea may still be sending the webhooks that it had not sent before.
  const missed = await deps.missed.settle(isRecovered ? undefined : deps.giteaNow());
  const { differences, skipped, newest } = pass;
  const outcome = { full, differences, skipped, missed };
  const reached = capped(newest ?? beganAt, beganAt);
  const before = isSetBack ? undefined : watermark;
  await store.finish({ watermark: latest(before, reached), othersUpTo: nextOthers }, outcome);
  deps.missed.recorded(missed);
  memory.lastUser = user;
  memory.lastFailed = false;
  return outcome;
}

/** Keeps a watermark before the moment at which the pass began: later changes may not have been listed. */
function capped(newest: number | undefined, beganAt: number | undefined): number | undefined {
  if (newest === undefined || beganAt === undefined) return newest;
  return Math.min(newest, beganAt - clockErrorMs);
}
