import { createServer } from 'node:http';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { createGitea } from '../../src/gitea/client.ts';
import { TryAgainLater } from '../../src/errors.ts';
import type { GiteaOutage } from './gitea.ts';
import { recordedAnswer, sendRecorded } from './recorded.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  /** Undefined: no body. */
  readonly body: unknown;
}

/** A server that answers its requests by the list, and all further ones like the last. */
export async function serve(...answers: readonly GiteaOutage[]) {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push({ method, url, authorization: headers.authorization, body });
      answer?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}`, requests };
}

/** The client, at a time of its own; closed when the test is over. */
export function giteaClient(baseUrl: string, timeoutMs = 5_000) {
  const now = () => Date.parse('2026-11-24T10:00:00Z');
  const gitea = createGitea({ baseUrl, token: 'the-token', now, timeoutMs });
  onTestFinished(() => gitea.close());
  return gitea;
}

export function recorded(name: string): GiteaOutage {
  return (response) => sendRecorded(recordedAnswer(name), response);
}

export function sends(body: string, type = 'application/json', status = 200): GiteaOutage {
  return (response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  };
}

export function redirects(location: string): GiteaOutage {
  return (response) => {
    response.writeHead(301, { location });
    response.end();
  };
}

/** Headers, and then nothing. */
export const stalls: GiteaOutage = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"id":');
};

export const floods: GiteaOutage = sends(JSON.stringify({ body: 'x'.repeat(17 * 1024 * 1024) }));

export async function failureOf(promise: Promise<unknown>): Promise<TryAgainLater> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TryAgainLater) return error;
  throw new Error('not a failure to be tried again', { cause: error });
}
