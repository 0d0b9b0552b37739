import { setTimeout as sleep } from 'node:timers/promises';

import { CoordinatorError, TryAgainLater } from '../../errors.ts';
import type { GateResult, GateStatus } from '../../gates/gate.ts';
import type { GatesReport, PlannedRun } from '../../gates/report.ts';
import type { CommitState, CommitStatus } from '../../gitea/statuses.ts';
import type { Gitea } from '../../gitea/client.ts';
import { backoffMs, type Backoff } from '../../lib/backoff.ts';
import { shorten } from '../output.ts';

/** Maximum characters of a description; longer ones are cut on the page. */
const maxDescription = 140;
/** Attempts to set one status: Gitea may be starting, or its answer may get lost. */
const maxAttempts = 4;
const defaultPause: Backoff = { firstMs: 1_000, factor: 3, maxMs: 10_000 };
const contextOf = (gate: string) => `coordinator/${gate}`;
const verdictContext = contextOf('verdict');

/** `skipped` that counts is no verdict, and so an error; the word `skipped` is not one that every Gitea knows. */
const stateOf: Record<GateStatus, CommitState> = {
  passed: 'success',
  failed: 'failure',
  error: 'error',
  timeout: 'error',
  skipped: 'error',
};

type Untargeted = Omit<CommitStatus, 'targetUrl'>;

export interface StatusTarget {
  readonly gitea: Pick<Gitea, 'hasCommit' | 'setCommitStatus'>;
  readonly repository: string;
  readonly targetUrl: string | undefined;
  /** Pauses between attempts; shorter in tests. */
  readonly pause?: Backoff;
}

/**
 * The statuses of a run on Gitea: one a gate that counts, and one for the verdict. What does not count has none, so
 * that nothing that was not checked is ever green.
 */
export function createStatuses({
  gitea,
  repository,
  targetUrl,
  pause = defaultPause,
}: StatusTarget) {
  let commit = '';
  const open = new Set<string>();

  /** Refuses what a status would be untrue of, then marks as pending what is known to count. */
  async function begin(run: PlannedRun, signal: AbortSignal): Promise<void> {
    if (run.commit === null)
      throw refusal('--status needs a git checkout: a status belongs to a commit.');
    if (run.dirty !== false)
      throw refusal(
        '--status needs a clean tree, and this one has changes (git status lists them): commit, stash or ignore them, for a status tells of the bytes of a commit.',
      );
    commit = run.commit;
    if (!(await gitea.hasCommit({ repository, commit }, signal)))
      throw refusal(
        `${repository} on Gitea has no commit ${commit.slice(0, 10)} that the token may see: push it, or correct --repository.`,
      );
    const known = run.gates.filter(({ counts }) => counts === true);
    for (const context of [verdictContext, ...known.map(({ gate }) => contextOf(gate))]) {
      open.add(context);
      await set({ context, state: 'pending', description: 'The gates are running.' }, signal);
    }
  }

  /** The verdict comes last: when it is there, all others are. */
  async function finish(report: GatesReport, signal: AbortSignal): Promise<void> {
    for (const result of report.gates.filter(({ counts }) => counts))
      await set(statusOf(result), signal);
    for (const context of open)
      if (context !== verdictContext)
        await set({ context, state: 'error', description: 'It was not checked.' }, signal);
    const passed = report.gates.filter(({ counts, passed: is }) => counts && is).length;
    const all = report.gates.filter(({ counts }) => counts).length;
    await set(
      {
        context: verdictContext,
        state: stateOf[report.verdict],
        description: `${report.verdict}: ${passed} of ${all} gates passed.`,
      },
      signal,
    );
  }

  /** Nothing stays pending that nobody works on: tries once for each. */
  async function abandon(why: string, signal: AbortSignal): Promise<void> {
    for (const context of [...open].toReversed())
      await set({ context, state: 'error', description: why }, signal, 1);
  }

  async function set(status: Untargeted, signal: AbortSignal, attempts = maxAttempts) {
    const description = shorten(status.description, maxDescription);
    const whole = { ...status, description, targetUrl };
    const call = () => gitea.setCommitStatus({ repository, commit }, whole, signal);
    const result = await persist(call, attempts, signal);
    if (result.kind === 'refused')
      throw refusal(
        `Gitea refused the status (${result.status}, ${result.message}): the token needs the scope write:repository, and its user write access to ${repository}.`,
      );
    if (result.kind === 'missing')
      throw refusal(`Gitea has no repository ${repository} that the token may see.`);
    if (status.state !== 'pending') open.delete(status.context);
  }

  /** A status may be set twice: the latest of a context counts. */
  async function persist<T>(call: () => Promise<T>, attempts: number, signal: AbortSignal) {
    for (let failures = 1; ; failures += 1) {
      try {
        return await call();
      } catch (error) {
        const mayPass = error instanceof TryAgainLater && error.code !== 'gitea_auth';
        if (!mayPass || failures >= attempts) throw error;
        await sleep(backoffMs(pause, failures), undefined, { signal });
      }
    }
  }

  return { begin, finish, abandon };
}

function statusOf({ gate, status, message, judgedBy }: GateResult): Untargeted {
  const weaker = judgedBy === 'exit_code' ? 'exit code only: ' : '';
  return { context: contextOf(gate), state: stateOf[status], description: `${weaker}${message}` };
}

function refusal(message: string): CoordinatorError {
  return new CoordinatorError('status_refused', message);
}
