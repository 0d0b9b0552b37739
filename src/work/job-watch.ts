import type { Logger } from '../log.ts';
import type { Spent } from './adapters/adapter.ts';
import { addSpent, type AgentProgress } from './agent-progress.ts';
import type { JobDeps, JobRequest } from './job-record.ts';
import type { JournalEntry } from './journal.ts';
import { holdLease } from './lease.ts';
import type { StopCause } from './session.ts';

/** Watches what a job uses, and halts its agent for the first reason that there is. */
export function createWatch(
  { claim, entry, journal, stop, show }: JobRequest,
  deps: JobDeps,
  log: Logger,
) {
  const { limits, now, client } = deps;
  const startedAt = entry.startedAt === 0 ? now() : entry.startedAt;
  const state: JournalEntry = { ...entry, claim, startedAt };
  const halting = new AbortController();
  const lost = new AbortController();
  // Declared, since a declaration file cannot name what is inferred here.
  const signals: { readonly lost: AbortSignal; readonly halt: AbortSignal } = {
    lost: lost.signal,
    halt: halting.signal,
  };
  let cause: StopCause | undefined;
  let progress: AgentProgress | undefined;
  let activity = '';
  let rotate: () => void = () => undefined;
  let saidCompact = false;

  function halt(why: StopCause): void {
    cause ??= why;
    halting.abort(why);
  }
  const onStop = () => halt('stopped');
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();

  /** Of the claim so far. */
  function spent(): Spent {
    const { tokens, costUsd } = state.spent;
    const before = { tokens, ...(costUsd === undefined ? {} : { costUsd }) };
    return addSpent(before, progress?.spent ?? { tokens: 0 });
  }

  /** Of the time of the issue; no more than all of it, should the clock have been set back. */
  function leftMs(minutes: number): number {
    const wholeMs = minutes * 60_000;
    return Math.min(wholeMs, Math.max(0, startedAt + wholeMs - now()));
  }

  function draw(): void {
    show({ issue: claim.issue, startedAt, activity, progress, spent: spent() });
  }

  return {
    state,
    spent,
    ...signals,
    haltCause: () => cause,
    onRotate: (wanted: () => void) => void (rotate = wanted),
    async note(more: Partial<JournalEntry>): Promise<void> {
      // A run has ended: what it used belongs to those that have.
      if (more.spent !== undefined) progress = undefined;
      Object.assign(state, more);
      await journal.note(more);
    },
    activity(words: string): void {
      activity = words;
      log.info(words);
      draw();
    },
    onProgress(newest: AgentProgress): void {
      progress = newest;
      const { tokens, costUsd } = spent();
      if (limits.tokens !== undefined && tokens >= limits.tokens) halt('tokens');
      if (limits.costUsd !== undefined && (costUsd ?? 0) >= limits.costUsd) halt('cost');
      draw();
    },
    holdLease(): Disposable {
      const lease = holdLease({
        ...{ client, claim, leaseExpiresAt: claim.leaseExpiresAt, now, log },
        report: () => ({
          context:
            progress?.used === undefined
              ? undefined
              : { used: progress.used, window: progress.window },
          spent: spent(),
        }),
        onContext({ action, crossed }) {
          if (action === 'rotate') rotate();
          if (action !== 'compact' || !crossed || saidCompact) return;
          saidCompact = true;
          log.info('the coordinator asks for a compaction: the agent makes it by itself');
        },
        onLost(error) {
          lost.abort(error);
          halt('lost');
        },
      });
      const { minutes } = limits;
      const timer =
        minutes === undefined ? undefined : setTimeout(() => halt('minutes'), leftMs(minutes));
      return {
        [Symbol.dispose]() {
          lease[Symbol.dispose]();
          clearTimeout(timer);
          stop.removeEventListener('abort', onStop);
        },
      };
    },
  };
}
