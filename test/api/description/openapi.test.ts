import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { readPage } from '../../support/docs.ts';
import { startService } from '../../support/service.ts';
import { codesOf, exampleOf, readDescription, type Described } from './document.ts';

/** Routes that docs/api.md has, and says that the description leaves them out. */
const leftOut = ['DELETE /mcp', 'GET /mcp', 'POST /mcp'];

test('every route of docs/api.md is described, and no other', async () => {
  const { url } = await startService();
  const { document, routes } = await readDescription(url);
  expect(document.openapi).toBe('3.1.0');
  const rows = readPage('docs/api.md').text.matchAll(/^\| `([A-Z]+ \/[^`]*)`/gm);
  expect([...routes.map(([route]) => route), ...leftOut].toSorted()).toEqual(
    [...rows].map(([, route = '']) => route).toSorted(),
  );
});

test('every operation has a name of its own, a group and an answer that is no refusal', async () => {
  const { url } = await startService();
  const { document, routes } = await readDescription(url);
  const names = routes.map(([, { operationId }]) => operationId);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z][A-Za-z]+$/.test(name))).toEqual([]);
  const groups = document.tags.map(({ name }) => name);
  expect(new Set(routes.map(([, { tags }]) => tags[0]))).toEqual(new Set(groups));
  const without = routes.filter(
    ([, { responses }]) => !Object.keys(responses).some((status) => status.startsWith('2')),
  );
  expect(without).toEqual([]);
});

test('every code of an error in docs/api.md is described under its status, and no other', async () => {
  const { url } = await startService();
  const { routes } = await readDescription(url);
  const described = routes
    .filter(([route]) => route.includes('/api/v1'))
    .flatMap(([, operation]) =>
      Object.keys(operation.responses).flatMap((status) =>
        codesOf(operation, status).map((code) => `${status} ${code}`),
      ),
    );
  const [, section = ''] = readPage('docs/api.md').text.split('## Errors');
  const told = [...section.matchAll(/^\| (\d+) +\| ([^|]*)\|/gm)].flatMap(([, status, cell = '']) =>
    [...cell.matchAll(/`(\w+)`(?: \((\d+) for `why`\))?/g)].flatMap(([, code, other]) =>
      [status, other].filter(Boolean).map((each) => `${each} ${code}`),
    ),
  );
  // Of MCP, which has a protocol of its own.
  const ofMcp = '403 origin_refused';
  expect([...new Set(described), ofMcp].toSorted()).toEqual([...new Set(told)].toSorted());
});

test('parameters are what a call has to send', async () => {
  const { url } = await startService();
  const routes: ReadonlyMap<string, Described> = new Map((await readDescription(url)).routes);
  const named = (route: string) =>
    routes
      .get(route)
      ?.parameters.map(
        ({ name, in: where, required }) => `${where} ${name}${required ? ' !' : ''}`,
      );
  expect(named('POST /api/v1/claims')).toEqual(['query wait', 'header Idempotency-Key']);
  const ofClaim = ['path id !', 'header X-Claim-Token !'];
  expect(named('POST /api/v1/claims/{id}/heartbeat')).toEqual(ofClaim);
  expect(named('POST /api/v1/claims/{id}/complete')).toEqual([
    ...ofClaim,
    'header Idempotency-Key',
  ]);
  const heartbeat = routes.get('POST /api/v1/claims/{id}/heartbeat')?.requestBody;
  expect(heartbeat?.required).toBe(false);
  expect(Object.keys(heartbeat?.content['application/json']?.schema.properties ?? {})).toEqual([
    ...['contextUsed', 'contextLimit', 'usage', 'spent'],
  ]);
  const [limit] =
    routes.get('GET /api/v1/issues')?.parameters.filter(({ name }) => name === 'limit') ?? [];
  expect(limit?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 200, default: 50 });
  const mute = [...routes].flatMap(([route, { parameters }]) =>
    parameters
      .filter(({ description }) => description === undefined)
      .map(({ name }) => `${route} ${name}`),
  );
  expect(mute).toEqual([]);
});

test('every POST says its body, but those that take none', async () => {
  const { url } = await startService();
  const { routes } = await readDescription(url);
  const without = routes.filter(
    ([route, { requestBody }]) => route.startsWith('POST') && requestBody === undefined,
  );
  expect(without.map(([route]) => route)).toEqual([
    'POST /api/v1/deliveries/{id}/replay',
    'POST /api/v1/issues/{owner}/{repo}/{number}/verify',
    'POST /api/v1/verifications/take',
    'POST /api/v1/verifications/{id}/heartbeat',
    'POST /api/v1/verifications/{id}/give-back',
  ]);
});

test('every body that is JSON has an example', async () => {
  const { url } = await startService();
  const { routes } = await readDescription(url);
  const without = routes.filter(
    ([, described]) =>
      described.requestBody?.content['application/json'] !== undefined &&
      exampleOf(described) === undefined,
  );
  // A delivery is what Gitea makes.
  expect(without.map(([route]) => route)).toEqual(['POST /webhook/gitea']);
});

test('no route reads a header past the one place that holds it against the schema', () => {
  const folder = new URL('../../../src/api/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const reading = files.filter(
    (file) =>
      file.endsWith('.ts') &&
      /(request|raw)\.headers|\{[^}]*\bheaders\b[^}]*\}: Fastify|rawHeaders/.test(
        readFileSync(new URL(file, folder), 'utf8'),
      ),
  );
  // The first reads Authorization, which is of all routes.
  expect(reading.toSorted()).toEqual(['auth.ts', 'headers.ts']);
});
