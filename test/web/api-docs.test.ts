import { expect, test } from 'vitest';

import { signIn, visit } from '../support/browser-like.ts';
import { startService } from '../support/service.ts';

test('the API is shown to whoever is signed in, with roles, parameters and answers', async () => {
  const service = await startService();
  expect((await visit(service, '/docs')).status).toBe(303);
  const cookie = await signIn(service);
  const text = await (await visit(service, '/docs', { headers: { cookie } })).text();
  expect(text).toContain('<code>GET /api/v1/issues/{owner}/{repo}/{number}</code> One plan');
  expect(text).toContain('For the roles operator.');
  expect(text).toContain('<summary>Answer 202</summary>');
  expect(text).not.toContain('style=');
});
