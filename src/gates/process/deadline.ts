/**
 * A signal that aborts with `stop`, or after this time; dispose of it to let the process end earlier. Unlike
 * `AbortSignal.timeout`, whose timer is lost when the signal is collected as garbage, the timer holds it.
 */
export function startDeadline(
  milliseconds: number,
  stop: AbortSignal,
): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), milliseconds);
  return {
    signal: AbortSignal.any([stop, late.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
