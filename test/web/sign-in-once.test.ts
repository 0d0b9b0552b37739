import { expect, test } from 'vitest';

import { sameOrigin, visit } from '../support/browser-like.ts';
import { startService } from '../support/service.ts';

const code = 'code-of-the-demo-0123456789abcdef';

function startDemo(lifeMs = 60_000) {
  return startService({ signInOnce: { code, caller: 'tests', lifeMs } });
}

test('the link of the demo signs in the first visitor, and nobody after or beside', async () => {
  const service = await startDemo();
  const open = () => visit(service, `/sign-in/once?code=${code}`);
  const replies = await Promise.all([open(), open(), open()]);
  const [reply, ...others] = replies.sort((a, b) => a.status - b.status);
  expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
  expect(others.map(({ status }) => status)).toEqual([403, 403]);
  const cookie = reply.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  const page = await visit(service, '/', { headers: { cookie, ...sameOrigin } });
  expect(page.status).toBe(200);
  const again = await open();
  expect(again.status).toBe(403);
  expect(again.headers.get('set-cookie')).toBeNull();
  expect(await again.text()).toContain('This link signs nobody in');
});

test('a wrong code opens nothing, and does not use the link up', async () => {
  const service = await startDemo();
  const wrong = ['', '?code=', '?code=wrong', `?code=${code}x`, `?code=${code}&code=${code}`];
  for (const query of wrong) {
    const reply = await visit(service, `/sign-in/once${query}`);
    expect([query, reply.status, reply.headers.get('set-cookie')]).toEqual([query, 403, null]);
  }
  expect((await visit(service, `/sign-in/once?code=${code}`)).status).toBe(303);
});

test('guessing is refused after ten attempts', async () => {
  const service = await startDemo();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 11; attempt += 1)
    statuses.push((await visit(service, '/sign-in/once?code=guess')).status);
  expect(statuses.at(-1)).toBe(429);
});

test('a link that is too old signs nobody in', async () => {
  const service = await startDemo(0);
  expect((await visit(service, `/sign-in/once?code=${code}`)).status).toBe(403);
});

test('a service that is no demo has no such route', async () => {
  const service = await startService();
  expect((await visit(service, `/sign-in/once?code=${code}`)).status).toBe(404);
});
