import { expect, test } from 'vitest';

import { classifyHooks } from '../../../src/cli/doctor/classify-hooks.ts';
import { events, hook, url } from './samples.ts';

test('hooks to other places are counted, and never shown', () => {
  const chat = { ...hook, url: 'https://chat.test/hooks/very-secret-path' };
  const owned = { hook: chat, owner: 'acme/orbit' };
  const expected = { url: undefined, port: 8000, events };
  const one = classifyHooks(
    { repository: 'acme/orbit', hooks: [owned], incomplete: false },
    expected,
  );
  expect(one).toMatchObject([{ mark: 'broken', name: 'hook acme/orbit' }]);
  expect(one[0]?.text).toBe('No webhook sends to /webhook/gitea. One sends elsewhere.');
  const hooks = [owned, owned];
  const two = classifyHooks({ repository: 'acme/orbit', hooks, incomplete: true }, expected);
  expect(two).toMatchObject([{ mark: 'warning' }]);
  expect(two[0]?.text).toMatch(/2 send elsewhere. The organisation may have one/);
  expect(JSON.stringify([one, two])).not.toContain('very-secret-path');
});

test('hooks of two coordinators are not called the same event twice', () => {
  const other = { ...hook, id: 2, url: 'http://staging:8000/webhook/gitea' };
  const hooks = [hook, other].map((each) => ({ hook: each, owner: 'acme' }));
  const classified = { repository: 'acme/orbit', hooks, incomplete: false };
  const [finding] = classifyHooks(classified, { url: undefined, port: 8000, events });
  expect(finding).toMatchObject({ mark: 'warning' });
  expect(finding?.text).toContain(`coordinators at ${url} and ${other.url}`);
  expect(finding?.cure).toContain(`--url ${url}`);
  expect(classifyHooks(classified, { url, port: 8000, events })).toEqual([]);
});

test('the hook of an organisation is mended there', () => {
  const owned = { hook: { ...hook, active: false }, owner: 'acme' };
  const classified = { repository: 'acme/orbit', hooks: [owned], incomplete: false };
  const [finding] = classifyHooks(classified, { url, port: 8000, events });
  expect(finding?.cure).toContain(`setup --org acme --url ${url}`);
});
