import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';

import { onTestFinished } from 'vitest';

/**
 * What stands in front of replicas: passes requests on in turn, and to the next one when a replica does not take the
 * connection. Listens on `port` of loopback; gone when the test is over.
 */
export async function startBalancer(port: number, replicas: readonly number[]): Promise<void> {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const first = (turn += 1);
      pass({ incoming, outgoing, body: Buffer.concat(chunks) }, first, replicas.length);
    });
  });

  function pass(exchange: Exchange, at: number, left: number): void {
    const { incoming, outgoing, body } = exchange;
    const { method, url, headers } = incoming;
    const onward = httpRequest(
      { host: '127.0.0.1', port: replicas[at % replicas.length], method, path: url, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => {
      if (outgoing.headersSent) outgoing.destroy();
      else if (left > 1) pass(exchange, at + 1, left - 1);
      else outgoing.writeHead(502).end();
    });
    onward.end(body);
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
}
