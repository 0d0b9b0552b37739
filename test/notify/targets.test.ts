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

test.each([
  ['ntfy+https://ntfy.example.test', 'must name the topic of ntfy'],
  ['ntfy+https://ntfy.example.test/topic/', 'must name the topic of ntfy'],
  ['ntfy+https://ann:pw@ntfy.example.test/topic', 'must have a token and no user'],
  ['matrix+https://:t@m.example.test/', 'must name the id of a room'],
  ['matrix+https://:t@m.example.test/room', 'must name the id of a room'],
  ['matrix+https://m.example.test/!room:example.test', 'must have the token of an account'],
  ['https://ann:pw@hooks.example.test/x', 'must have no user and no password'],
  ['slack+https://:pw@hooks.example.test/x', 'must have no user and no password'],
  ['ntfy+https://:t%zz@ntfy.example.test/topic', 'as %25'],
  ['ntfy+https://ntfy.example.test/to%pic', 'as %25'],
  ['slack+https://hooks.example.test/one', 'must not name a target twice'],
])('what can never work is refused with its cure: %s', (entry, problem) => {
  const both = `slack+https://hooks.example.test/one ${entry}`;
  expect(() => load(both)).toThrow(
    `NOTIFY_URL ${problem.replace(/^as /, 'must write a % that stands for itself as ')}`,
  );
  expect(() => load(both)).toThrow('(entry 2)');
  expect(() => load(both)).not.toThrow('example.test/');
});

test('two topics, and two tokens of one topic, are two targets', () => {
  const url = 'ntfy+https://:a@n.example.test/t ntfy+https://:b@n.example.test/t';
  expect(load(`${url} ntfy+https://:a@n.example.test/u`)).toHaveLength(3);
});
