import { TryAgainLater } from '../errors.ts';
import { differencesOf, hasWebhook, type Difference, type StoredIssue } from './difference.ts';
import type { IssueEvent, IssueSnapshot } from '../issue/event.ts';
import { isAssigned, refreshEvent, type IssueFacts } from '../issue/facts.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import { mapLimited } from '../lib/map-limited.ts';
import type { MissedWebhooks } from './missed-webhooks.ts';
import { walkSearch, type AskPage, type Search, type Walked } from './search-pages.ts';

/** How far the passes have come; kept in the store. */
export interface Progress {
  /** Newest time seen on Gitea, by its clock, up to which all was compared; undefined: nothing yet. */
  readonly watermark: number | undefined;
  /** Where the round of looks at issues that are not the bot's, or closed, goes on. */
  readonly othersUpTo: IssueKey | undefined;
}

export interface PassOutcome {
  readonly full: boolean;
  readonly differences: number;
  readonly missed: number;
  /** Issues that Gitea gave no answer about, although it answered otherwise. */
  readonly skipped: number;
}

export interface ReconcileDeps {
  readonly searchIssues: AskPage;
  /** Reads an issue from Gitea; not `confirmed` when the bot cannot read its repository. */
  readonly currentFacts: (
    stored: IssueFacts,
    signal: AbortSignal,
  ) => Promise<{ readonly facts: IssueFacts; readonly confirmed: boolean }>;
  /** Whether the dependencies set on Gitea are other ones than those stored; without it they are not asked for. */
  readonly giteaDependenciesDiffer?: (issue: StoredIssue, signal: AbortSignal) => Promise<boolean>;
  readonly bot: () => Promise<string | undefined>;
  /** Login of the token's user. */
  readonly tokenUser: (signal: AbortSignal) => Promise<string>;
  readonly store: ReconcileStore;
  /** Has issues looked at by way of the inbox; returns those that did not wait there already. */
  readonly add: (events: readonly IssueEvent[]) => Promise<readonly IssueKey[]>;
  /** Has the publisher look at what stands on Gitea. */
  readonly requestVerification?: () => Promise<void>;
  /** Gitea's time now, from the Date header of its last answer; undefined while it is not known. */
  readonly giteaNow: () => number | undefined;
  readonly missed: MissedWebhooks;
  readonly log: Logger;
}

/** The bot's open issues; what these wait for and is not one of them itself; all but the first. */
export type StoredList = 'open' | 'blockers' | 'others';

export interface ReconcileStore {
  readonly progress: () => Promise<Progress>;
  readonly find: (issues: readonly IssueKey[]) => Promise<readonly StoredIssue[]>;
  /** Stored issues in the order of their keys, without texts. */
  readonly list: (
    which: StoredList,
    after: IssueKey | undefined,
    limit: number,
  ) => Promise<readonly StoredIssue[]>;
  readonly finish: (progress: Progress, outcome: PassOutcome) => Promise<void>;
}

/**
 * A transaction of Gitea is dated when it begins and seen when it ends, and one pass takes a while: what
 * changed this long before the newest time seen is listed once more.
 */
const overlapMs = 120_000;
/** The Date header has whole seconds, and the answer took its time. */
const clockErrorMs = 5_000;
/** A watermark this far ahead of Gitea's clock was set by a clock that has been put back. */
const clockJumpMs = 300_000;
/** Requests of an incremental listing; a full pass finds what is beyond. */
const mostIncremental = 100;
/** A hundred thousand issues. */
const mostFull = 2_000;
/** A list that moves is read again as often; what is then still missing is found by the next pass. */
const mostListings = 3;
const heldAtOnce = 200;
/** The bot's open issues whose dependencies are read again between full passes. */
const nativesPerPass = 200;
/** As many as an incremental listing has rows at most. */
const mostRemembered = 5_000;
/** Foreign blockers looked at in a full pass. */
const mostBlockers = 5_000;
/** Closed and foreign issues looked at in a full pass, in turn: whether they were deleted is told by nothing else. */
const othersPerPass = 100;
const requestsAtOnce = 4;
/** One issue that Gitea cannot show must not hide all others; if there are more, Gitea is out of order. */
const mostSkipped = 10;

/** A planned issue that is as stored, but was moved on Gitea by something. */
interface Moved {
  readonly held: StoredIssue;
  readonly at: number;
}

