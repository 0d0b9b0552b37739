import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { createChanges } from '../../../src/web/live/changes.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** Changes with open pages, which note when they are told, in milliseconds from now. */
function open(count: number) {
  const changes = createChanges();
  const from = performance.now();
  const told: (readonly [page: number, atMs: number])[] = [];
  const leave = Array.from({ length: count }, (_, page) =>
    changes.subscribe(() => void told.push([page, performance.now() - from])),
  );
  return { changes, told, leave };
}

test('one page is told at once, of many changes once', () => {
  const { changes, told } = open(1);
  for (let change = 0; change < 20; change += 1) changes.touch();
  vi.advanceTimersByTime(1);
  expect(told.length).toBe(1);
  changes.touch();
  vi.advanceTimersByTime(990);
  expect(told.length).toBe(1);
  vi.advanceTimersByTime(10);
  expect(told.length).toBe(2);
});

test('many pages are told one after the other, all within half a second', () => {
  const { changes, told } = open(50);
  changes.touch();
  vi.advanceTimersByTime(500);
  expect(told.map(([page]) => page)).toEqual(Array.from({ length: 50 }, (_, page) => page));
  const gaps = told.slice(1).map(([, atMs], index) => atMs - (told[index]?.[1] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10);
});

test('what changes while pages are told is told to all of them, after that', () => {
  const { changes, told } = open(50);
  changes.touch();
  vi.advanceTimersByTime(200);
  const round = changes.told();
  expect(told.length).toBeLessThan(50);
  changes.touch();
  vi.advanceTimersByTime(300);
  expect([told.length, changes.told()]).toEqual([50, round]);
  vi.advanceTimersByTime(1_001);
  expect([told.length, changes.told()]).toEqual([100, round + 1]);
});

test('who has left is not told, and does not stop the others', () => {
  const { changes, told, leave } = open(3);
  changes.touch();
  vi.advanceTimersByTime(1);
  leave[1]?.();
  vi.advanceTimersByTime(100);
  expect(told.map(([page]) => page)).toEqual([0, 2]);
});

test('while nobody listens a change outdates what was rendered', () => {
  const { changes, leave } = open(1);
  leave[0]?.();
  const before = changes.told();
  changes.touch();
  expect(changes.told()).not.toBe(before);
});
