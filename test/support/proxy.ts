import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

import { onTestFinished } from 'vitest';

/**
 * A proxy in front of replicas: each request goes to the next one. What a replica does not answer, because it is
 * killed, is answered 502, and never sent twice.
 */
export async function startProxy() {
  const targets: string[] = [];
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    turn += 1;
    const target = targets[turn % Math.max(1, targets.length)];
    if (target === undefined) outgoing.writeHead(502).end();
    else forward(target, incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    add: (url: string) => void targets.push(url),
    remove: (url: string) => void targets.splice(targets.indexOf(url), 1),
  };
}

function forward(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url = '/' } = incoming;
  const call = request(new URL(url, target), { method, headers, agent: false }, (reply) => {
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(outgoing);
    reply.on('error', () => outgoing.destroy());
  });
  call.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  outgoing.on('close', () => call.destroy());
  incoming.pipe(call);
}
