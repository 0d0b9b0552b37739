import type { AskFailure } from '../issue/warnings.ts';
import { backoffMs } from '../lib/backoff.ts';

/** The end of a call, with what it says about Claude's availability. */
export interface CallEnd {
  readonly kind: 'ok' | AskFailure;
  /** The server's Retry-After. */
  readonly retryAfterMs?: number | undefined;
}

/** Permission for a call, whose end must be reported; or the reason why no call is made now. */
export type Attempt =
  | { readonly allowed: true; readonly end: (end: CallEnd) => void }
  | { readonly allowed: false; readonly reason: AskFailure };

/** Maximum pause: short enough to notice soon that Claude is back; 30 calls an hour burden nobody. */
const maxPauseMs = 120_000;
/** Maximum Retry-After that is obeyed: the API's limits are per minute. */
const maxRetryAfterMs = 60_000;
/**
 * Number of different texts that must fail, with no success between, before a pause begins: a single text
 * may be one that a proxy refuses or a server stumbles over. A kind that is not listed is an answer.
 */
const textsUntilPause: ReadonlyMap<CallEnd['kind'], number> = new Map([
  ['rate_limited', 1],
  ['unavailable', 2],
  ['auth', 2],
  ['timeout', 2],
  ['invalid', 3],
]);

/**
 * Stops calls while Claude is unavailable, so that only the calls under way wait for it.
 *
 * A pause begins when calls about different texts did not reach Claude, or Claude would not serve them.
 * After the pause one call is let through, and the pause lasts until that call must have ended: if Claude
 * answers, calls are free again; if not, the next pause is twice as long. A refused or truncated text is an
 * answer. Calls begun before a pause change nothing. A call that is aborted and never reports its end is
 * replaced by another one after its timeout.
 *
 * `firstPauseMs`: the first pause, in which most calls under way end before the next one begins.
 */
export function createCircuitBreaker(now: () => number, firstPauseMs: number) {
  let pause: { readonly reason: AskFailure; readonly until: number } | undefined;
  const backoff = { firstMs: firstPauseMs, factor: 2, maxMs: maxPauseMs };
  /** Pauses in a row without a success. */
  let pauses = 0;
  /** Texts that failed since the last success. */
  const failing = new Set<string>();

  /** `text` identifies the question; `deadlineMs`: timeout of its call. */
  function begin(text: string, deadlineMs: number): Attempt {
    if (pause !== undefined && isAhead(pause.until))
      return { allowed: false, reason: pause.reason };
    if (pause !== undefined) pause = { ...pause, until: now() + deadlineMs };
    const begunIn = pause;
    return {
      allowed: true,
      end: (end) => {
        if (pause === begunIn) settle(text, end);
      },
    };
  }

  /** A clock that is set back must not make a pause longer. */
  function isAhead(time: number): boolean {
    const remainingMs = time - now();
    return remainingMs > 0 && remainingMs <= maxPauseMs;
  }

  function settle(text: string, { kind, retryAfterMs = 0 }: CallEnd): void {
    const enough = textsUntilPause.get(kind);
    if (kind === 'ok' || enough === undefined) {
      pause = undefined;
      // Only a success ends an outage: one model may decline a text while the next one is away.
      if (kind === 'ok') {
        failing.clear();
        pauses = 0;
      }
      return;
    }
    if (pause === undefined && failing.size < enough && failing.add(text).size < enough) return;
    pauses += 1;
    const pauseMs = Math.max(backoffMs(backoff, pauses), Math.min(retryAfterMs, maxRetryAfterMs));
    pause = { reason: kind, until: now() + pauseMs };
  }

  return {
    begin,
    /** Epoch milliseconds of the next call; undefined while Claude answers. */
    pausedUntil: () => pause?.until,
  };
}
