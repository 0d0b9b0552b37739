import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';

import { createClient } from '../../src/verifier/client.ts';
import { hash, passed } from '../support/verifying.ts';

const job = {
  ...{ verificationId: 'v1', token: 'token-of-the-job', leaseExpiresAt: '' },
  ...{ issue: 'acme/orbit#1', repository: 'acme/orbit', repositoryId: 2, commit: hash('3') },
  ...{ branch: null, baseBranch: 'main', attempt: 1 },
};

it('reports the verdict without the report of the gates when that does not arrive in time', async () => {
  const reports: unknown[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { report } = z.looseObject({ report: z.unknown() }).parse(body);
      reports.push(report);
      response.statusCode = report === null ? 200 : 408;
      response.end(JSON.stringify({ state: 'passed' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const client = createClient({
    ...{ url: `http://127.0.0.1:${port}`, token: 'token-of-a-verifier', random: () => 0 },
    backoff: { firstMs: 1, factor: 1, maxMs: 1 },
  });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });

  expect(await client.report(job, passed, new AbortController().signal)).toBe('passed');
  expect(reports.at(-1)).toBeNull();
  expect(reports.slice(0, -1)).toEqual(Array(3).fill(passed.report));
});
