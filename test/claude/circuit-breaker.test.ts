import { expect, test } from 'vitest';

import {
  createCircuitBreaker,
  type Attempt,
  type CallEnd,
} from '../../src/claude/circuit-breaker.ts';
import { manualClock } from '../support/clock.ts';

function openBreaker() {
  const clock = manualClock();
  const breaker = createCircuitBreaker(clock.now, 15_000);

  let texts = 0;
  /** A call about a text of its own. */
  function begin(deadlineMs = 15_000): Attempt {
    texts += 1;
    return breaker.begin(`text ${texts}`, deadlineMs);
  }
  /** Makes a call that ends like this, at once. */
  function call(kind: CallEnd['kind'], retryAfterMs?: number): void {
    end(begin(), { kind, retryAfterMs });
  }
  /** Two texts in a row that fail. */
  function fail(kind: CallEnd['kind'] = 'timeout'): void {
    call(kind);
    call(kind);
  }
  const pausedSeconds = () => {
    const until = breaker.pausedUntil();
    return until === undefined ? undefined : (until - clock.now()) / 1000;
  };
  return { breaker, begin, clock, call, fail, pausedSeconds };
}

function end(attempt: Attempt, how: CallEnd): void {
  if (!attempt.allowed) throw new Error(`No call may be made: ${attempt.reason}`);
  attempt.end(how);
}

test.each([
  ['timeout', 2],
  ['unavailable', 2],
  ['auth', 2],
  ['rate_limited', 1],
] as const)(
  'after %s of %i texts no call is made for a while, and they end the same',
  (kind, texts) => {
    const { begin, call, clock, pausedSeconds } = openBreaker();
    for (let failed = 0; failed < texts; failed += 1) {
      expect(pausedSeconds()).toBeUndefined();
      call(kind);
    }
    expect(pausedSeconds()).toBe(15);
    clock.advance(14_999);
    expect(begin()).toEqual({ allowed: false, reason: kind });
    clock.advance(1);
    expect(begin()).toMatchObject({ allowed: true });
  },
);

test.each(['timeout', 'unavailable', 'auth', 'invalid'] as const)(
  'one text that always ends as %s keeps Claude from nobody',
  (kind) => {
    const { breaker, call, pausedSeconds } = openBreaker();
    for (let round = 0; round < 10; round += 1) {
      for (let times = 0; times < 3; times += 1) end(breaker.begin('one text', 15_000), { kind });
      expect(pausedSeconds()).toBeUndefined();
      call('ok');
    }
  },
);

test('a clock that is set back makes no pause longer', () => {
  const { begin, clock, fail } = openBreaker();
  fail();
  expect(begin()).toMatchObject({ allowed: false });
  clock.advance(-3_600_000);
  expect(begin()).toMatchObject({ allowed: true });
});

test.each(['ok', 'refused', 'truncated'] as const)('%s is an answer and pauses nothing', (kind) => {
  const { call, pausedSeconds } = openBreaker();
  for (let calls = 0; calls < 10; calls += 1) call(kind);
  expect(pausedSeconds()).toBeUndefined();
});

test.each(['ok', 'refused', 'truncated'] as const)(
  'after a pause one call is let through; %s frees all others',
  (kind) => {
    const { begin, clock, fail, pausedSeconds } = openBreaker();
    fail();
    clock.advance(15_000);
    const probe = begin();
    expect(begin()).toEqual({ allowed: false, reason: 'timeout' });
    end(probe, { kind });
    expect(pausedSeconds()).toBeUndefined();
    expect([begin(), begin()]).toMatchObject([{ allowed: true }, { allowed: true }]);
  },
);

test('each pause is twice as long as the one before, up to 2 minutes, until an issue is read', () => {
  const { call, clock, fail, pausedSeconds } = openBreaker();
  call('unavailable');
  const pauses: (number | undefined)[] = [];
  for (let calls = 0; calls < 5; calls += 1) {
    call('unavailable');
    pauses.push(pausedSeconds());
    clock.advance(120_000);
  }
  expect(pauses).toEqual([15, 30, 60, 120, 120]);
  call('refused');
  call('timeout');
  expect(pausedSeconds()).toBe(120);
  clock.advance(120_000);
  call('ok');
  fail();
  expect(pausedSeconds()).toBe(15);
});

test.each([
  [3, 15],
  [40, 40],
  [3_600, 60],
])('a Retry-After of %i s makes a pause of %i s', (seconds, paused) => {
  const { call, pausedSeconds } = openBreaker();
  call('rate_limited', seconds * 1000);
  expect(pausedSeconds()).toBe(paused);
});

test('unusable answers about three texts begin a pause, unless one was read between', () => {
  const { begin, call, pausedSeconds } = openBreaker();
  for (const kind of ['invalid', 'invalid', 'ok', 'invalid', 'invalid'] as const) call(kind);
  expect(pausedSeconds()).toBeUndefined();
  call('invalid');
  expect(pausedSeconds()).toBe(15);
  expect(begin()).toEqual({ allowed: false, reason: 'invalid' });
});

test('an unusable answer after a pause does not tell that Claude is back', () => {
  const { call, clock, fail, pausedSeconds } = openBreaker();
  fail();
  clock.advance(15_000);
  call('invalid');
  expect(pausedSeconds()).toBe(30);
});

test('calls that were under way when the pause began neither end nor lengthen it', () => {
  const { begin, clock, pausedSeconds } = openBreaker();
  const [first, second, third, fourth] = [begin(), begin(), begin(), begin()];
  end(first, { kind: 'timeout' });
  end(fourth, { kind: 'timeout' });
  clock.advance(5_000);
  end(second, { kind: 'timeout', retryAfterMs: 60_000 });
  end(third, { kind: 'ok' });
  expect(pausedSeconds()).toBe(10);
});

test.each([15_000, 39_120])(
  'a call that never reports its end is replaced after the time it may take: %i ms',
  (deadlineMs) => {
    const { begin, call, clock, fail, pausedSeconds } = openBreaker();
    fail();
    clock.advance(15_000);
    const lost = begin(deadlineMs);
    clock.advance(deadlineMs - 1);
    expect(begin()).toMatchObject({ allowed: false });
    clock.advance(1);
    call('ok');
    end(lost, { kind: 'ok' });
    expect(pausedSeconds()).toBeUndefined();
  },
);
