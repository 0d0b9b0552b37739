import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server on loopback that keeps what it is sent, and answers with `status()`; gone when the test is over. */
export async function startReceiver(
  status: () => number = () => 200,
  headers: Readonly<Record<string, string>> = {},
) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      received.push({
        method,
        path,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(status(), { location: '/elsewhere', ...headers }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: portUrl(address), received };
}

function portUrl({ port }: AddressInfo): string {
  return `http://127.0.0.1:${port}`;
}
