import type { AskFailure } from '../reading/model/question.ts';

/** How a call ended, as far as it says whether Claude is there. */
export interface CallEnd {
  readonly kind: 'ok' | AskFailure;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

/** Leave to make a call, whose end is to be reported; or the reason for which none is made now. */
export type Attempt =
  | { readonly allowed: true; readonly end: (end: CallEnd) => void }
  | { readonly allowed: false; readonly reason: AskFailure };

interface Pause {
  readonly reason: AskFailure;
  readonly until: number;
}

export interface CircuitBreakerOptions {
  readonly now: () => number;
  /** Longest a call takes; also the first pause, so that the calls under way have ended before the next. */
  readonly callDeadlineMs: number;
}

/** So short that a Claude that is back is noticed soon, and 30 calls an hour are no burden to anybody. */
const longestPauseMs = 120_000;
/** The limits of the API are those of a minute: who asks for more is no reason to stay away for an hour. */
const longestRetryAfterMs = 60_000;
/**
 * Of how many different texts without a reading between a failure speaks of Claude: one text may be what a
 * proxy refuses or a server stumbles over, and must not keep Claude from all others. A failure that is
 * not listed is an answer.
 */
const textsUntilAway: ReadonlyMap<CallEnd['kind'], number> = new Map([
  ['rate_limited', 1],
  ['unavailable', 2],
  ['auth', 2],
  ['timeout', 2],
  ['invalid', 3],
]);

/**
 * Keeps calls away from a Claude that is away, so that only those under way then have to wait for it.
 *
 * When calls about different texts did not reach Claude, or Claude would not serve them, a pause begins;
 * during it no call is made. Of the calls after it one is let through, and the pause goes on for as long as
 * that may take: if Claude answers, calls are free again, if not, the next pause is twice as long. A
 * refused or cut-off text is an answer. Calls begun before a pause change nothing any more; a call that
 * is broken off and never reports its end is replaced by another one after its deadline.
 */
export function createCircuitBreaker({ now, callDeadlineMs }: CircuitBreakerOptions) {
  let pause: Pause | undefined;
  let nextPauseMs = callDeadlineMs;
  /** Texts that failed since the last reading. */
  const failing = new Set<string>();

  /** `text`: what identifies the question. */
  function begin(text: string): Attempt {
    if (pause !== undefined && isAhead(pause.until))
      return { allowed: false, reason: pause.reason };
    if (pause !== undefined) pause = { ...pause, until: now() + callDeadlineMs };
    const begunIn = pause;
    return {
      allowed: true,
      end: (end) => {
        if (pause === begunIn) settle(text, end);
      },
    };
  }

  /** A clock that was set back does not make a pause longer. */
  function isAhead(time: number): boolean {
    const remainingMs = time - now();
    return remainingMs > 0 && remainingMs <= longestPauseMs;
  }

  function settle(text: string, { kind, retryAfterMs = 0 }: CallEnd): void {
    const enough = textsUntilAway.get(kind);
    if (kind === 'ok' || enough === undefined) {
      pause = undefined;
      // Only a reading ends an outage: a text may be declined by one model, and the next one be away.
      if (kind === 'ok') {
        failing.clear();
        nextPauseMs = callDeadlineMs;
      }
      return;
    }
    if (pause === undefined && failing.size < enough && failing.add(text).size < enough) return;
    const pauseMs = Math.max(nextPauseMs, Math.min(retryAfterMs, longestRetryAfterMs));
    pause = { reason: kind, until: now() + pauseMs };
    nextPauseMs = Math.min(2 * nextPauseMs, longestPauseMs);
  }

  /** When the next call may be made, epoch milliseconds; undefined while Claude is there. */
  function pausedUntil(): number | undefined {
    return pause?.until;
  }

  return { begin, pausedUntil };
}
