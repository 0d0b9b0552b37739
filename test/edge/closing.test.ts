import { once } from 'node:events';

import { expect, test } from 'vitest';

import { openSocket, requestHead, untilClosed } from '../support/raw-http.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService } from '../support/service.ts';

/** Longest time that a close takes which waits for nobody, on a busy machine. */
const promptMs = 3_500;

async function closeOf(service: Awaited<ReturnType<typeof startService>>): Promise<number> {
  const began = performance.now();
  await service.close();
  const last = service.logs.slice(-1);
  expect(last).toMatchObject([{ msg: 'coordinator stopped' }]);
  expect(service.logs.filter(({ msg }) => msg?.includes('did not finish'))).toEqual([]);
  return performance.now() - began;
}

test('connections without a request do not hold up a close', async () => {
  const service = await startService();
  const silent = await openSocket(service.url);
  const begun = await openSocket(service.url);
  begun.write('POST /webhook/gitea HTTP/1.1\r\nHost: x\r\n');
  const used = await openSocket(service.url);
  used.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(used, 'data');
  const closed = [silent, begun, used].map(untilClosed);
  expect(await closeOf(service)).toBeLessThan(promptMs);
  await Promise.all(closed);
});

test('a long poll is answered at once by a close, and its connection closed', async () => {
  const service = await startService({ workers: true });
  const answer = service.api('/claims', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ agent: 'claude-haiku', waitSeconds: 30 }),
  });
  await Promise.race([answer, once(service.coreApp.server, 'request')]);
  expect(await closeOf(service)).toBeLessThan(promptMs);
  expect((await answer).status).toBeLessThan(500);
});

test(
  'a delivery that stops in the middle is given up in the time of a close',
  { timeout: 20_000 },
  async () => {
    const service = await startService();
    const { headers, body } = signedRequest(issuePayload());
    const socket = await openSocket(service.url);
    const closed = untilClosed(socket);
    const lines = Object.entries({ ...headers, 'content-length': String(body.length) });
    socket.write(requestHead('POST', lines));
    socket.write(body.subarray(0, 100));
    await once(service.app.server, 'request');
    expect(await closeOf(service)).toBeLessThan(7_000);
    await closed;
  },
);
