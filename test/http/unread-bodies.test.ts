import { once } from 'node:events';
import type { Socket } from 'node:net';

import { describe, expect, test } from 'vitest';

import { openSocket, untilClosed } from '../support/raw-http.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService } from '../support/service.ts';

/** The head of a request on a connection that may stay open. */
function headOf(request: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${request} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`;
}

async function nextData(socket: Socket): Promise<string> {
  const data: unknown[] = await once(socket, 'data');
  return String(data[0]);
}

describe('a request that announces a body which nobody reads', () => {
  const announced = { 'Content-Type': 'application/json', 'Content-Length': '10000000' };
  const forged = { Authorization: 'Bearer nobody' };

  test.each([
    ['POST /nothing', announced, 404],
    ['PUT /health', { 'Transfer-Encoding': 'chunked' }, 404],
    ['POST /readyz', announced, 404],
    ['GET /livez', announced, 200],
    ['POST /%zz', announced, 400],
    ['POST /api/v1/claims', { ...announced, ...forged }, 401],
    ['POST /api/v1/pause', { ...announced, ...forged }, 401],
    ['GET /api/v1/nothing', { ...announced, ...forged }, 401],
  ])('%s gets one answer, and the connection is closed', async (request, headers, status) => {
    const { url } = await startService();
    const socket = await openSocket(url);
    const began = performance.now();
    const answer = untilClosed(socket);
    socket.write(headOf(request, headers));
    const { body, head, ...found } = await answer;
    expect(found.status).toBe(status);
    expect(head).toMatch(/connection: close/i);
    expect(body).not.toContain('HTTP/1.1');
    // Without this, Node waits 4.5 s for the body.
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

describe('100 Continue', () => {
  const genuine = signedRequest(issuePayload());
  const expecting = {
    ...genuine.headers,
    expect: '100-continue',
    'content-length': String(genuine.body.length),
  };

  test('is not sent before a refusal', async () => {
    const { url } = await startService();
    const unsigned = {
      'content-type': 'application/json',
      expect: '100-continue',
      'content-length': '100',
    };
    for (const [request, status] of [
      ['POST /webhook/gitea', 401],
      ['PUT /webhook/gitea', 405],
      ['POST /nothing', 404],
      ['POST /api/v1/claims', 401],
    ] as const) {
      const socket = await openSocket(url);
      const answer = untilClosed(socket);
      socket.write(headOf(request, unsigned));
      expect(await answer).toMatchObject({ status });
    }
  });

  test('is sent where the body is going to be read', async () => {
    const { url } = await startService();
    const socket = await openSocket(url);
    socket.write(headOf('POST /webhook/gitea', expecting));
    expect(await nextData(socket)).toMatch(/^HTTP\/1\.1 100 Continue/);
    socket.write(genuine.body);
    expect(await nextData(socket)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });
});

test('the answer to an authentic delivery names no idle limit, that to a stranger does', async () => {
  const { url } = await startService();
  const { headers, body } = signedRequest(issuePayload());
  const ask = async (head: string, content: Buffer) => {
    const socket = await openSocket(url);
    socket.write(Buffer.concat([Buffer.from(head), content]));
    const answer = await nextData(socket);
    socket.destroy();
    return answer;
  };
  const length = { 'content-length': String(body.length) };
  const delivered = await ask(headOf('POST /webhook/gitea', { ...headers, ...length }), body);
  expect(delivered).toMatch(/ 200 [^]*connection: keep-alive/i);
  expect(delivered).not.toMatch(/keep-alive: timeout/i);
  expect(await ask(headOf('GET /livez', {}), Buffer.alloc(0))).toMatch(/keep-alive: timeout=10/i);
});
