import { once } from 'node:events';

import { WorkspaceError } from './workspace-error.ts';

/** Longest wait for another job to leave a checkout: its agent is stopped, and its work saved, in less. */
const maxWaitMs = 15 * 60_000;

/** Gives each name to one user at a time. Each of them calls what it was given when it has done. */
export function createReservations() {
  const taken = new Map<string, Promise<undefined>>();

  /** Undefined when somebody else has it. */
  function take(name: string): (() => void) | undefined {
    if (taken.has(name)) return undefined;
    const done = Promise.withResolvers<undefined>();
    taken.set(name, done.promise);
    return () => {
      if (taken.get(name) === done.promise) taken.delete(name);
      done.resolve(undefined);
    };
  }

  return {
    take,
    /** Waits until nobody has it. Throws a `WorkspaceError` when that takes too long. */
    async wait(name: string, stop: AbortSignal): Promise<() => void> {
      const late = AbortSignal.timeout(maxWaitMs);
      for (;;) {
        stop.throwIfAborted();
        if (late.aborted)
          throw new WorkspaceError('unusable', `Another job does not leave the checkout ${name}.`);
        const free = take(name);
        if (free !== undefined) return free;
        const left = new AbortController();
        const ended = once(AbortSignal.any([stop, late]), 'abort', { signal: left.signal });
        await Promise.race([taken.get(name), ended.catch(() => undefined)]);
        left.abort();
      }
    },
  };
}
