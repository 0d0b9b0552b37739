import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Agent, request as call } from 'undici';

import type { Logger } from '../log.ts';
import { credentialKinds, type ModelApi } from './model-apis.ts';

/** How the API of the model knows the operator. */
export interface Credential {
  readonly kind: keyof typeof credentialKinds;
  readonly secret: string;
}

export interface ForwarderOptions {
  readonly credential: Credential;
  /** Base URL of a gateway in the place of the API; a sub-path is allowed. */
  readonly upstream?: string | undefined;
  readonly now: () => number;
  readonly log: Logger;
}

export interface Forwarder {
  /** What the agent calls in the place of the API. */
  readonly url: string;
  /** What the agent gets in place of address and credential. */
  readonly environment: Readonly<Record<string, string>>;
  /** When the API takes requests again, after its last refusal for too many; undefined after an answer. Milliseconds since 1970. */
  readonly limitedUntil: () => number | undefined;
  /** Ends all requests; the address is of no more use. */
  readonly close: () => Promise<void>;
}

/** Largest request: twice what the API takes. */
const maxRequestBytes = 64 * 1024 * 1024;
/** Requests at once: an agent with its subagents has a few. */
const maxRequests = 32;
/** Time for the API to begin an answer, and between two pieces of it. */
const answerTimeoutMs = 15 * 60_000;
/** Longest time of a limit that is believed. */
const maxLimitMs = 24 * 3600_000;
const placeholder = 'the-runner-puts-in-the-real-one';

/**
 * Listens on the loopback address for one agent, and passes its calls on to the API of the model with the real
 * credential. So the credential is in no environment, argument or file that the agent can read. The address has an
 * unguessable path, and is of no use once the run is over. Bodies and credentials are not logged, and not kept.
 */
export async function openForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { credential, now, log } = options;
  const { api, variable, header } = credentialKinds[credential.kind];
  const upstream = (options.upstream ?? api.address).replace(/\/+$/, '');
  const secretPath = randomBytes(24).toString('base64url');
  const pool = new Agent({
    ...{ headersTimeout: answerTimeoutMs, bodyTimeout: answerTimeoutMs, connections: maxRequests },
  });
  let limitedUntil: number | undefined;
  let active = 0;

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request, secretPath, api);
    const refusal =
      path === undefined
        ? refusals.unknown
        : Number(request.headers['content-length'] ?? 0) > maxRequestBytes
          ? refusals.large
          : active >= maxRequests
            ? refusals.many
            : undefined;
    if (refusal !== undefined) {
      refuse(response, refusal);
      return;
    }
    active += 1;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const answer = await call(`${upstream}${path ?? ''}`, {
        method: request.method === 'GET' ? 'GET' : 'POST',
        headers: { ...passedOn(request.headers), ...header(credential.secret) },
        body: request.method === 'GET' ? null : request.pipe(bounded()),
        ...{ dispatcher: pool, signal: gone.signal },
      });
      const ends = answer.statusCode === 429 ? api.limitEnds(answer.headers, now()) : [];
      if (withoutQuery(path ?? '') === api.asks) limitedUntil = limitOf(ends, now());
      const isLong = ends.some((end) => end - now() > (api.longestWaitMs ?? Infinity));
      response.writeHead(answer.statusCode, passedOn(answer.headers, isLong ? waits : undefined));
      await pipeline(answer.body, response);
    } catch (error) {
      if (gone.signal.aborted) return;
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      log.warn({ code }, 'the API of the model does not answer');
      if (response.headersSent) response.destroy();
      else refuse(response, refusals.unreachable);
    } finally {
      active -= 1;
    }
  }

  const server = createServer((request, response) => void pass(request, response));
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const url = `http://127.0.0.1:${port ?? 0}/${secretPath}`;

  return {
    url,
    environment: { [api.addressVariable]: url, [variable]: placeholder },
    limitedUntil: () => limitedUntil,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await pool.destroy();
    },
  };
}

/** Path and query below the secret path, if it is a call that is passed on. */
function pathOf(
  { method, url = '' }: IncomingMessage,
  secretPath: string,
  { calls }: ModelApi,
): string | undefined {
  const [, first = '', ...rest] = url.split('/');
  const given = Buffer.from(first);
  const secret = Buffer.from(secretPath);
  if (given.length !== secret.length || !timingSafeEqual(given, secret)) return undefined;
  const path = `/${rest.join('/')}`;
  const plain = withoutQuery(path);
  return calls.some(([one, pattern]) => one === method && pattern.test(plain)) ? path : undefined;
}

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '');
}

/** Headers of one connection, and those that say who calls or are answered; all others are passed on. */
const kept =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|x-api-key|authorization|cookie|set-cookie2?)$/;
/** What makes an agent wait. */
const waits = /^retry-after(?:-ms)?$/;

function passedOn(headers: IncomingHttpHeaders, more?: RegExp): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || kept.test(name) || more?.test(name) === true ? [] : [[name, value]],
    ),
  );
}

function bounded(): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxRequestBytes) done(new Error('The request is too large.'));
      else done(null, chunk);
    },
  });
}

/** The latest of the times that can be believed; undefined when there is none. */
function limitOf(ends: readonly number[], now: number): number | undefined {
  const times = ends.filter((time) => time > now && time <= now + maxLimitMs);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Status, type and message, as the APIs word their errors. */
const refusals = {
  unknown: [404, 'not_found_error', 'The runner does not pass this call on.'],
  large: [413, 'request_too_large', 'The request is too large.'],
  many: [529, 'overloaded_error', 'The agent makes too many requests at once.'],
  unreachable: [502, 'api_error', 'The API of the model does not answer the runner.'],
} as const;

function refuse(
  response: ServerResponse,
  [status, type, message]: (typeof refusals)[keyof typeof refusals],
): void {
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    .end(JSON.stringify({ type: 'error', error: { type, message } }));
}
