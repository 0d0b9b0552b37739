/** From now on Ctrl-C, SIGTERM and `outside` abort the signal, until it is released. */
export function listenForStop(outside: AbortSignal | undefined) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.once(name, abort);
  return {
    signal: outside === undefined ? stop.signal : AbortSignal.any([outside, stop.signal]),
    release: () => signals.forEach((name) => process.off(name, abort)),
  };
}
