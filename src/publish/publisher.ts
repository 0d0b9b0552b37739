import { setImmediate as nextTurn } from 'node:timers/promises';

import { CoordinatorError, describeError, TryAgainLater } from '../errors.ts';
import { keyOf } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../db/database.ts';
import { isBusy } from '../db/lock.ts';
import {
  countPublications,
  dueIssues,
  findPublication,
  storePublication,
  type DueIssue,
  type PublicationCounts,
} from './rows.ts';
import { dryRun } from './dry-run.ts';
import {
  createPublishIssue,
  type Published,
  type PublishGitea,
  type Record,
} from './publish-issue.ts';
import { Storm } from './refused.ts';

/** Something was written to Gitea and is not recorded yet. */
export type PublishStep =
  'comment-created' | 'comment-edited' | 'label-created' | 'label-added' | 'label-removed';

export interface PublisherDeps {
  readonly db: Database;
  /** Runs a short transaction when it is its turn. */
  readonly record: Record;
  readonly gitea: PublishGitea;
  readonly publish: Published;
  readonly giteaUrl: string;
  /** Only tells what it would write. */
  readonly dryRun: boolean;
  readonly now: () => number;
  readonly log: Logger;
  readonly onStep?: ((step: PublishStep) => void) | undefined;
}

export interface PublisherStatus extends PublicationCounts {
  readonly status: 'ok' | 'degraded';
  /** Code of the latest failure; null after a success. */
  readonly lastError: string | null;
}

const sideBySide = 4;
/** Longest it sleeps while nothing wakes it: other processes may have changed something. */
const longestPauseMs = 1_000;
const firstRefusalMs = 60_000;
const longestRefusalMs = 3_600_000;
const firstOutageMs = 1_000;
const longestOutageMs = 60_000;
/** After this a person has had time to look, or the loop has lost interest. */
const stormPauseMs = 3_600_000;
/** Issues looked at in one go by a dry run, which takes none of them off the list. */
const dryRunBatch = 200;

/**
 * Brings what people see on Gitea to what is stored: one comment and one label an issue.
 *
 * Promises: whatever changes is published in the end, also after a crash, since an issue stays due until its
 * revision is recorded. A crash between a write and its record makes no second comment: the marker is looked
 * for before one is created. What stands already is not written. Gitea being away costs nothing but time,
 * and is no refusal of any issue; a refusal (archived, locked, no access), or a failure while Gitea answers
 * otherwise, holds up that issue alone. No transaction waits for Gitea.
 *
 * Accepted races: a comment whose creation Gitea still works on more than a minute after our call ran out is
 * created twice; the oldest is kept up to date then. What a person changes between
 * our look and our write is overwritten. Two coordinators on different databases with one account would
 * write to the same comment in turns; the storm breaker ends that.
 */
