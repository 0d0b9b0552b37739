import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { startChild } from './support/process.ts';
import { startWork } from './support/work.ts';
import { tokenOf, type HeldClaim } from './support/workers.ts';

const page = readFileSync(new URL('../docs/agents.md', import.meta.url), 'utf8');
/** What a worker runs once a claim is its own. */
const headersSnippet = /^\(umask 077; .*$/m.exec(page)?.[0] ?? '';
/** What stands in Claude Code's settings.json. */
const settings = /^```json\n(\{\n {2}"statusLine"[^]*?)^```/m.exec(page)?.[1] ?? '';
const { command } = z
  .object({ statusLine: z.object({ command: z.string() }) })
  .parse(JSON.parse(settings)).statusLine;
const vector = fileURLToPath(
  new URL('fixtures/vectors/claude-code-statusline.json', import.meta.url),
);

async function runSnippets(url: string, held: HeldClaim) {
  const directory = await mkdtemp(join(tmpdir(), 'statusline-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const headersFile = join(directory, 'headers');
  const child = startChild({
    command: 'sh',
    args: ['-c', `${headersSnippet} && sh -c "$COMMAND" < "$STATUS_LINE"`],
    environment: {
      API_TOKEN: tokenOf('worker-1'),
      CLAIM_TOKEN: held.token,
      MOSAIC_HEADERS: headersFile,
      MOSAIC_CLAIM: `${url}/api/v1/claims/${held.claimId}`,
      COMMAND: command,
      STATUS_LINE: vector,
    },
    directory,
  });
  return { ...child, headersFile };
}

test('the documented status-line command tells the service what Claude Code gives it, and shows the answer', async () => {
  const service = await startWork();
  await service.tell(1);
  const held = await service.held('worker-1');
  const { exit, output, headersFile } = await runSnippets(service.url, held);
  expect(await exit()).toEqual({ code: 0, signal: null });
  expect(JSON.parse(output.stdout)).toMatchObject({
    leaseExpiresAt: held.leaseExpiresAt,
    context: { used: 162_000, limit: 200_000, ratio: 0.81, action: 'compact', crossed: true },
  });
  expect(statSync(headersFile).mode & 0o077).toBe(0);
  expect((await service.api('/queue')).json).toMatchObject({
    claimed: [{ issue: 'acme/orbit#1', context: { used: 162_000 } }],
  });
});

test('without a service it fails in words and shows nothing', async () => {
  const service = await startWork();
  await service.tell(1);
  const held = await service.held('worker-1');
  await service.close();
  const { exit, output } = await runSnippets(service.url, held);
  expect(await exit()).toMatchObject({ code: 7 });
  expect(output.stdout).toBe('');
  expect(output.stderr).toMatch(/^curl: /);
});
