import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import { parseJson } from '../../../../lib/text.ts';
import { describePlace } from './describe-place.ts';
import { answerCall } from './routes.ts';
import { createState } from './state.ts';

export type DemoGitea = Awaited<ReturnType<typeof startDemoGitea>>;

const root = '/api/v1';
/** Largest body that is read: comments are the largest. */
const maxBodyBytes = 1024 * 1024;

/**
 * A small stand-in for Gitea on loopback, for the demo alone: it has what the service asks about, and the token of one
 * bot. What links lead to is shown to people as plain text. It sends no webhooks: who changes something does.
 */
export async function startDemoGitea(names: readonly string[], now: () => number) {
  const state = createState(names, now);
  const token = randomBytes(24).toString('hex');
  const server = createServer((request, response) => {
    // The time of the world, by which the service compares its clock.
    response.setHeader('date', new Date(now()).toUTCString());
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://here');
    if (!pathname.startsWith(`${root}/`)) {
      showPage(pathname, response);
      return;
    }
    if (request.headers.authorization !== `token ${token}`) {
      send(response, { status: 401, body: { message: 'token is required' } });
      return;
    }
    const { method = 'GET' } = request;
    const path = pathname.slice(root.length);
    send(response, answerCall(state, { method, path, query, body: parseJson(body) }));
  }

  function showPage(pathname: string, response: ServerResponse): void {
    const text = describePlace(state, pathname);
    response.writeHead(text === undefined ? 404 : 200, {
      ...{ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    });
    response.end(text ?? 'There is no such page on the Gitea of the demo.\n');
  }

  return {
    ...{ url: `http://127.0.0.1:${port}`, token, state },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const parts: AsyncIterable<Uint8Array> = request;
  for await (const part of parts) {
    size += part.byteLength;
    if (size > maxBodyBytes) throw new RangeError('the body is too large');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, answered: ReturnType<typeof answerCall>): void {
  const { status, body, total } = answered;
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json;charset=utf-8' }),
    ...(total === undefined ? {} : { 'x-total-count': String(total) }),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
