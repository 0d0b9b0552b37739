import { METHODS, type IncomingHttpHeaders } from 'node:http';

import {
  errorCodes,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';

import { closeUnread } from '../lib/close-unread.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import { BodyIncomplete, BodyTooLarge, lengthOf, readBody } from './body.ts';
import { bodyLimit, BudgetExceeded, createBodyBudget } from './body-budget.ts';
import { receive, refuseSignature, type WebhookDeps } from './receive.ts';
import { claimedSignature, keysOf, looksSigned } from './signature.ts';

const webhookPath = '/webhook/gitea';

/** Interval between two log lines about refusals of one cause; each says how many it stands for. */
const refusalLineMs = 10_000;
/** When a sender that was turned away for lack of room may come back. */
const retryAfterSeconds = 5;

const UnsupportedMediaType = errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE;

/**
 * Registers the route that receives deliveries. It refuses in this order: method, content type, size,
 * signature, payload. What the headers alone decide is refused before a byte of the body is read. It answers
 * 200 only when the delivery is on disk.
 */
export function registerWebhook(app: FastifyInstance, given: WebhookDeps): void {
  // This file chooses every field of its lines, and none is a secret: redacting costs as much as writing.
  const log = given.log.child({}, { redact: [] });
  const refusals = createRepeatedLines(log, refusalLineMs);
  const deps = { ...given, log, refusals, secrets: keysOf(given.secrets) };
  const budget = createBodyBudget();
  const otherMethods = METHODS.filter((method) => method !== 'POST');
  for (const method of otherMethods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
  app.addHook('onClose', (_instance, done) => {
    refusals.flush();
    done();
  });
  const refuseMethod = async (request: FastifyRequest, reply: FastifyReply) => {
    const error = { code: 'method_not_allowed', message: 'Deliveries are taken by POST only.' };
    deps.counts.count('refusedOther');
    refusals.warn({ code: error.code, method: request.method }, 'request refused');
    return closeUnread(request, reply).code(405).header('allow', 'POST').send({ error });
  };
  app.register((scope, _options, done) => {
    scope.setErrorHandler((error: FastifyError, request, reply) => {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      deps.counts.count(refusal.status === 415 ? 'refusedContentType' : 'refusedOther');
      if (refusal.status === 415 && looksSigned(request.headers))
        deps.counts.hookRefused(request.ip);
      refusals.warn({ code: refusal.code }, 'request refused');
      const { status, code, message } = refusal;
      if (status === 503) reply.header('retry-after', retryAfterSeconds);
      return closeUnread(request, reply).code(status).send({ error: { code, message } });
    });
    scope.route({
      method: otherMethods,
      url: webhookPath,
      exposeHeadRoute: false,
      // Refuses before the body is read; the handler is never reached.
      onRequest: refuseMethod,
      handler: refuseMethod,
    });
    scope.route({
      method: 'POST',
      url: webhookPath,
      // Reads the body and answers by itself: the signature covers the raw bytes, and the steps of Fastify between
      // here and a handler cost a fifth of what a delivery costs. The handler is never reached.
      onRequest: (request, reply, refuse) => {
        const cameAt = performance.now();
        const claimed = checkHeaders(request.headers);
        if (claimed.mac === undefined) {
          refuseSignature(deps, claimed.reason, request, reply);
          return;
        }
        const { mac } = claimed;
        if (request.headers.expect !== undefined) reply.raw.writeContinue();
        readBody(request.raw, request.ip, budget, (error, body) => {
          if (error === undefined)
            receive(deps, { request, mac, body }, reply).then((result) => {
              if (result === undefined) return;
              answer(reply, result);
              deps.onAnswered?.(performance.now() - cameAt);
            }, refuse);
          else refuse(error);
        });
      },
      handler: refuseMethod,
    });
    done();
  });
}

/** 200, past the steps of Fastify after a handler. */
function answer(reply: FastifyReply, result: object): void {
  const text = JSON.stringify(result);
  reply.hijack();
  reply.raw
    .writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

/** Throws for a content type or length that is refused; returns the signature that the headers claim. */
function checkHeaders(headers: IncomingHttpHeaders) {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw new UnsupportedMediaType();
  if ((lengthOf(headers) ?? 0) > bodyLimit) throw new BodyTooLarge();
  return claimedSignature(headers);
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const wrongType: Refusal = {
  status: 415,
  code: 'unsupported_media_type',
  message:
    'Only application/json is taken. In the settings of the hook in Gitea, set "POST Content Type" to application/json.',
};

/** The answer to what a sender can cause before its delivery is verified; undefined for any other error. */
function refusalOf(error: FastifyError): Refusal | undefined {
  const { code, message } = error;
  if (error instanceof BodyTooLarge) return { status: 413, code, message };
  if (error instanceof BudgetExceeded) return { status: 503, code, message };
  const status = error instanceof BodyIncomplete ? 400 : (error.statusCode ?? 500);
  if (status === 415) return wrongType;
  if (status >= 400 && status < 500) return { status, code: 'invalid_request', message };
  return undefined;
}
