import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { initialMonitorState, observe } from '../../src/work/context-monitor.ts';
import { readStatusLine } from '../../src/work/usage.ts';
import { startChild } from '../support/process.ts';

/** What a worker runs once a claim is its own. Secrets go by a file: arguments show in the list of processes. */
const headersSnippet = String.raw`(umask 077; printf 'Authorization: Bearer %s\nX-Claim-Token: %s\n' "$API_TOKEN" "$CLAIM_TOKEN" > "$MOSAIC_HEADERS")`;
/** What stands in Claude Code's settings.json. */
const settingsSnippet = String.raw`{
  "statusLine": {
    "type": "command",
    "command": "curl -sS -m 5 -H @\"$MOSAIC_HEADERS\" -H 'Content-Type: application/json' --data-binary @- \"$MOSAIC_CLAIM/statusline\""
  }
}`;
const { command } = z
  .object({ statusLine: z.object({ command: z.string() }) })
  .parse(JSON.parse(settingsSnippet)).statusLine;

const vector = fileURLToPath(
  new URL('../fixtures/vectors/claude-code-statusline.json', import.meta.url),
);
const statusLine: unknown = JSON.parse(readFileSync(vector, 'utf8'));

test('the status-line command sends what Claude Code gives it, and shows the answer', async () => {
  const service = await startService();
  const { exit, output, headersFile } = await runSnippets(service.url);
  expect(await exit()).toEqual({ code: 0, signal: null });
  expect(service.requests).toEqual([
    {
      line: 'POST /api/v1/claims/c1/statusline',
      type: 'application/json',
      authorization: 'Bearer api-secret',
      token: 'claim-secret',
      body: statusLine,
    },
  ]);
  expect(JSON.parse(output.stdout)).toMatchObject({
    context: { used: 162_000, limit: 200_000, ratio: 0.81, action: 'compact', crossed: true },
  });
  expect(statSync(headersFile).mode & 0o077).toBe(0);
});

test('without a service it fails in words and shows nothing', async () => {
  const service = await startService();
  await service.close();
  const { exit, output } = await runSnippets(service.url);
  expect(await exit()).toMatchObject({ code: 7 });
  expect(output.stdout).toBe('');
  expect(output.stderr).toMatch(/^curl: /);
});

async function runSnippets(url: string) {
  const directory = await mkdtemp(join(tmpdir(), 'statusline-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const headersFile = join(directory, 'headers');
  const child = startChild({
    command: 'sh',
    args: ['-c', `${headersSnippet} && sh -c "$COMMAND" < "$STATUS_LINE"`],
    environment: {
      API_TOKEN: 'api-secret',
      CLAIM_TOKEN: 'claim-secret',
      MOSAIC_HEADERS: headersFile,
      MOSAIC_CLAIM: `${url}/api/v1/claims/c1`,
      COMMAND: command,
      STATUS_LINE: vector,
    },
    directory,
  });
  return { ...child, headersFile };
}

/** As much of the service as the command meets. */
async function startService() {
  const requests: unknown[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      requests.push({
        line: `${request.method ?? ''} ${request.url ?? ''}`,
        type: request.headers['content-type'],
        authorization: request.headers.authorization,
        token: request.headers['x-claim-token'],
        body,
      });
      const usage = readStatusLine(body);
      const context =
        usage === undefined
          ? null
          : observe(initialMonitorState, { ...usage, at: 0 }, { compactAt: 0.8, rotateAt: 0.95 })
              .answer;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ context }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = z.object({ port: z.number() }).parse(server.address());
  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  onTestFinished(close);
  return { url: `http://127.0.0.1:${address.port}`, requests, close };
}
