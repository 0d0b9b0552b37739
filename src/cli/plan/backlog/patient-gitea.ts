import { setTimeout as sleep } from 'node:timers/promises';

import type { Gitea } from '../../../gitea/client.ts';
import { RateLimited } from '../../../gitea/transport.ts';

/** Pauses before a call is made again, in milliseconds: limits are counted by the second or the minute. */
const pausesMs = [5_000, 15_000, 60_000] as const;

/** The calls that a backlog is read with. */
export type BacklogCalls = Pick<
  Gitea,
  'getRepository' | 'listIssues' | 'getIssue' | 'listDependencies'
>;

interface Patience {
  /** Called before each pause. */
  readonly onPause: (ms: number) => void;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Makes a call again that was refused because there were too many: a backlog takes thousands, and all would be lost
 * with one. Gives up after three pauses, of at most a minute each.
 */
export function createPatientGitea(
  gitea: BacklogCalls,
  { onPause, wait = (ms, signal) => sleep(ms, undefined, { signal }) }: Patience,
): BacklogCalls {
  async function patiently<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (const pauseMs of pausesMs) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof RateLimited)) throw error;
        const ms = Math.min(Math.max(pauseMs, error.retryAfterMs ?? 0), 60_000);
        onPause(ms);
        await wait(ms, signal);
      }
    }
    return call();
  }

  return {
    getRepository: (name, signal) => patiently(() => gitea.getRepository(name, signal), signal),
    listIssues: (address, filter, signal) =>
      patiently(() => gitea.listIssues(address, filter, signal), signal),
    getIssue: (ref, signal) => patiently(() => gitea.getIssue(ref, signal), signal),
    listDependencies: (address, signal) =>
      patiently(() => gitea.listDependencies(address, signal), signal),
  };
}
