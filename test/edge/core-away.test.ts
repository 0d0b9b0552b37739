import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { expect, test } from 'vitest';

import { logLines, startServiceProcess } from '../support/process.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, temporaryDirectory } from '../support/service.ts';

const preload = pathToFileURL(fileURLToPath(new URL('hurt-core.ts', import.meta.url))).href;

/** The service as it runs in production, whose core comes to harm when `hurt` is called. */
async function startVulnerable(how: 'hang' | 'exit' | 'throw') {
  const directory = temporaryDirectory();
  const file = join(directory, 'hurt');
  const service = await startServiceProcess(directory, {
    NODE_OPTIONS: `--import=${preload}`,
    HURT_WHEN: file,
    HURT_HOW: how,
  });
  return { ...service, directory, hurt: () => writeFileSync(file, '') };
}

function deliver(url: string, id: string) {
  const { headers, body } = signedRequest(issuePayload({ title: id }), { id });
  const content = { method: 'POST', headers, body: new Uint8Array(body) };
  return fetch(`${url}/webhook/gitea`, content);
}

test(
  'while the core hangs, deliveries are taken, and the next start handles them',
  { timeout: 90_000 },
  async () => {
    const { url, hurt, kill, directory } = await startVulnerable('hang');
    hurt();
    // The first answer that does not come shows that it hangs.
    expect((await fetch(`${url}/health`)).status).toBe(503);
    for (const id of ['one', 'two']) expect((await deliver(url, id)).status).toBe(200);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const began = performance.now();
    await kill('SIGTERM');
    expect(performance.now() - began).toBeLessThan(9_000);
    const next = await startService({ directory });
    await next.idle();
    const { json } = await next.api('/deliveries');
    expect(json).toMatchObject({
      items: [
        { deliveryId: 'two', status: 'done' },
        { deliveryId: 'one', status: 'done' },
      ],
    });
  },
);

test.each([
  ['exit', /ended with code 0/],
  ['throw', /hurt on purpose/],
] as const)(
  'a core that is gone (%s) ends the whole service, so that whoever watches it starts it again',
  { timeout: 60_000 },
  async (how, why) => {
    const { url, hurt, exit, output, directory } = await startVulnerable(how);
    expect((await deliver(url, 'one')).status).toBe(200);
    hurt();
    expect(await exit()).toEqual({ code: 1, signal: null });
    const errors = logLines(output.stdout).filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ msg: 'unexpected error, closing' }]);
    expect(JSON.stringify(errors)).toMatch(why);
    const next = await startService({ directory });
    await next.idle();
    expect((await next.api('/deliveries')).json).toMatchObject({
      items: [{ deliveryId: 'one', status: 'done' }],
    });
  },
);
