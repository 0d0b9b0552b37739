import { expect, test } from 'vitest';

import { loadConfig } from '../../src/config.ts';
import { temporaryDirectory, testEnvironment } from '../support/service.ts';

const secret = `whsec_${Buffer.from('secret of the tests, 32 bytes ok').toString('base64')}`;

function load(url: string, more: Readonly<Record<string, string>> = {}) {
  const env = { NOTIFY_URL: url, NOTIFY_SECRET: secret, ...more };
  return loadConfig(testEnvironment(temporaryDirectory(), env)).notify.targets;
}

test('targets are read with their form, and their token apart from the address', () => {
  expect(
    load(
      'https://hooks.example.test/a?b=1 ntfy+https://:tk_1@ntfy.example.test/alerts,\nslack+https://hooks.slack.example/x matrix+http://:s%2Ft@m.example.test/!r:e',
    ),
  ).toEqual([
    { form: 'webhook', url: 'https://hooks.example.test/a?b=1', token: undefined },
    { form: 'ntfy', url: 'https://ntfy.example.test/alerts', token: 'tk_1' },
    { form: 'slack', url: 'https://hooks.slack.example/x', token: undefined },
    { form: 'matrix', url: 'http://m.example.test/!r:e', token: 's/t' },
  ]);
});

test.each([
  'mailto:a@example.test',
  'teams+https://example.test',
  'https://',
  'javascript:alert(1)',
])('what is no target is refused, and not shown: %s', (entry) => {
  expect(() => load(`https://hooks.example.test ${entry}`)).toThrow(/NOTIFY_URL .*\(entry 2\)/);
  expect(() => load(`https://hooks.example.test ${entry}`)).not.toThrow(entry.slice(0, 12));
});

test('a plain URL needs a secret to be signed with, the other forms do not', () => {
  const none = { NOTIFY_SECRET: '' };
  expect(() => load('https://hooks.example.test', none)).toThrow('NOTIFY_SECRET is required');
  expect(load('slack+https://hooks.example.test', none)).toHaveLength(1);
});
