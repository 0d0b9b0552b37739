import { createServer } from 'node:http';

import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';

import type { Environment } from '../../src/config.ts';
import { runCommandLine } from '../../src/cli/verify.ts';

const token = 'token-of-a-person-0001';

/** A service that answers every call in the same way. */
async function startService(status: number, body: object) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { calls, url: `http://127.0.0.1:${port}` };
}

async function run(args: readonly string[], environment: Environment) {
  const said = { out: '', err: '' };
  const code = await runCommandLine(args, {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    environment: () => environment,
  });
  return { code, ...said };
}

it('asks the service to verify an issue again', async () => {
  const { url, calls } = await startService(202, { verification: { id: 'v1', state: 'queued' } });

  const { code, out } = await run(['verify', 'acme/orbit#12'], {
    COORDINATOR_URL: url,
    COORDINATOR_TOKEN: token,
  });

  expect({ code, out }).toEqual({
    code: 0,
    out: 'acme/orbit#12 is verified again: verification v1.\n',
  });
  expect(calls).toEqual([`POST /api/v1/issues/acme/orbit/12/verify Bearer ${token}`]);
});

it('shows why the service refuses', async () => {
  const { url } = await startService(409, { error: { message: 'The issue is closed.' } });

  const { code, err } = await run(['verify', 'acme/orbit#12'], {
    COORDINATOR_URL: url,
    COORDINATOR_TOKEN: token,
  });

  expect(code).toBe(1);
  expect(err).toContain('The issue is closed.');
});

it.each([
  [['verify', 'twelve'], 'twelve is no issue'],
  [['verify'], 'COORDINATOR_URL is required'],
  [['verify', '--sandbox', 'strict'], '--sandbox must be one of'],
  [['verify', '--pass-env', 'COORDINATOR_TOKEN'], '--pass-env must be names of variables'],
])('refuses %j', async (args, message) => {
  const { code, err } = await run(args, {});

  expect(code).toBe(2);
  expect(err).toContain(message);
});
