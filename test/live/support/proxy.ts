import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

/** A call that may have changed something, and what it was answered. */
export interface ProxiedWrite {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Told of a write that is done, before its caller is; `drop` hangs up on the caller instead of answering. */
export type OnWritten = (write: ProxiedWrite) => 'pass' | 'drop';

const ofConnection: ReadonlySet<string> = new Set(['connection', 'transfer-encoding']);

/**
 * Stands between the coordinator and a Gitea, and keeps a list of what is written through it. While the
 * target is down it hangs up, as a dead server does.
 */
export async function startProxy(target: string) {
  const writes: ProxiedWrite[] = [];
  const hook: { onWritten: OnWritten } = { onWritten: () => 'pass' };
  const server = createServer((asked, answer) => {
    answer.on('error', () => undefined);
    pass(asked, answer).catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });

  async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await read(asked);
    const method = asked.method ?? 'GET';
    const path = asked.url ?? '/';
    const reply = await ask({ target, method, path, headers: asked.headers, body });
    const replyBody = await read(reply);
    const status = reply.statusCode ?? 502;
    if (method !== 'GET' && method !== 'HEAD') {
      const write = { method, path, body: body.toString(), status, at: Date.now() };
      writes.push(write);
      if (hook.onWritten(write) === 'drop') {
        answer.destroy();
        return;
      }
    }
    for (const [name, value] of Object.entries(reply.headers))
      if (value !== undefined && !ofConnection.has(name)) answer.setHeader(name, value);
    answer.writeHead(status);
    answer.end(replyBody);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    writes,
    onWritten: (onWritten: OnWritten) => {
      hook.onWritten = onWritten;
    },
  };
}

interface Question {
  readonly target: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function ask({ target, method, path, headers, body }: Question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const question = request(`${target}${path}`, { method, headers, agent: false }, resolve);
    question.on('error', reject);
    question.end(body);
  });
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
