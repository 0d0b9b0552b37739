import { h } from 'preact';
import { expect, test } from 'vitest';

import { createSharedParts, type SharedPart } from '../../src/web/shared-page.ts';

function textOf({ bytes }: SharedPart): string {
  return bytes.toString();
}

test('what many ask for within a second is rendered once', async () => {
  let now = 0;
  let made = 0;
  const { render } = createSharedParts(
    () => 0,
    () => now,
  );
  const make = () => Promise.resolve(h('b', null, (made += 1)));
  const ask = async (key: string) => textOf(await render(key, make));
  expect(await Promise.all([ask('a'), ask('a')])).toEqual(['<b>1</b>', '<b>1</b>']);
  expect(await ask('b')).toBe('<b>2</b>');
  now = 999;
  expect(await ask('a')).toBe('<b>1</b>');
  now = 1_000;
  expect(await ask('a')).toBe('<b>3</b>');
});

test('a failure is not kept', async () => {
  const { render } = createSharedParts(
    () => 0,
    () => 0,
  );
  await expect(render('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(textOf(await render('a', () => Promise.resolve(h('b', null))))).toBe('<b></b>');
});

test('what was rendered before pages were told of a change is rendered again', async () => {
  let told = 0;
  const { render } = createSharedParts(
    () => told,
    () => 0,
  );
  let count = 0;
  const ask = async () =>
    textOf(await render('a', () => Promise.resolve(h('p', null, (count += 1)))));
  expect([await ask(), await ask()]).toEqual(['<p>1</p>', '<p>1</p>']);
  told += 1;
  expect(await ask()).toBe('<p>2</p>');
});