/**
 * Compares what Gitea has with what is stored and puts each difference into the inbox.
 *
 * A full pass lists the bot's open issues, and asks about each that is stored as one of them but was not
 * listed, by itself: pages shift while they are read, so that a missing row proves nothing. Each pass
 * lists what changed since the last one. What `updated_at` does on Gitea 1.25.4 (tried on a running one):
 * - moved by: other title or text (by an equal text too), label added, removed or replaced, assigned,
 *   unassigned, milestone, due date, lock, pin, closed, reopened, comment created, mentioned in a comment
 *   or text elsewhere, dependency added or removed (on both issues, and no webhook tells);
 * - not moved by: comment edited or deleted, label or milestone deleted from the repository, renaming,
 *   transfer, change of visibility, the bot removed from the repository (which silently unassigns it), a
 *   blocker closed or deleted, reactions. Only a full pass finds these.
 *
 * Times are only compared with other times of Gitea's. The watermark never passes the moment at which the
 * pass began, and is stored after all differences are: a pass that fails is repeated. Accepted race: of
 * many pages, one issue that comes and one that goes between two of them can hide a third one that is not
 * stored yet; the next full pass finds it.
 */
export function createPass(deps: ReconcileDeps) {
  const { store, log } = deps;
  let nativesUpTo: IssueKey | undefined;
  let lastUser: string | undefined;
  /** The last pass failed. */
  let wasAway = false;
  /** When an issue had moved last when its dependencies were read. */
  const nativesRead = new Map<string, number>();

  async function runPass(wantsFull: boolean, signal: AbortSignal): Promise<PassOutcome> {
    const isBack = wasAway;
    wasAway = true;
    // Asked anew: the bot may have been renamed, and the answer also tells what Gitea's clock says now.
    const user = await deps.tokenUser(signal);
    const pass = createOnePass(await deps.bot(), user, signal);
    const began = deps.giteaNow();
    const { watermark, othersUpTo } = await store.progress();
    const turnedBack =
      began !== undefined && watermark !== undefined && watermark > began + clockJumpMs;
    const since = turnedBack || watermark === undefined ? undefined : watermark - overlapMs;
    const changed = since === undefined ? undefined : await pass.listChanged(since);
    const complete = changed?.cutOff === false;
    // What was handled under the old name did not move.
    const isRenamed = lastUser !== undefined && lastUser !== user;
    const full = wantsFull || !complete || isRenamed;
    let next = othersUpTo;
    if (full) {
      await pass.listAssigned();
      await pass.checkHeld();
      await pass.checkBlockers({ open: complete });
      next = await pass.checkOthers(othersUpTo);
      await deps.requestVerification?.();
    } else {
      nativesUpTo = await pass.checkNatives(nativesUpTo);
    }
    // What Gitea had not sent when it went away it sends about now.
    const missed = await deps.missed.settle(isBack ? undefined : deps.giteaNow());
    const outcome = { full, ...pass.counts(), missed };
    const reached = capped(pass.newest() ?? began, began);
    const before = turnedBack ? undefined : watermark;
    await store.finish({ watermark: latest(before, reached), othersUpTo: next }, outcome);
    deps.missed.recorded(missed);
    lastUser = user;
    wasAway = false;
    return outcome;
  }

  function hasMoved(held: StoredIssue, at: number): boolean {
    return held.updatedAt !== at && nativesRead.get(keyOf(held)) !== at;
  }

  /** It is listed again for as long as nothing newer is; but that very second may not be over. */
  function rememberRead(held: StoredIssue, at: number): void {
    const giteaNow = deps.giteaNow();
    if (giteaNow === undefined || giteaNow - at < clockErrorMs) return;
    nativesRead.delete(keyOf(held));
    nativesRead.set(keyOf(held), at);
    const [oldest] = nativesRead.keys();
    if (nativesRead.size > mostRemembered && oldest !== undefined) nativesRead.delete(oldest);
  }

  /** What one pass has seen. */
  function createOnePass(bot: string | undefined, user: string, signal: AbortSignal) {
    const seen = new Set<string>();
    const renamed = new Set<number>();
    const unreadable = new Set<number>();
    const moved = new Map<string, Moved>();
    const counts = { differences: 0, skipped: 0 };
    let newest: number | undefined;

    /** All that changed, in any state; of these count the bot's and those that are stored. */
    async function listChanged(since: number): Promise<Pick<Walked, 'cutOff'>> {
      const search = { assigned: false, state: 'all', since } as const;
      const issues = await walk(search, mostIncremental, compare);
      // Issues wait for pull requests, too, of which webhooks tell nothing.
      const pulls = await walk({ ...search, type: 'pulls' }, mostIncremental, comparePulls);
      return { cutOff: issues.cutOff || pulls.cutOff };
    }

    async function listAssigned(): Promise<void> {
      // `assigned` means the token's user: another bot's issues are to be found among all.
      const assigned = bot?.toLowerCase() === user.toLowerCase();
      for (let listing = 0; listing < mostListings; listing += 1) {
        const walked = await walk({ assigned, state: 'open' }, mostFull, (issues) =>
          compare(issues.filter(({ assignees }) => isAssigned(assignees, bot))),
        );
        if (walked.cutOff) log.warn('there are more open issues on Gitea than are listed');
        if (!walked.shifted || walked.cutOff) return;
      }
    }

    function walk(
      search: Search,
      mostRequests: number,
      visit: (issues: readonly IssueSnapshot[]) => Promise<void>,
    ): Promise<Walked> {
      const skipped = (position: number) =>
        log.warn({ position }, 'an issue is too large to be listed, it is passed over');
      return walkSearch({ search, ask: deps.searchIssues, mostRequests, visit, skipped }, signal);
    }

    async function comparePulls(pulls: readonly IssueSnapshot[]): Promise<void> {
      const stored = new Map((await store.find(pulls)).map((held) => [keyOf(held), held]));
      const differing = pulls.filter((pull) => {
        newest = latest(newest, pull.updatedAt);
        return differences(stored.get(keyOf(pull)), pull).length > 0;
      });
      await add(differing.map((issue) => ({ kind: 'refreshed', issue })));
    }

    /** Compares issues just read from Gitea with the store. */
    async function compare(issues: readonly IssueSnapshot[]): Promise<void> {
      const stored = new Map((await store.find(issues)).map((issue) => [keyOf(issue), issue]));
      const events: IssueEvent[] = [];
      for (const issue of issues) {
        newest = latest(newest, issue.updatedAt);
        const held = stored.get(keyOf(issue));
        const found = differences(held, issue);
        if (held !== undefined || found.length > 0) seen.add(keyOf(issue));
        if (found.some(hasWebhook))
          deps.missed.suspect({ ...issue, storedAt: held?.updatedAt }, deps.giteaNow());
        // That it is listed does not mean it can be read: issues may be switched off.
        if (found.join() === 'unreadable' && held !== undefined) await eachOf([held], look);
        else if (found.length > 0) events.push({ kind: 'refreshed', issue });
        else if (held !== undefined && isPlanned(held) && hasMoved(held, issue.updatedAt))
          moved.set(keyOf(held), { held: { ...held, body: undefined }, at: issue.updatedAt });
      }
      await add(events);
    }

    function differences(held: StoredIssue | undefined, issue: IssueSnapshot): Difference[] {
      const found = differencesOf(held, issue, bot);
      if (!found.includes('name')) return found;
      // One issue brings the new name for all.
      if (renamed.has(issue.repositoryId)) return found.filter((each) => each !== 'name');
      renamed.add(issue.repositoryId);
      return found;
    }

    async function add(events: readonly IssueEvent[]): Promise<void> {
      if (events.length === 0) return;
      const added = await deps.add(events);
      counts.differences += added.length;
    }

    /** The bot's open issues that were not listed, and the dependencies of them all. */
    async function checkHeld(): Promise<void> {
      for await (const some of inOrder((after) => store.list('open', after, heldAtOnce))) {
        await eachOf(some, async (held) => {
          if (!seen.has(keyOf(held))) await look(held);
          await checkNative(held);
        });
      }
    }

    async function checkBlockers({ open }: { readonly open: boolean }): Promise<void> {
      let looked = 0;
      for await (const some of inOrder((after) => store.list('blockers', after, heldAtOnce))) {
        // Since all changes were listed, a closed one that was not among them is closed.
        const unseen = some.filter((held) => !seen.has(keyOf(held)) && (held.open || !open));
        looked += unseen.length;
        await eachOf(unseen, look);
        if (looked >= mostBlockers) return;
      }
    }

    async function checkOthers(after: IssueKey | undefined): Promise<IssueKey | undefined> {
      const some = await store.list('others', after, othersPerPass);
      const unseen = some.filter((held) => !seen.has(keyOf(held)));
      await eachOf(unseen, look);
      return some.length < othersPerPass ? undefined : some.at(-1);
    }

    /** Between full passes: of the issues that moved without differing, and of some others in turn. */
    async function checkNatives(after: IssueKey | undefined): Promise<IssueKey | undefined> {
      if (deps.giteaDependenciesDiffer === undefined) return undefined;
      const some = await store.list('open', after, nativesPerPass);
      const others = some.filter((held) => !moved.has(keyOf(held)));
      await eachOf([...[...moved.values()].map(({ held }) => held), ...others], async (held) => {
        await checkNative(held);
        const at = moved.get(keyOf(held))?.at;
        if (at !== undefined) rememberRead(held, at);
      });
      return some.length < nativesPerPass ? undefined : some.at(-1);
    }

    async function checkNative(held: StoredIssue): Promise<void> {
      if (held.unreadable || unreadable.has(held.repositoryId)) return;
      if ((await deps.giteaDependenciesDiffer?.(held, signal)) !== true) return;
      // What cannot be read seems to have none.
      await look(held);
      if (!unreadable.has(held.repositoryId)) await add([refreshEvent(factsOf(held))]);
    }

    /** Asks Gitea about one issue, and has it handled if it is not as stored. */
    async function look(held: StoredIssue): Promise<void> {
      seen.add(keyOf(held));
      const known = unreadable.has(held.repositoryId);
      const { facts, confirmed } = known
        ? { facts: undefined, confirmed: false }
        : await deps.currentFacts(factsOf(held), signal);
      if (facts === undefined || !confirmed) {
        unreadable.add(held.repositoryId);
        // Its plan is to say so, once.
        if (isPlanned(held) && !held.unreadable) await add([refreshEvent(factsOf(held))]);
      } else if (facts.deleted) {
        if (!held.deleted) await add([refreshEvent(factsOf(held))]);
      } else {
        const issue = { ...facts, assignees: [...facts.assignees], labels: [...facts.labels] };
        const [stored] = await store.find([held]);
        if (differences(stored, issue).length > 0) await add([{ kind: 'refreshed', issue }]);
      }
    }

    async function eachOf(
      some: readonly StoredIssue[],
      work: (held: StoredIssue) => Promise<void>,
    ): Promise<void> {
      signal.throwIfAborted();
      await mapLimited(some, requestsAtOnce, async (held) => {
        try {
          await work(held);
        } catch (error) {
          if (!(error instanceof TryAgainLater) || counts.skipped >= mostSkipped) throw error;
          counts.skipped += 1;
          log.warn({ err: error, ref: formatRef(held) }, 'an issue could not be compared');
        }
      });
    }

    return {
      listChanged,
      listAssigned,
      checkHeld,
      checkBlockers,
      checkOthers,
      checkNatives,
      counts: () => counts,
      newest: () => newest,
    };
  }

  return runPass;
}

