import type { CheckCommit } from '../claims/commit-check.ts';
import type { LongPolls } from '../claims/hand-out/long-poll.ts';
import type { Config } from '../config.ts';
import { CoordinatorError, LeadLost, TryAgainLater } from '../errors.ts';
import type { Gitea } from '../gitea/client.ts';
import { refreshIssues } from '../handling/refresh-issues.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { PullHint } from '../issue/pull-hint.ts';
import { backoffMs } from '../lib/backoff.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { ForgeDeps } from '../verification/forge.ts';
import { countForge } from '../verification/forge-counts.ts';
import { createPullChecks, type PullCheckDeps } from '../verification/pull-check.ts';
import { createPullRequests, type PullRequestDeps } from '../verification/pull-request.ts';
import { checkSoon } from '../verification/pull-rows.ts';
import { createStatusWriter } from '../verification/status-writer.ts';
import { canVerify } from './verification.ts';

/** Maximum pause while nothing wakes the loop. */
const maxPauseMs = 2_000;
/** Pauses while Gitea is away. */
const outageBackoff = { firstMs: 1_000, factor: 2, maxMs: 60_000 };

/** Whether hints of webhooks about our pull requests are followed. */
export function followsPulls(config: Config, dryRun: boolean): boolean {
  const { comment, labels } = config.publish;
  const publishes = config.giteaToken !== undefined && (comment || labels) && !dryRun;
  return publishes && config.pullRequests && canVerify(config);
}

interface ForgePartsDeps extends ForgeDeps {
  readonly config: Pick<Config, 'publicUrl' | 'pullRequests'>;
  readonly gitea: Gitea;
  readonly checkCommit: CheckCommit;
  /** Undefined: nothing is verified any more, and only statuses of before are concluded. */
  readonly requestVerification: PullCheckDeps['requestVerification'] | undefined;
  readonly inbox: Pick<Inbox, 'requestRefreshes'>;
  readonly longPolls: Pick<LongPolls, 'wake'>;
  readonly wakePublisher: () => void;
  readonly wakeConsumer: () => void;
  /** False: another replica does this. */
  readonly isLeader: () => boolean;
}

export type ForgeParts = ReturnType<typeof createForge>;

/**
 * The loop that keeps Gitea up to date with verifications: statuses of commits, pull requests, and what people do
 * with these. Each pass looks at what the store wants and what is not recorded as done, so that a crash at any point
 * is repaired by the next one.
 */
export function createForge({ config, requestVerification, ...parts }: ForgePartsDeps) {
  const deps = { ...parts, gitea: whileLeading(parts.gitea, parts.isLeader) };
  const { db, now, log } = deps;
  const lines = createRepeatedLines(log);
  const { publicUrl } = config;
  const passes = [
    createStatusWriter({ ...deps, publicUrl }).pass,
    ...(config.pullRequests && requestVerification
      ? pullPasses({ ...deps, publicUrl, requestVerification })
      : []),
  ];
  /** Code of the latest failure; null after a pass without one. */
  let lastError: string | null = null;
  let failures = 0;
  let pausedUntil = 0;
  const loop = createLoop({
    step,
    onError: (error) => {
      lastError = error instanceof CoordinatorError ? error.code : 'unexpected';
      if (error instanceof TryAgainLater) {
        failures += 1;
        pausedUntil = now() + backoffMs(outageBackoff, failures);
        lines.warn({ err: error }, 'statuses and pull requests wait for Gitea');
      } else lines.error({ err: error }, 'statuses and pull requests failed, retrying');
      return maxPauseMs;
    },
  });

  async function step(signal: AbortSignal): Promise<number> {
    if (!deps.isLeader()) return maxPauseMs;
    const remainingMs = pausedUntil - now();
    // A clock that was set back does not make it longer.
    if (remainingMs > 0 && remainingMs <= outageBackoff.maxMs) return maxPauseMs;
    let more = false;
    for (const pass of passes) more = (await pass(signal)).more || more;
    lastError = null;
    failures = 0;
    return more ? 0 : maxPauseMs;
  }

  /** For health. */
  async function status() {
    const counts = await countForge(db);
    const isFine = counts.refused === 0 && lastError === null;
    return { status: isFine ? 'ok' : 'degraded', ...counts, lastError } as const;
  }

  return {
    ...{ start: loop.start, wake: loop.wake, idle: loop.idle, status },
    /** Something happened on Gitea to a pull request of ours. */
    hint: async (hint: PullHint): Promise<void> => {
      await deps.writes.transaction((transaction) => checkSoon(transaction, hint, now()));
      loop.wake();
    },
    stop: async () => {
      await loop.stop();
      lines.flush();
    },
  };
}

/** The client of Gitea, whose writes throw `LeadLost` where this replica does not lead: it may have stood still since it read. */
function whileLeading(gitea: Gitea, isLeader: () => boolean): Gitea {
  function leading<A extends unknown[], R>(write: (...rest: A) => Promise<R>) {
    return (...rest: A): Promise<R> =>
      isLeader() ? write(...rest) : Promise.reject(new LeadLost());
  }
  return {
    ...gitea,
    setCommitStatus: leading(gitea.setCommitStatus),
    createPull: leading(gitea.createPull),
    editPullBody: leading(gitea.editPullBody),
    closePull: leading(gitea.closePull),
  };
}

function pullPasses(
  deps: Omit<ForgePartsDeps, 'config' | 'requestVerification'> &
    Pick<PullRequestDeps, 'publicUrl'> &
    Pick<PullCheckDeps, 'requestVerification'>,
) {
  const { inbox, longPolls, wakePublisher, wakeConsumer } = deps;
  const checks = createPullChecks({
    ...deps,
    refreshIssue: (transaction, issue) => refreshIssues(transaction, inbox, [issue]),
    wake: () => {
      longPolls.wake();
      wakePublisher();
      wakeConsumer();
    },
  });
  return [createPullRequests(deps).pass, checks.pass];
}
