/** Maximum of calls that wait at once; each reads the queue whenever something changes. */
const maxWaiting = 200;
/** Maximum of one caller, so that others can wait as well: a large fleet behind one token. */
const maxWaitingOfCaller = 50;
/** Delay in which changes are gathered, so that several of them wake each call once. */
const gatherMs = 10;

export type LongPolls = ReturnType<typeof createLongPolls>;

/**
 * Calls that wait until there may be work. Promise: no call sleeps through a change after it read `version`.
 * Every change wakes all of them; each reads the queue itself, and waits on if another was faster. `announce` tells
 * other replicas of a change; there `wakeHere` is called.
 */
export function createLongPolls(announce: () => void = () => undefined) {
  const asleep = new Set<() => void>();
  let version = 0;
  let waiting = 0;
  const waitingOf = new Map<string, number>();
  let closed = false;
  let gathering: NodeJS.Timeout | undefined;

  /** Takes a place and returns the function that gives it back; undefined when all, or all of the caller's, are taken. */
  function enter(caller: string): (() => void) | undefined {
    const own = waitingOf.get(caller) ?? 0;
    if (waiting >= maxWaiting || own >= maxWaitingOfCaller) return undefined;
    waiting += 1;
    waitingOf.set(caller, own + 1);
    return () => {
      waiting -= 1;
      const left = (waitingOf.get(caller) ?? 1) - 1;
      if (left === 0) waitingOf.delete(caller);
      else waitingOf.set(caller, left);
    };
  }

  /** Resolves at the next change since `seen`, after `timeoutMs`, or when `signal` aborts. */
  async function changeSince(seen: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (version !== seen || closed || signal.aborted || timeoutMs <= 0) return;
    await new Promise<void>((resolve) => {
      function wakeUp(): void {
        clearTimeout(timer);
        asleep.delete(wakeUp);
        signal.removeEventListener('abort', wakeUp);
        resolve();
      }
      const timer = setTimeout(wakeUp, timeoutMs);
      asleep.add(wakeUp);
      signal.addEventListener('abort', wakeUp, { once: true });
    });
  }

  /** Wakes all calls, of every replica: there may be work now. */
  function wake(): void {
    announce();
    wakeHere();
  }

  /** Wakes the calls of this replica. */
  function wakeHere(): void {
    if (closed) return;
    gathering ??= setTimeout(wakeAll, gatherMs);
  }

  function wakeAll(): void {
    gathering = undefined;
    version += 1;
    for (const wakeUp of [...asleep]) wakeUp();
  }

  /** Ends all waiting, now and later. */
  function close(): void {
    closed = true;
    clearTimeout(gathering);
    wakeAll();
  }

  return {
    enter,
    changeSince,
    ...{ wake, wakeHere },
    close,
    version: () => version,
    isClosed: () => closed,
    asleep: () => asleep.size,
  };
}
