import { expect, test } from 'vitest';

import { signIn, submit, visit } from '../support/browser-like.ts';
import { startService } from '../support/service.ts';

test('without tokens the pages say that they are off, and how to turn them on', async () => {
  const service = await startService({ env: { API_TOKENS: '' } });
  for (const path of ['/', '/sign-in']) {
    const text = await (await visit(service, path)).text();
    expect(text).toContain('The pages are off');
    expect(text).toContain('API_TOKENS');
  }
});

test('what cannot be answered is a page with a sentence', async () => {
  const service = await startService();
  const cookie = await signIn(service);
  const answers = [
    await visit(service, '/issues/acme/nothing/1', { headers: { cookie } }),
    await visit(service, '/issues/acme/nothing/x', { headers: { cookie } }),
    await visit(service, '/deliveries/unknown', { headers: { cookie } }),
    await submit(service, '/pause', { agent: 'nobody' }, { cookie }),
    await submit(service, '/resume', { account: 'nobody' }, { cookie }),
    await submit(service, '/pause', { reason: 'x'.repeat(20_000) }, { cookie }),
    await submit(service, '/deliveries/unknown/replay', {}, { cookie }),
    await submit(service, '/issues/acme/nothing/1/resume', {}, { cookie }),
    await submit(service, '/issues/acme/nothing/1/verify', {}, { cookie }),
    await submit(service, '/issues/acme/nothing/1/give-back', { claim: 'x' }, { cookie }),
  ];
  for (const answer of answers) {
    expect([answer.url, answer.status >= 400 && answer.status < 500]).toEqual([answer.url, true]);
    expect(await answer.text()).toContain('<p>');
  }
});
