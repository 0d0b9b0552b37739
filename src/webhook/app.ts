import Fastify, { LogController, type FastifyBaseLogger, type FastifyError } from 'fastify';

import { CoordinatorError, StoreUnavailable } from '../errors.ts';
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
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: connectionsCheckMs,
    },
    routerOptions: { ignoreTrailingSlash: true },
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

/** The status and text of each error a caller can cause; anything else is ours and says nothing. */
function answerTo(error: FastifyError): Answer {
  if (error instanceof StoreUnavailable)
    return {
      status: 503,
      code: error.code,
      message: 'The store is not available, try again later.',
    };
  if (error instanceof CoordinatorError && error.code === 'invalid_cursor')
    return { status: 400, code: error.code, message: error.message };
  if (error instanceof CoordinatorError && error.code === 'bytes_not_kept')
    return { status: 409, code: error.code, message: error.message };
  const status = error.statusCode ?? 500;
  if (status === 415) return { status, code: 'unsupported_media_type', message: notJson };
  if (status === 413)
    return { status, code: 'too_large', message: 'The body is larger than 16 MiB.' };
  if (status >= 400 && status < 500)
    return { status, code: 'invalid_request', message: error.message.slice(0, 500) };
  return { status: 500, code: 'internal', message: 'Something went wrong; the log says what.' };
}

const notJson =
  'Only application/json is taken. In the settings of the hook in Gitea, set "POST Content Type" to application/json.';
