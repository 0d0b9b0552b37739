import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { leastRecentlyUsed, takePlace } from '../../src/lib/places.ts';
import { temporaryDirectory } from '../support/service.ts';

test('the names that were used last are kept; one that is gone meanwhile is left out', async () => {
  const directory = temporaryDirectory();
  for (const [at, name] of ['old', 'older', 'new'].entries()) {
    mkdirSync(join(directory, name));
    const time = [20, 10, 30][at] ?? 0;
    utimesSync(join(directory, name), time, time);
  }
  symlinkSync(join(directory, 'nowhere'), join(directory, 'gone'));
  expect(await leastRecentlyUsed(directory, 1)).toEqual(['old', 'older']);
});

test('a place is taken by one process at a time, and from one that is dead', async () => {
  const directory = temporaryDirectory();
  const first = await takePlace(directory);
  const second = await takePlace(directory);
  expect([first.path, second.path]).toEqual([join(directory, '1'), join(directory, '2')]);
  await first.release();
  const owner = { host: hostname(), pid: process.pid, started: 'another time' };
  writeFileSync(join(directory, '1', 'lock'), JSON.stringify(owner));
  const third = await takePlace(directory);
  expect(third.path).toBe(first.path);
  expect(readFileSync(join(directory, '1', 'lock'), 'utf8')).toContain(`${process.pid}`);
  await Promise.all([second.release(), third.release()]);
});
