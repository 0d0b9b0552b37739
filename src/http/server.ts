import type { Socket } from 'node:net';

import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';

import { CoordinatorError, StoreUnavailable, TryAgainLater } from '../errors.ts';
import { closeUnread, hasUnreadBody } from '../lib/close-unread.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';

/** Timeouts of a request. Gitea gives up a delivery after 5 s, so a later one never arrives. */
const headersTimeoutMs = 2_000;
const requestTimeoutMs = 4_500;
/** Interval of the check for late connections; Node's default is 30 s. */
const connectionsCheckMs = 250;
/** Idle time after which the connection of a stranger is closed; those that bring deliveries stay open. */
const keepAliveTimeoutMs = 10_000;
/** Idle time after which the system begins to look for the other end of a connection. */
const probeAfterMs = 60_000;

/** How long a server waits for its clients, in milliseconds; 0: for ever. */
interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

const withStrangers: Patience = {
  headersMs: headersTimeoutMs,
  requestMs: requestTimeoutMs,
  keepAliveMs: keepAliveTimeoutMs,
};
/** The edge has its own limits for its clients: a second one here would only be a race. */
export const behindEdge: Patience = { headersMs: 0, requestMs: 0, keepAliveMs: 0 };

/** Anybody's browser can be led to a path that nothing serves; it takes the answer for no page. */
const noPage = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

interface AppOptions {
  readonly patience?: Patience;
  /** Whose `X-Forwarded-*` headers are believed; none: nobody's. */
  readonly trustProxy?: readonly string[] | boolean;
  /** Answers a browser that asks for a page which nothing serves. */
  readonly missingPage?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

/** Creates the HTTP server without its routes. It does not listen yet. */
export function createApp(
  log: Logger,
  { patience = withStrangers, trustProxy = false, missingPage }: AppOptions = {},
) {
  // Where only the edge listens is of no interest to anybody.
  const quiet = patience === behindEdge && log.isLevelEnabled('info') ? { level: 'warn' } : {};
  const loggerInstance: FastifyBaseLogger = log.child({}, quiet);
  const repeated = createRepeatedLines(log);
  const app = Fastify({
    loggerInstance,
    // Nothing uses the logger of a request, and creating one costs more than a line.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: patience.requestMs,
    keepAliveTimeout: patience.keepAliveMs,
    http: {
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
      headersTimeout: patience.headersMs,
      connectionsCheckingInterval: connectionsCheckMs,
    },
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply: FastifyReply) => {
      if (hasUnreadBody(request.raw)) closeUnread(request, reply);
      const { status, code, message } = pathAnswers.get(error.code) ?? internal;
      log.debug({ code }, 'request refused');
      if (wantsPage(request)) {
        const page = `<!doctype html><title>There is no such page</title><h1>There is no such page</h1><p>${message}</p><p><a href="/">To the overview</a></p>`;
        void reply.code(status).headers(noPage).type('text/html; charset=utf-8').send(page);
        return;
      }
      void reply.code(status).headers(noPage).send({ error: { code, message } });
    },
    clientErrorHandler: (error, socket) => {
      log.debug({ code: error.code }, 'request not readable');
      answerOnSocket(error, socket);
    },
    forceCloseConnections: 'idle',
    trustProxy:
      typeof trustProxy === 'boolean' ? trustProxy : trustProxy.length > 0 && [...trustProxy],
  });
  // A path that nothing serves reads no body; each group of routes adds the parser it needs.
  app.removeAllContentTypeParsers();
  // The body is asked for when something is going to read it, not before the headers are looked at.
  app.server.on('checkContinue', (request, response) => {
    app.server.emit('request', request, response);
  });
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.headers.expect !== undefined && !request.is404) reply.raw.writeContinue();
    done(null, payload);
  });
  // Otherwise Node waits for the body, and writes a second answer when it does not come.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (hasUnreadBody(request.raw)) closeUnread(request, reply);
    done(null, payload);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, code, message } = answerTo(error);
    // What concerns all requests for a while is one line, not one a request.
    if (error instanceof StoreUnavailable || error instanceof TryAgainLater)
      repeated.warn({ code, reason: error.message }, 'requests are answered 503');
    else if (status >= 500)
      log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    else log.debug({ code, route: request.routeOptions.url }, 'request refused');
    return reply.code(status).send({ error: { code, message } });
  });
  app.setNotFoundHandler((request, reply) => {
    if (missingPage !== undefined && wantsPage(request)) return missingPage(request, reply);
    const error = { code: 'not_found', message: 'There is no such route.' };
    return reply.code(404).headers(noPage).send({ error });
  });
  return app;
}

/** A person with a browser, as opposed to a program. */
function wantsPage({ method, headers, url }: FastifyRequest): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && headers.accept?.includes('text/html') === true && !url.startsWith('/api/');
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Statuses of the errors whose message is for the caller, by code. */
const statuses: ReadonlyMap<string, number> = new Map([
  ['invalid_cursor', 400],
  ['bytes_not_kept', 409],
  ['context_invalid', 422],
  ['context_limit_missing', 422],
  ['spent_invalid', 422],
]);

/** The answer to an error that a caller can cause; any other error is internal and gets a fixed text. */
function answerTo(error: FastifyError): Answer {
  if (error instanceof StoreUnavailable)
    return {
      status: 503,
      code: error.code,
      message: 'The store is not available, try again later.',
    };
  if (error instanceof TryAgainLater)
    return {
      status: 503,
      code: error.code,
      message: 'Gitea has to be asked first and does not answer, try again later.',
    };
  const known = error instanceof CoordinatorError ? statuses.get(error.code) : undefined;
  if (known !== undefined) return { status: known, code: error.code, message: error.message };
  const status = error.statusCode ?? 500;
  if (status === 415)
    return { status, code: 'unsupported_media_type', message: 'Only application/json is taken.' };
  if (status === 413) return { status, code: 'too_large', message: 'The body is too large.' };
  if (status >= 400 && status < 500)
    return { status, code: 'invalid_request', message: error.message.slice(0, 500) };
  return internal;
}

const internal: Answer = {
  status: 500,
  code: 'internal',
  message: 'Something went wrong; the log says what.',
};

/** Answers to paths that the router refuses, by Fastify's code; Fastify's own texts repeat the path. */
const pathAnswers: ReadonlyMap<string, Answer> = new Map([
  [
    'FST_ERR_BAD_URL',
    { status: 400, code: 'invalid_request', message: 'The path is not a well-formed URL.' },
  ],
  [
    'FST_ERR_MAX_PARAM_LENGTH',
    { status: 414, code: 'invalid_request', message: 'A part of the path is too long.' },
  ],
]);

const notHttp = {
  status: '400 Bad Request',
  message: 'The request is not well-formed HTTP.',
};

/** Answers to a connection that never became a request, by Node's error code. */
const socketAnswers: ReadonlyMap<string, typeof notHttp> = new Map([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: '408 Request Timeout', message: 'The request did not arrive in time.' },
  ],
  [
    'HPE_HEADER_OVERFLOW',
    {
      status: '431 Request Header Fields Too Large',
      message: 'The headers of the request are too large.',
    },
  ],
]);

function answerOnSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, message } = socketAnswers.get(error.code ?? '') ?? notHttp;
  const body = JSON.stringify({ error: { code: 'invalid_request', message } });
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy(error);
}
