import { expect, test } from 'vitest';

import { apiToken, startService, type Service } from '../support/service.ts';
import { issueEvent } from '../support/workers.ts';

const metricsToken = 'token-of-the-metrics';

function scrape({ url }: Service, token?: string): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${url}/metrics`, { headers });
}

/** Values by their name with labels, as the text has them. */
function valuesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))] as const;
    }),
  );
}

test('issues, the inbox, the hooks and the handling are told', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  for (const number of [1, 2])
    await service.send(issueEvent(number, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  const reply = await scrape(service, apiToken);
  expect(reply.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const values = valuesOf(await reply.text());
  expect(values.get('mosaic_issues{state="ready"}')).toBe(2);
  expect(values.get('mosaic_webhook_accepted')).toBe(2);
  expect(values.get('mosaic_inbox_pending')).toBe(0);
  expect(values.get('mosaic_handling_seconds_count{outcome="ok"}')).toBe(2);
  expect(values.get('mosaic_check_ok{check="store"}')).toBe(1);
  expect([...values.keys()].some((name) => name.startsWith('mosaic_nodejs_eventloop'))).toBe(true);
});

test('strangers get nothing; METRICS_TOKEN opens the metrics and nothing else', async () => {
  const service = await startService({ env: { METRICS_TOKEN: metricsToken } });
  expect((await scrape(service)).status).toBe(401);
  expect((await scrape(service, 'wrong-token-of-the-tests')).status).toBe(401);
  expect((await scrape(service, metricsToken)).status).toBe(200);
  const headers = { authorization: `Bearer ${metricsToken}` };
  expect((await service.api('/issues', { headers })).status).toBe(401);
});

test('the number of series does not grow with the issues', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  // What is measured of the process, its collections of garbage for example, comes up with time.
  const count = async () => {
    const values = valuesOf(await (await scrape(service, apiToken)).text());
    return [...values.keys()].filter((name) => !/^mosaic_(nodejs|process)_/.test(name)).length;
  };
  await service.send(issueEvent(1, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  const before = await count();
  for (let number = 2; number <= 30; number++)
    await service.send(issueEvent(number, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  expect(await count()).toBe(before);
});