export function createPublisher(deps: PublisherDeps) {
  const { db, now, log } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const publishIssue = createPublishIssue({
    ...deps,
    gitea: deps.dryRun ? dryRun(deps.gitea, log) : withSteps(deps.gitea, deps.onStep),
    record: deps.dryRun ? () => Promise.resolve() : deps.record,
  });
  const busy = new Map<string, DueIssue>();
  /** What a dry run has told already. */
  const told = new Map<string, string>();
  const outage = { tries: 0, until: -Infinity };
  let lastError: string | null = null;
  let loop: Promise<void> | undefined;
  let idleWaiters: (() => void)[] = [];
  let woken = false;
  let wakeUp: () => void = () => undefined;

  /** Looks at what is due now instead of in a moment. */
  function wake(): void {
    woken = true;
    wakeUp();
  }

  /** Resolves when nothing is due, or what is waits for its time or for Gitea. */
  function idle(): Promise<void> {
    if (loop === undefined || signal.aborted) return loop ?? Promise.resolve();
    return new Promise((resolve) => {
      idleWaiters.push(resolve);
      wake();
    });
  }

  async function run(): Promise<void> {
    while (!signal.aborted || busy.size > 0) {
      woken = false;
      await pause(signal.aborted ? longestPauseMs : await takeDue());
    }
    resolveIdle();
  }

  /** Begins what may begin; returns how long nothing else will be to do, in milliseconds. */
  async function takeDue(): Promise<number> {
    try {
      while (busy.size < sideBySide && now() >= outage.until && !signal.aborted) {
        const some = await nextDue(sideBySide - busy.size);
        if (some.length === 0) break;
        for (const due of some) begin(due);
        await nextTurn();
      }
      if (busy.size === 0) resolveIdle();
    } catch (error) {
      log.error({ err: error }, 'what is to be published cannot be read, trying again');
    }
    return longestPauseMs;
  }

  async function nextDue(limit: number): Promise<DueIssue[]> {
    const except = [...busy.values()];
    if (!deps.dryRun) return dueIssues(db, { now: now(), limit, except });
    const all = await dueIssues(db, { now: now(), limit: told.size + dryRunBatch, except });
    return all.filter((due) => told.get(keyOf(due)) !== versionOf(due)).slice(0, limit);
  }

  function begin(due: DueIssue): void {
    const key = keyOf(due);
    busy.set(key, due);
    void process(due).finally(() => {
      busy.delete(key);
      wake();
    });
  }

  async function process(due: DueIssue): Promise<void> {
    try {
      await publishIssue(due, signal);
      outage.tries = 0;
      lastError = null;
      markTold(due);
    } catch (error) {
      if (signal.aborted) return;
      lastError = error instanceof CoordinatorError ? error.code : 'unexpected';
      const away = isBusy(error) || (error instanceof TryAgainLater && !(await isThere()));
      if (away) waitAwhile(error);
      if (!away || mayBeInWork(error)) await holdUp(due, error);
    }
  }

  function markTold(due: DueIssue): void {
    if (deps.dryRun) told.set(keyOf(due), versionOf(due));
  }

  /**
   * A Gitea that still answers the simplest question fails on this issue: comments that cannot be listed,
   * say. However many of these there are, all others go on.
   */
  async function isThere(): Promise<boolean> {
    if (now() < outage.until) return false;
    try {
      await deps.gitea.getUser(signal);
      outage.tries = 0;
      return true;
    } catch {
      return false;
    }
  }

  /** Gitea is away, or another process is writing to the store: nothing of that is about an issue. */
  function waitAwhile(error: unknown): void {
    // Calls side by side fail together: that is one outage.
    if (signal.aborted || now() < outage.until) return;
    const delayMs = Math.min(firstOutageMs * 2 ** outage.tries, longestOutageMs);
    outage.tries += 1;
    outage.until = now() + delayMs;
    log.warn({ err: error, delayMs }, 'publishing waits, and is tried again');
  }

  /** This issue alone waits: for a time that grows, or after a storm for one that lets a person look. */
  async function holdUp(due: DueIssue, error: unknown): Promise<void> {
    const issue = { repositoryId: due.repositoryId, issue: due.number };
    markTold(due);
    try {
      const known = await findPublication(db, due);
      const changes = error instanceof Storm ? afterStorm() : afterFailure(known.attempts, error);
      log.warn({ ...issue, err: error, ...changes }, 'publishing of an issue is put off');
      if (deps.dryRun) return;
      const full = { ...changes, error: describeError(error) };
      await deps.record((transaction) => storePublication(transaction, due, full));
    } catch (failure) {
      log.error({ ...issue, err: failure }, 'a failed publication could not be put off');
      outage.until = now() + firstOutageMs;
    }
  }

  function afterStorm() {
    return { paused_until: now() + stormPauseMs };
  }

  function afterFailure(before: number, error: unknown) {
    // A Gitea that is just starting fails and answers by turns; what ran out of time may still come.
    const isBrief = error instanceof TryAgainLater && !mayBeInWork(error);
    const firstMs = isBrief ? firstOutageMs : firstRefusalMs;
    const delayMs = Math.min(firstMs * 2 ** Math.min(before, 30), longestRefusalMs);
    return { attempts: before + 1, due_at: now() + delayMs };
  }

  function resolveIdle(): void {
    const waiting = idleWaiters;
    idleWaiters = [];
    for (const resolve of waiting) resolve();
  }

  async function pause(milliseconds: number): Promise<void> {
    if (woken) {
      await nextTurn();
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wakeUp = () => undefined;
  }

  /** For health. */
  async function status(): Promise<PublisherStatus> {
    const counts = await countPublications(db, now());
    const fine = counts.paused === 0 && counts.failing === 0 && lastError === null;
    return { status: fine ? 'ok' : 'degraded', ...counts, lastError };
  }

  return {
    start: () => {
      loop ??= run();
    },
    wake,
    idle,
    /** Begins nothing more, ends what waits for Gitea, and resolves when all has ended. */
    stop: async () => {
      stopping.abort();
      wake();
      await loop;
    },
    status,
  };
}

export type Publisher = ReturnType<typeof createPublisher>;

/** Gitea may still write the comment that we did not wait for: listed too early, it would be made twice. */
function mayBeInWork(error: unknown): boolean {
  return error instanceof TryAgainLater && error.code === 'gitea_timeout';
}

function versionOf({ revision, published }: DueIssue): string {
  return `${revision}/${published}`;
}

/** Tells of each write right after Gitea's answer. */
function withSteps(
  gitea: PublishGitea,
  onStep: ((step: PublishStep) => void) | undefined,
): PublishGitea {
  if (onStep === undefined) return gitea;
  const telling =
    <Args extends unknown[], T>(step: PublishStep, call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const reply = await call(...args);
      onStep(step);
      return reply;
    };
  return {
    ...gitea,
    createComment: telling('comment-created', gitea.createComment),
    editComment: telling('comment-edited', gitea.editComment),
    createRepositoryLabel: telling('label-created', gitea.createRepositoryLabel),
    addIssueLabel: telling('label-added', gitea.addIssueLabel),
    removeIssueLabel: telling('label-removed', gitea.removeIssueLabel),
  };
}
