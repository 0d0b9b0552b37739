import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';

import { closeUnread, hasUnreadBody } from '../lib/close-unread.ts';
import type { RepeatedLines } from '../lib/repeated-lines.ts';

/** Interval at which the core is asked whether it lives while it owes an answer: a long poll may take a minute. */
const watchIntervalMs = 5_000;
/** Idle connections to the core that are kept. */
const maxIdle = 32;
/** When a client that got no answer may come back. */
const retryAfterSeconds = 5;

/** Headers of one connection, which the next one has anew. */
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

/** Headers about the client: the core gets what the edge knows, and nothing that a client says of itself. */
const ofClient = [
  ...['forwarded', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host'],
  ...['x-forwarded-port', 'x-forwarded-proto'],
];

/** Whose request it is, and how it was sent. */
export interface Client {
  readonly ip: string;
  readonly protocol: string;
  readonly host: string;
}

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
 * sees its connection close; when the core does not answer, the client gets 503. No proxy of npm does this: those on
 * undici refuse `Expect`, and none answers before the body has come.
 */
export function createForwarder({ socketPath, ping, lines, limit }: ForwarderOptions) {
  const agent = new Agent({ keepAlive: true, maxSockets: limit, maxFreeSockets: maxIdle });

  function forward(request: IncomingMessage, response: ServerResponse, client: Client): void {
    const path = socketPath();
    if (path === undefined) {
      refuse(request, response, 'the core is not there');
      return;
    }
    const { method, url } = request;
    const toCore = httpRequest({
      ...{ socketPath: path, agent, method, path: url },
      headers: {
        ...without([...ofConnection, ...ofClient], request.headers),
        ...headersOf(client),
      },
    });
    const watch = setInterval(() => {
      ping().catch((error: unknown) => {
        if (!response.headersSent) toCore.destroy(error instanceof Error ? error : undefined);
      });
    }, watchIntervalMs).unref();
    toCore.on('response', (answer) => {
      clearInterval(watch);
      passBack(request, toCore, answer, response);
    });
    toCore.on('error', ({ message }) => refuse(request, response, message));
    response.once('close', () => {
      clearInterval(watch);
      if (!response.writableFinished) toCore.destroy();
    });
    passOn(request, toCore, response);
  }

  /** Answers 503, unless the answer has begun or the client is gone. */
  function refuse(request: IncomingMessage, response: ServerResponse, reason: string): void {
    if (response.headersSent || response.destroyed) return;
    lines.error({ code: 'core_unavailable', reason }, 'requests are answered 503');
    answerUnavailable(request, response);
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
  const { statusCode = 502, statusMessage, headers } = answer;
  // The core reads no more of the body.
  if (headers.connection === 'close' && hasUnreadBody(request)) {
    request.unpipe(toCore);
    closeUnanswered(request, response);
  }
  // How an answer of unknown length is framed depends on the client: HTTP/1.0 knows no chunks.
  const kept = without([...ofConnection, 'transfer-encoding'], headers);
  response.writeHead(statusCode, statusMessage, kept);
  // What breaks off on one side breaks off on the other.
  pipeline(answer, response, () => undefined);
}

function without(
  dropped: readonly string[],
  headers: IncomingMessage['headers'],
): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.includes(name)));
}

function headersOf({ ip, protocol, host }: Client): OutgoingHttpHeaders {
  return { 'x-forwarded-for': ip, 'x-forwarded-proto': protocol, 'x-forwarded-host': host };
}

function closeUnanswered(raw: IncomingMessage, response: ServerResponse): void {
  closeUnread({ raw }, { raw: response, header: (name, value) => response.setHeader(name, value) });
}

function answerUnavailable(request: IncomingMessage, response: ServerResponse): void {
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
