import { expect, test } from 'vitest';

import { createWorldClock } from '../../../../src/cli/demo/world/clock.ts';
import { createDice } from '../../../../src/cli/demo/world/dice.ts';
import { textOf } from '../../../../src/cli/demo/world/backlog.ts';
import { newSketch } from '../../../../src/cli/demo/world/ideas.ts';

test('the same seed throws the same, another seed does not', () => {
  const story = (seed: number) => {
    const dice = createDice(seed);
    const throws = Array.from({ length: 20 }, () => dice.between(1, 1_000));
    return [...throws, dice.hex(40), dice.chance(0.5), textOf(newSketch(dice, 1, '#3'))];
  };
  expect(story(7)).toEqual(story(7));
  expect(story(8)).not.toEqual(story(7));
});

test('throws stay within their bounds and reach both ends', () => {
  const dice = createDice(3);
  const throws = new Set(Array.from({ length: 500 }, () => dice.between(2, 5)));
  expect([...throws].sort()).toEqual([2, 3, 4, 5]);
  expect(() => dice.pick([])).toThrow('nothing to pick from');
});

test('the clock of the world goes as fast as it is told, and never back', () => {
  const clock = createWorldClock(1_000_000);
  expect(clock.now()).toBeGreaterThanOrEqual(1_000_000);
  clock.advance(5_000);
  const before = clock.now();
  expect(before).toBeGreaterThanOrEqual(1_005_000);
  clock.goAt(60);
  expect(clock.now()).toBeGreaterThanOrEqual(before);
});
