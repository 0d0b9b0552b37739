import { expect, test } from 'vitest';

import { signIn, visit } from '../../support/browser-like.ts';
import { startWork } from '../../support/work.ts';
import { tokenOf } from '../../support/workers.ts';

const title = `<img src=x onerror=alert(1)> "><script>alert(2)</script>`;

async function startStory(more: Parameters<typeof startWork>[0] = {}) {
  const service = await startWork(more);
  await service.tell(1, { title, body: 'Estimated context: 10K' });
  await service.tell(2, { title: 'Second', body: 'Blocked by #1\nEstimated context: 30K' });
  await service.tell(3, { title: 'Round', body: 'Blocked by #4' });
  await service.tell(4, { title: 'And round', body: 'Blocked by #3' });
  return service;
}

async function pageOf(service: Awaited<ReturnType<typeof startWork>>, path = '/graph') {
  const cookie = await signIn(service);
  const reply = await visit(service, path, { headers: { cookie } });
  return { status: reply.status, html: await reply.text() };
}

test('the graph is a picture and a list, with cycles, the critical path and the tokens', async () => {
  const { status, html } = await pageOf(await startStory());
  expect(status).toBe(200);
  expect(html).toContain('<svg viewBox=');
  expect(html).toMatch(/xlink:href="\/issues\/acme\/orbit\/2"/);
  expect(html).toMatch(/class="node blocked critical"/);
  expect(html).toMatch(/class="node blocked cycle"/);
  expect(html).toContain('on the critical path');
  expect(html).toContain('1 cycle: the issues of a cycle wait for each other');
  expect(html).toMatch(/On the critical path[^<]*<strong>40,000 tokens<\/strong> in 2 issues/);
});

test('one issue alone is said to be the critical path, and nothing is called thick without one', async () => {
  const service = await startWork();
  await service.tell(1, { title: 'Huge', body: 'Estimated context: 900K' });
  const huge = (await pageOf(service)).html;
  expect(huge).toContain('No size is known of what an agent can take');
  expect(huge).not.toContain('Thick');
  await service.tell(2, { title: 'Small', body: 'Estimated context: 10K' });
  const { html } = await pageOf(service);
  expect(html).toMatch(/The critical path is <a [^>]*>acme\/orbit#2<\/a> alone \(10,000 tokens\)/);
  expect(html).toContain('Thick: the critical path.');
});

test('titles are texts and nothing else', async () => {
  const { html } = await pageOf(await startStory());
  expect(html).toContain('&lt;img src=x');
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<script>alert');
  expect(html).not.toMatch(/ style="/);
});

test('a size is chosen by a link, and what is done by a box', async () => {
  const service = await startStory();
  const { html } = await pageOf(service, '/graph?size=fit&done=yes&repository=acme/orbit');
  expect(html).toContain('width="100%"');
  expect(html).toContain('aria-current="true">Fit</a>');
  expect(html).toMatch(/name="done" value="yes" checked/);
});

test('what is not known or may not be seen is said to be empty', async () => {
  const service = await startStory({
    env: { API_TOKENS: `far:reader[repos=acme/other]:${tokenOf('worker-1')}` },
  });
  const cookie = await signIn(service, tokenOf('worker-1'));
  const reply = await visit(service, '/graph?repository=acme/orbit', { headers: { cookie } });
  const html = await reply.text();
  expect(html).toContain('No issue of acme/orbit is open, or none that you may see.');
  expect(html).not.toContain('Second');
});
