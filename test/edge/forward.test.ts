import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { createForwarder } from '../../src/edge/forward.ts';
import { createRepeatedLines } from '../../src/lib/repeated-lines.ts';
import { createLogger } from '../../src/log.ts';
import { openSocket, untilClosed } from '../support/raw-http.ts';
import { temporaryDirectory } from '../support/service.ts';

interface Scene {
  /** Undefined: there is no core. */
  readonly core?: RequestListener;
  readonly ping?: () => Promise<unknown>;
}

/** A server that forwards everything to a core that a test writes. */
async function startEdge({ core, ping = () => Promise.resolve() }: Scene) {
  const socketPath = join(temporaryDirectory(), 'core.sock');
  const behind = createServer(core);
  behind.on('checkContinue', (request, response) => behind.emit('request', request, response));
  if (core !== undefined) await listen(behind, { path: socketPath });
  const lines: unknown[] = [];
  const log = createLogger('info', { write: (line) => lines.push(JSON.parse(line)) });
  const forwarder = createForwarder({
    socketPath: () => (core === undefined ? undefined : socketPath),
    ping,
    lines: createRepeatedLines(log),
    limit: 8,
  });
  const client = { ip: '192.0.2.7', protocol: 'https', host: 'mosaic.example.test' };
  const forward: RequestListener = (request, response) =>
    forwarder.forward(request, response, client);
  const edge = createServer(forward);
  edge.on('checkContinue', forward);
  await listen(edge, { host: '127.0.0.1', port: 0 });
  onTestFinished(forwarder.close);
  const { port } = z.object({ port: z.number() }).parse(edge.address());
  return { url: `http://127.0.0.1:${port}`, lines, behind };
}

