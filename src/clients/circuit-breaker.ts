import type { AskFailure } from '../issue/model-reading.ts';

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
/** An answer that cannot be used may be about its text; so many in a row are not. */
const unusableInARow = 3;

const awayKinds: readonly AskFailure[] = ['unavailable', 'rate_limited', 'auth', 'timeout'];

/**
 * Keeps calls away from a Claude that is away, so that only those under way then have to wait for it.
 *
 * A call that did not reach Claude, or that Claude would not serve, begins a pause; during it no call is
 * made. Of the calls after it one is let through, and the pause goes on for as long as that may take: if
 * Claude answers, calls are free again, if not, the next pause is twice as long. A refused or cut-off
 * text is an answer. Calls begun before a pause change nothing any more; a call that is broken off and
 * never reports its end is replaced by another one after its deadline.
 */
export function createCircuitBreaker({ now, callDeadlineMs }: CircuitBreakerOptions) {
  let pause: Pause | undefined;
  let nextPauseMs = callDeadlineMs;
  let unusable = 0;

  function begin(): Attempt {
    if (pause !== undefined && now() < pause.until) return { allowed: false, reason: pause.reason };
    if (pause !== undefined) pause = { ...pause, until: now() + callDeadlineMs };
    const begunIn = pause;
    return {
      allowed: true,
      end: (end) => {
        if (pause === begunIn) settle(end);
      },
    };
  }

  function settle({ kind, retryAfterMs = 0 }: CallEnd): void {
    unusable = kind === 'invalid' ? unusable + 1 : 0;
    if (kind === 'ok' || !isAway(kind)) {
      pause = undefined;
      // Only a reading ends an outage: a text may be declined by one model, and the next one be away.
      if (kind === 'ok') nextPauseMs = callDeadlineMs;
      return;
    }
    const pauseMs = Math.max(nextPauseMs, Math.min(retryAfterMs, longestRetryAfterMs));
    pause = { reason: kind, until: now() + pauseMs };
    nextPauseMs = Math.min(2 * nextPauseMs, longestPauseMs);
  }

  /** The one definition of "away"; what cannot be used is no proof that Claude is back. */
  function isAway(kind: AskFailure): boolean {
    if (kind === 'invalid') return pause !== undefined || unusable >= unusableInARow;
    return awayKinds.includes(kind);
  }

  /** When the next call may be made, epoch milliseconds; undefined while Claude is there. */
  function pausedUntil(): number | undefined {
    return pause?.until;
  }

  return { begin, pausedUntil };
}
