import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { createDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrations.ts';
import { createApp } from '../../src/http/server.ts';
import { createLogger } from '../../src/log.ts';
import { createDatabaseMetrics } from '../../src/metrics/database-metrics.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { registerMetrics } from '../../src/metrics/route.ts';
import { onPostgres, temporaryDirectory } from '../support/database.ts';
import { scrape, scraped, valuesOf } from '../support/scraping.ts';
import { startService } from '../support/service.ts';
import { startWork } from '../support/work.ts';
import { call, issueEvent } from '../support/workers.ts';

const metricsToken = 'token-of-the-metrics';

test('issues, the inbox, the hooks and the handling are told', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  for (const number of [1, 2])
    await service.send(issueEvent(number, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  const reply = await scrape(service);
  expect(reply.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const values = valuesOf(await reply.text());
  expect(values.get('mosaic_issues{state="ready"}')).toBe(2);
  expect(values.get('mosaic_webhook_requests_total{result="accepted"}')).toBe(2);
  expect(values.get('mosaic_webhook_requests_total{result="refused_signature"}')).toBe(0);
  expect(values.get('mosaic_inbox_pending')).toBe(0);
  expect(values.get('mosaic_handling_seconds_count{outcome="ok"}')).toBe(2);
  expect(values.get('mosaic_check_ok{check="store"}')).toBe(1);
  expect([...values.keys()].some((name) => name.startsWith('mosaic_nodejs_eventloop'))).toBe(true);
});

test('each answer 200 to a delivery is timed, a refusal is not', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  await service.send(issueEvent(1, Date.parse('2026-11-23T10:00:00Z')));
  const { url } = service;
  expect((await fetch(`${url}/webhook/gitea`, { method: 'POST' })).status).toBe(415);
  const values = await scraped(service);
  expect(values.get('mosaic_acknowledgement_seconds_count')).toBe(1);
  expect(values.get('mosaic_acknowledgement_seconds_bucket{le="+Inf"}')).toBe(1);
  expect(values.get('mosaic_acknowledgement_seconds_sum')).toBeGreaterThan(0);
  await service.idle();
});

test('the event loop of the edge is measured from the first scrape on', async () => {
  const service = await startService();
  const lag = async () => (await scraped(service)).get('mosaic_edge_eventloop_lag_p99_seconds');
  expect(await lag()).toBe(0);
  await vi.waitFor(async () => expect(await lag()).toBeGreaterThan(0));
});

test('the database tells its size, its writes and its check', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  await service.send(issueEvent(1, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  const values = await scraped(service);
  expect(values.get('mosaic_database_bytes{part="data"}')).toBeGreaterThan(0);
  expect(values.get('mosaic_database_write_seconds_count{kind="decision"}')).toBeGreaterThan(0);
  expect(values.get('mosaic_database_check_seconds')).toBeGreaterThanOrEqual(0);
  expect(values.get('mosaic_database_refused_writes_total')).toBe(0);
  const parts = [...values.keys()].filter((name) => name.startsWith('mosaic_database_bytes'));
  const states = [...values.keys()].filter((name) => name.startsWith('mosaic_database_conn'));
  expect(parts).toHaveLength(onPostgres ? 1 : 3);
  expect(states).toEqual(
    (onPostgres ? ['used', 'idle', 'waiting'] : []).map(
      (state) => `mosaic_database_connections{state="${state}"}`,
    ),
  );
});

test('what is not known is not told as 0', async () => {
  const service = await startService();
  const text = await (await scrape(service)).text();
  expect(text).toContain('# TYPE mosaic_reconcile_passes_total counter');
  expect(text).not.toMatch(/^mosaic_(reconcile|publish)_/m);
  expect(text).toMatch(/^mosaic_inbox_pending 0$/m);
});

test('the first lost lease of an agent is a step from 0', async () => {
  const work = await startWork();
  await work.tell(1);
  const { claimId, token } = await work.held('worker-1');
  const ended = async () =>
    [...(await scraped(work))].filter(([name]) => name.startsWith('mosaic_claims_ended_total'));
  const before = await ended();
  expect(before).toHaveLength(5);
  expect(before.every(([, value]) => value === 0)).toBe(true);
  await call(work, 'worker-1', {
    held: { claimId, token },
    ...{ what: 'release', body: { reason: 'tests' } },
  });
  const after = (await ended()).filter(([, value]) => value === 1);
  expect(after).toHaveLength(1);
  expect(after[0]?.[0]).toContain('outcome="released"');
});

test('strangers get nothing; METRICS_TOKEN opens the metrics and nothing else', async () => {
  const service = await startService({ env: { METRICS_TOKEN: metricsToken } });
  expect((await scrape(service, null)).status).toBe(401);
  expect((await scrape(service, 'wrong-token-of-the-tests')).status).toBe(401);
  expect((await scrape(service, metricsToken)).status).toBe(200);
  const headers = { authorization: `Bearer ${metricsToken}` };
  expect((await service.api('/issues', { headers })).status).toBe(401);
});

test('the number of series does not grow with the issues', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  // What is measured of the process, its collections of garbage for example, comes up with time.
  const count = async () => {
    const values = await scraped(service);
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

test('when the edge does not answer, the rest is told', async () => {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const db = createDatabase(path);
  await migrate(db);
  const app = createApp(createLogger('error', { write: () => undefined }));
  onTestFinished(async () => {
    await app.close();
    await db.destroy();
  });
  const metrics = createMetrics();
  registerMetrics(app, {
    engine: { db, sizes: () => Promise.reject(new Error('the disk is gone')) },
    ...{ metrics, databaseMetrics: createDatabaseMetrics(metrics), now: Date.now },
    edgeMetrics: () => Promise.reject(new Error('the edge hangs')),
    health: () => Promise.resolve({ intake: { status: 'down' } }),
    ...{ token: metricsToken, seesAll: () => false },
  });
  const reply = await app.inject({
    ...{ url: '/metrics', headers: { authorization: `Bearer ${metricsToken}` } },
  });
  expect(reply.statusCode).toBe(200);
  const values = valuesOf(reply.body);
  expect(values.get('mosaic_check_ok{check="intake"}')).toBe(0);
  expect(reply.body).toContain('mosaic_process_resident_memory_bytes');
  expect(reply.body).not.toContain('mosaic_acknowledgement_seconds');
});
