import { expect, test } from 'vitest';
import { z } from 'zod';

import { commonErrors, operations } from '../../../src/api/description/operations.ts';
import { readPage } from '../../support/docs.ts';
import { startService } from '../../support/service.ts';

const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        summary: z.string().optional(),
        responses: z.record(z.string(), z.looseObject({})),
      }),
    ),
  ),
});

async function readDescription(url: string) {
  const reply = await fetch(`${url}/openapi.json`);
  expect(reply.status).toBe(200);
  return documentSchema.parse(await reply.json());
}

test('every route of the API is described, and no other', async () => {
  const { url } = await startService();
  const { openapi, paths } = await readDescription(url);
  expect(openapi).toBe('3.1.0');
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const rows = readPage('docs/api.md').text.matchAll(/^\| `([A-Z]+ \/api\/v1[^`]*)`/gm);
  expect(described.toSorted()).toEqual([...rows].map(([, route = '']) => route).toSorted());
  const withoutSummary = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .filter(({ summary }) => summary === undefined);
  expect(withoutSummary).toEqual([]);
});

test('every code of an error in docs/api.md is described, and no other', () => {
  const [, section = ''] = readPage('docs/api.md').text.split('## Errors');
  const cells = [...section.matchAll(/^\| \d+ +\| ([^|]*)\|/gm)].map(([, cell = '']) => cell);
  const told = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, code = '']) => code));
  const described = new Set([
    ...commonErrors,
    ...Object.values(operations).flatMap(({ errors = [] }) => errors),
  ]);
  // Of MCP, which has a protocol of its own; and two that the table counts among "several".
  const others = ['origin_refused', 'why', 'store_unavailable', 'core_unavailable'];
  expect([...described].filter((code) => !others.includes(code)).toSorted()).toEqual(
    [...new Set(told)].filter((code) => !others.includes(code)).toSorted(),
  );
});
