import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { createRepeatedLines } from '../../src/lib/repeated-lines.ts';
import { createLogger } from '../../src/log.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const lineSchema = z.looseObject({ level: z.string(), msg: z.string(), time: z.string() });

function openLines(intervalMs?: number) {
  const lines: unknown[] = [];
  const write = (line: string) => {
    const { time, ...fields } = lineSchema.parse(JSON.parse(line));
    expect(time).not.toBe('');
    lines.push(fields);
  };
  const repeated = createRepeatedLines(createLogger('info', { write }), intervalMs);
  return { repeated, lines };
}

test('lines of one cause are the first at once, then one a minute with their count and the last fields', () => {
  const { repeated, lines } = openLines();
  for (const delivery of [1, 2, 3]) repeated.warn({ delivery }, 'not stored');
  expect(lines).toEqual([{ level: 'warn', delivery: 1, msg: 'not stored' }]);
  vi.advanceTimersByTime(60_000);
  expect(lines.slice(1)).toEqual([{ level: 'warn', delivery: 3, count: 2, msg: 'not stored' }]);
  repeated.warn({ delivery: 4 }, 'not stored');
  vi.advanceTimersByTime(60_000);
  expect(lines.slice(2)).toEqual([{ level: 'warn', delivery: 4, count: 1, msg: 'not stored' }]);
});

test('a line with a count names the deliveries that it stands for, up to 50', () => {
  const { repeated, lines } = openLines();
  for (let number = 0; number <= 60; number += 1)
    repeated.error({ delivery: `d${number}` }, 'not stored');
  repeated.flush();
  const ids = Array.from({ length: 50 }, (_, index) => `d${index + 1}`);
  expect(lines).toEqual([
    { level: 'error', delivery: 'd0', msg: 'not stored' },
    { level: 'error', delivery: 'd60', count: 60, deliveries: ids, msg: 'not stored' },
  ]);
});

test('a cause that rested for an interval is written at once again', () => {
  const { repeated, lines } = openLines(1_000);
  repeated.error({ err: new Error('full') }, 'failed');
  vi.advanceTimersByTime(1_000);
  repeated.error({ err: new Error('full') }, 'failed');
  expect(lines).toHaveLength(2);
  expect(lines[1]).not.toHaveProperty('count');
});

test.each([
  ['message', { code: 'a' }, 'other'],
  ['code', { code: 'b' }, 'failed'],
  ['reason', { code: 'a', reason: 'r' }, 'failed'],
  ['error', { code: 'a', err: new Error('full') }, 'failed'],
])('a line with another %s is of another cause', (_what, fields, message) => {
  const { repeated, lines } = openLines();
  repeated.warn({ code: 'a' }, 'failed');
  repeated.warn(fields, message);
  expect(lines).toHaveLength(2);
});

test('a level is a cause of its own', () => {
  const { repeated, lines } = openLines();
  repeated.warn({}, 'failed');
  repeated.error({}, 'failed');
  expect(lines).toHaveLength(2);
});

test('more causes than can be told apart share one line', () => {
  const { repeated, lines } = openLines();
  for (let cause = 0; cause < 1_000; cause += 1) repeated.warn({ reason: String(cause) }, 'failed');
  expect(lines).toHaveLength(101);
  vi.advanceTimersByTime(60_000);
  expect(lines.at(-1)).toMatchObject({ count: 899, reason: '999' });
});

test('flush writes what was counted, once', () => {
  const { repeated, lines } = openLines();
  repeated.warn({}, 'failed');
  repeated.warn({}, 'failed');
  repeated.flush();
  repeated.flush();
  vi.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatchObject({ count: 1 });
});
