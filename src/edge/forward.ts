import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';

import { closeUnread, hasUnreadBody } from '../lib/close-unread.ts';
import type { RepeatedLines } from '../lib/repeated-lines.ts';

/** Interval at which the core is asked whether it lives while it owes an answer: a long poll may take a minute. */
const watchIntervalMs = 5_000;
/** Idle connections to the core that are kept. */
const maxIdle = 32;
/** When a client that got no answer may come back. */
const retryAfterSeconds = 5;

/** Headers of one connection, which the next one has anew. */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

interface ForwarderOptions {
  /** The socket of the core; undefined while it has none. */
  readonly socketPath: () => string | undefined;
  /** Rejects when the core does not answer. */
  readonly ping: () => Promise<unknown>;
  readonly lines: RepeatedLines;
  /** Requests that may be with the core at once; more wait for their turn. */
  readonly limit: number;
}

/**
 * Passes requests on to the core over its socket, and its answers back, as streams. When the client goes, the core
 * sees its connection close; when the core does not answer, the client gets 503.
 */
export function createForwarder({ socketPath, ping, lines, limit }: ForwarderOptions) {
  const agent = new Agent({ keepAlive: true, maxSockets: limit, maxFreeSockets: maxIdle });

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const path = socketPath();
    if (path === undefined) {
      refuse('the core is not there');
      return;
    }
    const { method, url } = request;
    const toCore = httpRequest({
      ...{ socketPath: path, agent, method, path: url },
      headers: forwarded(request.headers),
    });
    let isAnswered = false;
    const unwatch = watch(toCore, refuse);

    function refuse(reason: string): void {
      if (isAnswered) return;
      isAnswered = true;
      lines.error({ code: 'core_unavailable', reason }, 'requests are answered 503');
      answerUnavailable(request, response);
    }

    toCore.on('response', (answer) => {
      unwatch();
      if (isAnswered) {
        answer.destroy();
        return;
      }
      isAnswered = true;
      passBack(request, toCore, answer, response);
    });
    toCore.on('error', (error) => {
      unwatch();
      // The answer has begun, or the client is gone.
      if (isAnswered || response.destroyed) return;
      refuse(error.message);
    });
    response.once('close', () => {
      unwatch();
      if (!response.writableFinished) toCore.destroy();
    });
    passOn(request, toCore, response);
  }

  /** Asks the core whether it lives for as long as it owes an answer. */
  function watch(toCore: ClientRequest, refuse: (reason: string) => void): () => void {
    const timer = setInterval(() => {
      ping().catch((error: unknown) => {
        refuse(error instanceof Error ? error.message : 'the core does not answer');
        toCore.destroy();
      });
    }, watchIntervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  return { forward, close: () => agent.destroy() };
}

function passOn(request: IncomingMessage, toCore: ClientRequest, response: ServerResponse): void {
  const { headers } = request;
  if (!('transfer-encoding' in headers) && Number(headers['content-length'] ?? 0) === 0) {
    toCore.end();
    return;
  }
  // The core may answer before the first byte of the body.
  toCore.flushHeaders();
  if (headers.expect === undefined) {
    request.pipe(toCore);
    return;
  }
  // The core asks for the body when something is going to read it.
  toCore.on('continue', () => {
    response.writeContinue();
    request.pipe(toCore);
  });
}

function passBack(
  request: IncomingMessage,
  toCore: ClientRequest,
  answer: IncomingMessage,
  response: ServerResponse,
): void {
  request.unpipe(toCore);
  const { statusCode = 502, statusMessage } = answer;
  for (const [name, value] of Object.entries(forwarded(answer.headers)))
    if (value !== undefined) response.setHeader(name, value);
  if (hasUnreadBody(request)) closeUnanswered(request, response);
  response.writeHead(statusCode, statusMessage);
  answer.on('error', () => response.destroy());
  answer.on('aborted', () => response.destroy());
  answer.pipe(response);
}

function forwarded(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));
}

function closeUnanswered(raw: IncomingMessage, response: ServerResponse): void {
  closeUnread({ raw }, { raw: response, header: (name, value) => response.setHeader(name, value) });
}

function answerUnavailable(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  const error = {
    code: 'core_unavailable',
    message:
      'The part of the service that answers this does not answer. Deliveries are still taken. Try again later; if it lasts, read the log and restart the service.',
  };
  if (hasUnreadBody(request)) closeUnanswered(request, response);
  const isHealth = request.url?.startsWith('/health') === true;
  const body = JSON.stringify(isHealth ? { status: 'down', error } : { error });
  response
    .writeHead(503, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'retry-after': String(retryAfterSeconds),
    })
    .end(body);
}