function isPlanned(held: StoredIssue): boolean {
  return held.open && held.assigned && !held.deleted;
}

/** A watermark may not pass the moment at which the pass began: later changes may not have been listed. */
function capped(newest: number | undefined, began: number | undefined): number | undefined {
  if (newest === undefined || began === undefined) return newest;
  return Math.min(newest, began - clockErrorMs);
}

function latest(some: number | undefined, other: number | undefined): number | undefined {
  if (some === undefined || other === undefined) return some ?? other;
  return Math.max(some, other);
}

/** A list from the store, a part at a time. */
async function* inOrder(
  next: (after: IssueKey | undefined) => Promise<readonly StoredIssue[]>,
): AsyncGenerator<readonly StoredIssue[]> {
  let after: IssueKey | undefined;
  for (;;) {
    const some = await next(after);
    if (some.length === 0) return;
    yield some;
    after = some.at(-1);
  }
}

/** Only asks to be looked at: dated before the stored snapshot, it changes nothing by itself. */
function factsOf(held: StoredIssue): IssueFacts {
  const { repositoryId, repository, number, title, open, deleted, labels, updatedAt } = held;
  const place = { repositoryId, repository, number };
  const told = { title, body: '', bodyCut: false, open, deleted, assignees: [], labels };
  return { ...place, ...told, updatedAt: updatedAt - 1, labelsUpdatedAt: updatedAt - 1 };
}