async function listen(server: Server, place: { path: string } | { host: string; port: number }) {
  server.listen(place);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

/** Sends raw bytes and returns all that comes until the connection closes. */
async function rawAnswer(url: string, request: string): Promise<string> {
  const socket = await openSocket(url);
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
  socket.write(Buffer.from(request, 'latin1'));
  await untilClosed(socket);
  return text;
}

const unavailable = z.object({ error: z.object({ code: z.literal('core_unavailable') }) });

test('a large body goes both ways in pieces, with method, path, status and headers', async () => {
  const { url } = await startEdge({
    core: (request, response) => {
      response.writeHead(207, {
        'x-seen': `${request.method} ${request.url}`,
        'x-token': request.headers['x-token'] ?? '',
      });
      request.pipe(response);
    },
  });
  const body = Buffer.alloc(5_000_000, 'abc');
  const reply = await fetch(`${url}/a%20b?c=%C3%A4`, {
    method: 'PUT',
    headers: { 'x-token': 'one' },
    body,
  });
  expect(reply.status).toBe(207);
  expect(reply.headers.get('x-seen')).toBe('PUT /a%20b?c=%C3%A4');
  expect(reply.headers.get('x-token')).toBe('one');
  expect(Buffer.from(await reply.arrayBuffer()).equals(body)).toBe(true);
});

test('an answer of unknown length reaches a client of HTTP/1.0 without chunks', async () => {
  const { url } = await startEdge({
    core: (_request, response) => {
      response.write('first ');
      response.end('second');
    },
  });
  const answer = await rawAnswer(url, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n');
  expect(answer).not.toMatch(/transfer-encoding/i);
  expect(answer).toMatch(/\r\n\r\nfirst second$/);
});

test('headers of one connection stay there, those that frame a body arrive', async () => {
  const { url } = await startEdge({
    core: (request, response) => {
      const { headers } = request;
      let bytes = 0;
      request.on('data', (piece: Buffer) => (bytes += piece.length));
      request.on('end', () => response.end(JSON.stringify({ headers, bytes })));
    },
  });
  const head = [
    'POST / HTTP/1.1',
    'Host: x',
    'Connection: close, x-hop',
    'TE: trailers',
    'Trailer: x-late',
    'Upgrade: websocket',
    'Transfer-Encoding: chunked',
    'X-Text: g\xfcnstig',
  ].join('\r\n');
  const answer = await rawAnswer(url, `${head}\r\n\r\n5\r\nhello\r\n0\r\nx-late: 1\r\n\r\n`);
  const [, text = ''] = /\r\n\r\n(?:[0-9a-f]+\r\n)?(\{.*\})/.exec(answer) ?? [];
  const seen = z
    .object({ headers: z.record(z.string(), z.unknown()), bytes: z.number() })
    .parse(JSON.parse(text));
  expect(seen.bytes).toBe(5);
  expect(seen.headers).toMatchObject({ host: 'x', 'transfer-encoding': 'chunked' });
  for (const name of ['te', 'trailer', 'upgrade']) expect(seen.headers).not.toHaveProperty(name);
});

test.each([
  ['two lengths', 'Content-Length: 5\r\nContent-Length: 6'],
  ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
  ['another coding last', 'Transfer-Encoding: chunked, identity'],
])('a request with %s never reaches the core', async (_what, headers) => {
  let requests = 0;
  const { url } = await startEdge({
    core: (_request, response) => {
      requests += 1;
      response.end();
    },
  });
  const smuggled = '0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n';
  const answer = await rawAnswer(
    url,
    `POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${smuggled}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(requests).toBe(0);
});

test('without a core each request is answered 503, and health says that it is down', async () => {
  const { url, lines } = await startEdge({});
  const reply = await fetch(`${url}/api/v1/queue`);
  expect(reply.status).toBe(503);
  expect(reply.headers.get('retry-after')).toBe('5');
  unavailable.parse(await reply.json());
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'down' });
  expect(lines).toHaveLength(1);
});

test(
  'a core that hangs is given up when it does not say that it lives',
  { timeout: 20_000 },
  async () => {
    let pings = 0;
    const { url } = await startEdge({
      core: () => undefined,
      ping: () => {
        pings += 1;
        return Promise.reject(new Error('5 s went by'));
      },
    });
    const reply = await fetch(`${url}/health`);
    expect(reply.status).toBe(503);
    unavailable.parse(await reply.json());
    expect(pings).toBe(1);
  },
);

test(
  'an answer that has begun is not cut off by a core that is late to say that it lives',
  { timeout: 20_000 },
  async () => {
    const late = Promise.withResolvers<never>();
    const { url } = await startEdge({
      core: (_request, response) => {
        // After the first question whether it lives.
        setTimeout(() => {
          response.write('first ');
          setImmediate(() => late.reject(new Error('5 s went by')));
          setTimeout(() => response.end('second'), 100);
        }, 5_200);
      },
      ping: () => late.promise,
    });
    expect(await (await fetch(url)).text()).toBe('first second');
  },
);

test('an answer that breaks off in the core breaks off for the client', async () => {
  const { url } = await startEdge({
    core: (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    },
  });
  const reply = await fetch(url);
  expect(reply.status).toBe(200);
  await expect(reply.text()).rejects.toThrow();
});

test('a client that goes takes its request to the core along, before the answer and in it', async () => {
  for (const begins of [false, true]) {
    const gone = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    const { url } = await startEdge({
      core: (_request, response) => {
        if (begins) response.write('first');
        response.once('close', () => gone.resolve(undefined));
        asked.resolve(undefined);
      },
    });
    const socket = await openSocket(url);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked.promise;
    if (begins) await once(socket, 'data');
    socket.destroy();
    await gone.promise;
  }
});

test('the core is told of the client by the edge, and by nobody else', async () => {
  let seen: IncomingHttpHeaders = {};
  const { url } = await startEdge({
    core: (request, response) => {
      seen = request.headers;
      response.end();
    },
  });
  const claimed = { 'x-forwarded-for': '198.51.100.1', forwarded: 'for=1', 'x-real-ip': '1.2.3.4' };
  await fetch(url, { headers: { ...claimed, 'x-forwarded-proto': 'http' } });
  expect(seen).toMatchObject({
    'x-forwarded-for': '192.0.2.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'mosaic.example.test',
  });
  expect(seen).not.toHaveProperty('forwarded');
  expect(seen).not.toHaveProperty('x-real-ip');
});
