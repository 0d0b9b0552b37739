import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Database } from '../db/database.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { CoordinatorError, LeadLost } from '../errors.ts';
import type { RepositoryAddress } from '../gitea/address.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { inSpan, type SpanContext } from '../lib/spans.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';
import { dryRun } from './dry-run.ts';
import { createFailurePolicy } from './failure-policy.ts';
import { createPublishIssue, type PublishedParts, type PublishGitea } from './publish-issue.ts';
import { Refused } from './refused.ts';
import { countPublications, dueIssues, type DueIssue } from './rows.ts';

export interface PublisherDeps {
  readonly db: Database;
  readonly writes: Pick<WriteQueue, 'transaction'>;
  readonly gitea: PublishGitea;
  readonly publish: PublishedParts;
  readonly giteaUrl: string;
  /** Login of the bot that issues are assigned to; undefined: it is the user of the token. */
  readonly botUsername: string | undefined;
  /** Names of the agents that can be chosen. */
  readonly agents: readonly string[];
  /** Asks Gitea about a repository in which a write was refused. */
  readonly checkRepository?: CheckRepository | undefined;
  /** Names of the labels that hold an issue back. */
  readonly holdLabels: readonly string[];
  /** Only logs what it would write. */
  readonly dryRun: boolean;
  /** False: another replica publishes. */
  readonly isLeader?: () => boolean;
  /** Traces in which issues were handled. */
  readonly traces?: HandlingTraces;
  readonly now: () => number;
  readonly log: Logger;
}

interface HandlingTraces {
  /** The trace of the handling that is not published yet, where it is known. */
  readonly of: (issue: IssueKey) => SpanContext | undefined;
  /** What comes after it has other causes. */
  readonly published: (issue: IssueKey, trace: SpanContext) => void;
}

type CheckRepository = (
  address: RepositoryAddress,
  signal: AbortSignal,
  refusal: { readonly writeRefused: boolean },
) => Promise<unknown>;

/** What a refusal may say of the whole repository; a locked conversation says nothing of it. */
function refusalOf({ code, message }: Refused): { writeRefused: boolean } | undefined {
  if (code === 'gitea_refused_423' || code === 'gitea_missing') return { writeRefused: false };
  if (code === 'gitea_refused_403' && !/locked/i.test(message)) return { writeRefused: true };
  return undefined;
}

export type Publisher = ReturnType<typeof createPublisher>;

const maxSideBySide = 4;
/** Maximum pause while nothing wakes the publisher: another process may have changed something. */
const maxPauseMs = 1_000;

/**
 * Brings Gitea up to date with the store: one comment and one label an issue.
 *
 * Promises: every change is published in the end, also after a crash, since an issue stays due until its
 * revision is recorded. A crash between a write and its record makes no second comment: before one is
 * created, the comments are searched for our marker. Text that is already on Gitea is not written again. An
 * outage of Gitea costs only time and counts against no issue. A refusal (archived, locked, no access), or
 * a failure while Gitea answers other calls, delays that issue alone. No transaction waits for Gitea.
 *
 * Accepted races: a comment that Gitea creates more than a minute after our call timed out is created
 * twice; then the oldest is kept up to date. A change that a person makes between our read and our write is
 * overwritten. Two coordinators with different databases and one account would overwrite each other's
 * comment in turns; the write budget ends that.
 */
