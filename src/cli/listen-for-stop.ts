export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Until released, Ctrl-C, SIGTERM and `outside` abort the returned signal, and a second Ctrl-C ends the process
 * as usual. With `onStop` no signal ends the process before the release, for work that must not leave
 * processes behind; SIGHUP counts as well, and the name of the signal is the reason of the abort. `onAgain` is called
 * for each further one.
 */
export function listenForStop(
  outside: AbortSignal | undefined,
  onStop?: () => void,
  onAgain?: () => void,
) {
  const stop = new AbortController();
  const signals = onStop === undefined ? (['SIGINT', 'SIGTERM'] as const) : stopSignals;
  const release = () => signals.forEach((name) => process.off(name, abort));
  function abort(name: NodeJS.Signals): void {
    if (onStop === undefined) {
      stop.abort();
      // Not at once: what restores the cursor ends the process itself when it is the only listener.
      setImmediate(release);
      return;
    }
    if (stop.signal.aborted) onAgain?.();
    else onStop();
    stop.abort(name);
  }
  for (const name of signals) process.on(name, abort);
  return {
    signal: outside === undefined ? stop.signal : AbortSignal.any([outside, stop.signal]),
    release,
  };
}

/** A signal, and what has to be called when nobody listens to it any more. */
interface Stop {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Aborts when the input of this process ends: whoever started it is gone, or wants it to stop. */
export function listenForEnd(input: NodeJS.ReadStream = process.stdin): Stop {
  const ended = new AbortController();
  const end = () => ended.abort();
  input.once('close', end).once('end', end).once('error', end).resume();
  return { signal: ended.signal, release: () => input.destroy() };
}
