import { expect, test } from 'vitest';
import { z } from 'zod';

import { cookiesAfter, signIn, submit, visit } from '../../support/browser-like.ts';
import { statementIn } from '../../support/database.ts';
import { startWork } from '../../support/work.ts';
import { tokenOf } from '../../support/workers.ts';

const rowsSchema = z.array(z.object({ id: z.string() }));
const evil = `"><script>alert(1)</script>`;

async function startStory() {
  const service = await startWork();
  await service.tell(1, { title: evil });
  const rows = await statementIn(service.directory, 'select id from deliveries');
  const id = rowsSchema.parse(rows)[0]?.id ?? '';
  return { service, id, cookie: await signIn(service) };
}

async function read(service: Parameters<typeof visit>[0], path: string, cookie: string) {
  const reply = await visit(service, path, { headers: { cookie } });
  return { status: reply.status, html: await reply.text() };
}

test('deliveries are listed with status, event and issue', async () => {
  const { service, id, cookie } = await startStory();
  const { html } = await read(service, '/deliveries', cookie);
  expect(html).toContain(`href="/deliveries/${id}"`);
  expect(html).toContain('href="/issues/acme/orbit/1"');
  expect((await read(service, '/deliveries?status=dead', cookie)).html).toContain(
    'There is no such delivery.',
  );
  expect((await read(service, '/deliveries?status=x&cursor=%27', cookie)).status).toBe(200);
});

test('the list says what happened first, and below it what went wrong', async () => {
  const { service, id, cookie } = await startStory();
  const error = 'The payload is not as expected: issue.number';
  await statementIn(
    service.directory,
    `update deliveries set error = '${error}', attempts = 2 where id = '${id}'`,
  );
  const { html } = await read(service, '/deliveries', cookie);
  const row = /<li>(.*?)<\/li>/s.exec(html)?.[1] ?? '';
  expect(row.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')).toMatch(
    new RegExp(
      `^ assigned acme/orbit#1 done 2 failures (?:\\d+ \\w+ )?\\d\\d:\\d\\d .* ${id.split('-')[0] ?? ''} ${error} $`,
    ),
  );
  expect(row).toContain(`title="${id}"`);
});

test('one is shown with what was understood, escaped, and can be replayed', async () => {
  const { service, id, cookie } = await startStory();
  const { html } = await read(service, `/deliveries/${id}`, cookie);
  expect(html).toContain('It was handled.');
  expect(html).toContain('&quot;>&lt;script>alert(1)');
  expect(html).not.toContain('<script>alert');
  const reply = await submit(service, `/deliveries/${id}/replay`, {}, { cookie });
  expect(reply.status).toBe(303);
  expect(reply.headers.get('location')).toBe(`/deliveries/${id}?done=replayed`);
  await service.idle();
  const after = await read(service, `/deliveries/${id}?done=replayed`, cookiesAfter(reply, cookie));
  expect(after.html).toContain('The delivery is handled once more.');
});

test('an unknown one is 404, and a foreign page replays nothing', async () => {
  const { service, id, cookie } = await startStory();
  expect((await read(service, '/deliveries/none', cookie)).status).toBe(404);
  expect((await submit(service, '/deliveries/none/replay', {}, { cookie })).status).toBe(404);
  const reply = await submit(
    service,
    `/deliveries/${id}/replay`,
    {},
    { cookie, 'sec-fetch-site': 'cross-site' },
  );
  expect(reply.status).toBe(403);
});

test('the list has pages', async () => {
  const service = await startWork();
  for (let number = 1; number <= 51; number++) await service.tell(number);
  const cookie = await signIn(service);
  const { html } = await read(service, '/deliveries', cookie);
  const [, next = ''] = /href="([^"]*cursor=\d+)">Older/.exec(html) ?? [];
  const older = await read(service, next.replaceAll('&amp;', '&'), cookie);
  expect(older.html).toContain('>Newest</a>');
  expect(older.html).not.toContain('>Older</a>');
});

test('only operators see deliveries', async () => {
  const service = await startWork({
    env: { API_TOKENS: `eye:reader:${tokenOf('worker-1')}` },
  });
  const cookie = await signIn(service, tokenOf('worker-1'));
  for (const path of ['/deliveries', '/deliveries/x'])
    expect((await read(service, path, cookie)).status).toBe(403);
  const { html } = await read(service, '/status', cookie);
  expect(html).not.toContain('href="/deliveries"');
});
