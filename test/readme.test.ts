import { expect, test } from 'vitest';

import { readPage } from './support/docs.ts';

const { text } = readPage('README.md');

test('CI runs the two commands of the README exactly as they are written', () => {
  const ci = readPage('.ci/run').text.split('\n');
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) {
    expect(text.split('\n')).toContain(command);
    expect(ci).toContain(command);
  }
  expect(ci.at(-2)).toBe('npm ci && npm test');
});

test('it is short enough to be read: at most 150 lines and 12 KB', () => {
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(12_000);
});
