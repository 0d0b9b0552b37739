import { h } from 'preact';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import type { Caller } from '../../src/api/roles.ts';
import { createSharedParts } from '../../src/web/shared-page.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

const reader: Caller = { name: 'ann', role: 'reader', repositories: undefined, agents: undefined };

/** Shared parts; each rendering says which one it is. */
function startParts(told: () => number = () => 0) {
  const parts = createSharedParts(told);
  let made = 0;
  return async (asked: string, caller: Caller = reader) => {
    const make = () => Promise.resolve(h('b', null, (made += 1)));
    return (await parts.render({ caller, asked }, make)).bytes.toString();
  };
}

test('what many ask for within a second is rendered once', async () => {
  const ask = startParts();
  expect(await Promise.all([ask('a'), ask('a')])).toEqual(['<b>1</b>', '<b>1</b>']);
  expect(await ask('b')).toBe('<b>2</b>');
  vi.advanceTimersByTime(999);
  expect(await ask('a')).toBe('<b>1</b>');
  vi.advanceTimersByTime(1);
  expect(await ask('a')).toBe('<b>3</b>');
});

test('those with the same rights share, all others do not', async () => {
  const ask = startParts();
  const callers: readonly Caller[] = [
    reader,
    { ...reader, role: 'operator' },
    { ...reader, repositories: ['acme/orbit'] },
    { ...reader, repositories: ['acme/orbit', 'acme/other'] },
    { ...reader, repositories: [] },
    { ...reader, agents: ['acme/orbit'] },
    { ...reader, role: 'worker' },
    { ...reader, role: 'worker', name: 'bob' },
  ];
  const shown: string[] = [];
  for (const caller of callers) shown.push(await ask('a', caller));
  expect(new Set(shown).size).toBe(callers.length);
  expect(await ask('a', { ...reader, name: 'bob' })).toBe(shown[0]);
});

test('a failure is not kept', async () => {
  const { render } = createSharedParts(() => 0);
  const question = { caller: reader, asked: 'a' };
  await expect(render(question, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const { bytes } = await render(question, () => Promise.resolve(h('b', null)));
  expect(bytes.toString()).toBe('<b></b>');
});

test('what was rendered before pages were told of a change is rendered again', async () => {
  let told = 0;
  const ask = startParts(() => told);
  expect([await ask('a'), await ask('a')]).toEqual(['<b>1</b>', '<b>1</b>']);
  told += 1;
  expect(await ask('a')).toBe('<b>2</b>');
});