export function createPublisher(deps: PublisherDeps) {
  const { db, now, log, isLeader = () => true } = deps;
  const inWork = new Map<string, DueIssue>();
  /** Code of the latest failure; null after a success. */
  let lastError: string | null = null;
  const repeated = createRepeatedLines(log);
  const loop = createLoop({
    step: beginDue,
    onError: (error) => {
      repeated.error({ err: error }, 'the issues to publish cannot be read, retrying');
      return maxPauseMs;
    },
  });
  const queue = createDueQueue(db, now, deps.dryRun);
  const failures = createFailurePolicy({ ...deps, signal: loop.signal });
  const publishIssue = createPublishIssue(
    deps.dryRun
      ? { ...deps, isLeader, gitea: dryRun(deps.gitea, log), record: () => Promise.resolve() }
      : { ...deps, isLeader, record: deps.writes.transaction },
  );

  /** Begins publishing of every due issue that there is room for. */
  async function beginDue(signal: AbortSignal): Promise<number> {
    if (!isLeader()) return maxPauseMs;
    while (inWork.size < maxSideBySide && !failures.isOutage() && !signal.aborted) {
      const some = await queue.next(maxSideBySide - inWork.size, [...inWork.values()]);
      if (some.length === 0) break;
      for (const due of some) begin(due);
      await nextTurn();
    }
    return maxPauseMs;
  }

  function begin(due: DueIssue): void {
    const key = keyOf(due);
    inWork.set(key, due);
    loop.track(publish(due).finally(() => inWork.delete(key)));
  }

  async function publish(due: DueIssue): Promise<void> {
    const parent = deps.traces?.of(due);
    const options = { parent, errorOf: (error: unknown) => error };
    const error = await inSpan('publish issue', options, () => attempt(due));
    if (error === undefined && parent !== undefined) deps.traces?.published(due, parent);
  }

  /** Resolves with why it failed; undefined: it is published. */
  async function attempt(due: DueIssue): Promise<unknown> {
    try {
      await publishIssue(due, loop.signal);
      failures.succeeded();
      lastError = null;
      queue.markReported(due);
      return undefined;
    } catch (error) {
      if (loop.signal.aborted || error instanceof LeadLost) return error;
      await checkRefusing(due, error);
      lastError = error instanceof CoordinatorError ? error.code : 'unexpected';
      if ((await failures.failed(due, error)) === 'postponed') queue.markReported(due);
      return error;
    }
  }

  /** Archived or closed to the bot, a repository refuses for all its issues: workers must hear of it now. */
  async function checkRefusing({ repositoryId }: DueIssue, error: unknown): Promise<void> {
    const refusal = error instanceof Refused ? refusalOf(error) : undefined;
    if (refusal === undefined) return;
    try {
      const row = await db
        .selectFrom('repositories')
        .select('full_name as repository')
        .where('id', '=', repositoryId)
        .executeTakeFirst();
      const repository = row?.repository ?? '';
      await deps.checkRepository?.({ repositoryId, repository }, loop.signal, refusal);
    } catch (failure) {
      log.warn(
        { repositoryId, err: failure },
        'a repository that refuses writes could not be read',
      );
    }
  }

  /** For health. */
  async function status() {
    const counts = await countPublications(db, now());
    const isFine = counts.paused === 0 && counts.failing === 0 && lastError === null;
    return { status: isFine ? 'ok' : 'degraded', ...counts, lastError } as const;
  }

  return {
    start: loop.start,
    /** Reads the due issues now instead of after the pause. */
    wake: loop.wake,
    /** Resolves when no issue is due, or the due ones wait for their time or for Gitea. */
    idle: loop.idle,
    /** Begins no further issue, aborts the calls to Gitea, and resolves when all have ended. */
    stop: loop.stop,
    status,
  };
}

/** Issues that a dry run reads at once, beyond those it has reported: it never takes one off the list. */
const dryRunBatch = 200;

/** The issues to publish next. A dry run records nothing, so it remembers which ones it has reported. */
function createDueQueue(db: Database, now: () => number, dryRun: boolean) {
  const reported = new Map<string, string>();

  async function next(limit: number, inWork: readonly DueIssue[]): Promise<readonly DueIssue[]> {
    const options = { now: now(), except: inWork };
    if (!dryRun) return dueIssues(db, { ...options, limit });
    const all = await dueIssues(db, { ...options, limit: reported.size + dryRunBatch });
    return all.filter((due) => reported.get(keyOf(due)) !== versionOf(due)).slice(0, limit);
  }

  function markReported(due: DueIssue): void {
    if (dryRun) reported.set(keyOf(due), versionOf(due));
  }

  return { next, markReported };
}

function versionOf({ revision, published, verificationRequests }: DueIssue): string {
  return `${revision}/${published}/${verificationRequests}`;
}
