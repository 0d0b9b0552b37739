import type { Socket } from 'node:net';

import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
} from 'fastify';

import { CoordinatorError, StoreUnavailable, TryAgainLater } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Gitea gives a delivery 5 s; what has not arrived by then never will. */
const headersTimeoutMs = 2_000;
const requestTimeoutMs = 4_500;
/** Node looks for late connections every 30 s unless told otherwise. */
const connectionsCheckMs = 250;

/** The HTTP server without its routes; it listens only when told to. */
export function createApp(log: Logger) {
  const loggerInstance: FastifyBaseLogger = log;
  const app = Fastify({
    loggerInstance,
    // Nothing is logged through a request's own logger, and making one costs more than a line.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
    },
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const { status, code, message } = pathAnswers.get(error.code) ?? internal;
      log.debug({ code }, 'request refused');
      void reply.code(status).send({ error: { code, message } });
    },
    clientErrorHandler: (error, socket) => {
      log.debug({ code: error.code }, 'request not readable');
      answerOnSocket(error, socket);
    },
    forceCloseConnections: 'idle',
    trustProxy: false,
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, code, message } = answerTo(error);
    if (status >= 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    else log.debug({ code, route: request.routeOptions.url }, 'request refused');
    return reply.code(status).send({ error: { code, message } });
  });
  app.setNotFoundHandler((_request, reply) => {
    const error = { code: 'not_found', message: 'There is no such route.' };
    return reply.code(404).send({ error });
  });
  return app;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Errors whose message is for the caller. */
const statuses: ReadonlyMap<string, number> = new Map([
  ['invalid_cursor', 400],
  ['bytes_not_kept', 409],
  ['context_invalid', 422],
  ['context_limit_missing', 422],
]);

/** The status and text of each error a caller can cause; anything else is ours and says nothing. */
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

/** What is answered to paths the router cannot take; Fastify's own texts repeat the path. */
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

/** What is answered when no request came to be, by the code Node gives the error. */
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
