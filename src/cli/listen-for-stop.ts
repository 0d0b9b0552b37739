/**
 * From now on Ctrl-C, SIGTERM and `outside` abort the signal, until it is released; a second Ctrl-C ends the
 * process as usual.
 */
export function listenForStop(outside: AbortSignal | undefined) {
  const stop = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const release = () => signals.forEach((name) => process.off(name, abort));
  function abort(): void {
    stop.abort();
    // Not at once: what restores the cursor ends the process itself when it is alone in listening.
    setImmediate(release);
  }
  for (const name of signals) process.on(name, abort);
  return {
    signal: outside === undefined ? stop.signal : AbortSignal.any([outside, stop.signal]),
    release,
  };
}
