import { hash } from 'node:crypto';
import { METHODS, type IncomingHttpHeaders } from 'node:http';

import {
  errorCodes,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';

import { StoreUnavailable } from '../errors.ts';
import type { Delivery, RejectedDelivery } from '../inbox/rows.ts';
import type { IssueEvent } from '../issue/event.ts';
import { isOwnLabelChange, type KnownLabels } from '../issue/own-marks.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import type { WebhookCounts } from './counts.ts';
import { parseDelivery, PayloadError, type ParsedDelivery } from './payload.ts';
import { keysOf, verifySignature, type WebhookKeys, type WebhookSecrets } from './signature.ts';

const webhookPath = '/webhook/gitea';

/** Maximum size of a body. An `edited` payload carries the old text and the new one; Gitea has no limit of its own. */
const bodyLimit = 16 * 1024 * 1024;

const UnsupportedMediaType = errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE;

export interface WebhookDeps {
  readonly secrets: WebhookSecrets;
  /** Login of the account whose token we write with; undefined while unknown. */
  readonly account: () => string | undefined;
  /** The stored labels of an issue; read only when the bot's account has changed labels. */
  readonly labelsOf: (issue: IssueKey) => Promise<KnownLabels | undefined>;
  readonly log: Logger;
  readonly counts: WebhookCounts;
  readonly add: (delivery: Delivery) => Promise<'accepted' | 'duplicate'>;
  readonly addRejected: (delivery: RejectedDelivery) => Promise<unknown>;
  /** Called after the commit of a new delivery. */
  readonly onAccepted: () => void;
}

/**
 * Registers the route that receives deliveries. It refuses in this order: method, content type, size,
 * signature, payload. It answers 200 only when the delivery is on disk.
 */
export function registerWebhook(app: FastifyInstance, given: WebhookDeps): void {
  // This file chooses every field of its lines, and none is a secret: redacting costs as much as writing.
  const log = given.log.child({}, { redact: [] });
  const deps = { ...given, log, secrets: keysOf(given.secrets) };
  const otherMethods = METHODS.filter((method) => method !== 'POST');
  for (const method of otherMethods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
  const refuseMethod = async (request: FastifyRequest, reply: FastifyReply) => {
    const error = { code: 'method_not_allowed', message: 'Deliveries are taken by POST only.' };
    deps.counts.count('refusedOther');
    deps.log.warn({ code: error.code, method: request.method }, 'request refused');
    return reply.code(405).header('allow', 'POST').send({ error });
  };
  app.register((scope, _options, done) => {
    scope.setErrorHandler((error: FastifyError, _request, reply) => {
      const status = error.statusCode ?? 500;
      if (status >= 500) throw error;
      const refusal = refusals.get(status) ?? { code: 'invalid_request', message: error.message };
      deps.counts.count(status === 415 ? 'refusedContentType' : 'refusedOther');
      deps.log.warn({ code: refusal.code }, 'request refused');
      return reply.code(status).send({ error: refusal });
    });
    scope.route({
      method: otherMethods,
      url: webhookPath,
      exposeHeadRoute: false,
      // Refuses before the body is read; the handler is never reached.
      onRequest: refuseMethod,
      handler: refuseMethod,
    });
    // The signature covers the raw bytes, so nothing may parse them before it is verified.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      (_request, body, next) => {
        next(null, body);
      },
    );
    scope.post(webhookPath, { bodyLimit }, (request, reply) => {
      // Fastify checks no content type on a request without a body.
      if (request.headers['content-type'] === undefined) throw new UnsupportedMediaType();
      return receive(deps, request.headers, request.body, reply);
    });
    done();
  });
}

/** Answers to the errors that Fastify finds before the handler runs, by status. */
const refusals: ReadonlyMap<number, { readonly code: string; readonly message: string }> = new Map([
  [
    415,
    {
      code: 'unsupported_media_type',
      message:
        'Only application/json is taken. In the settings of the hook in Gitea, set "POST Content Type" to application/json.',
    },
  ],
  [413, { code: 'too_large', message: 'The body is larger than 16 MiB.' }],
]);

async function receive(
  deps: RouteDeps,
  headers: IncomingHttpHeaders,
  body: unknown,
  reply: FastifyReply,
) {
  const raw = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const verification = verifySignature(raw, headers, deps.secrets);
  if (!verification.valid) {
    deps.counts.count('refusedSignature');
    deps.log.warn({ reason: verification.reason, bytes: raw.length }, 'delivery refused');
    const error = { code: 'signature_invalid', message: 'The signature is missing or wrong.' };
    return reply.code(401).send({ error });
  }
  deps.counts.authentic();
  // The MAC is a digest of the bytes already; its hash gives no signature away.
  const bodyHash = hash('sha256', verification.mac, 'hex');
  const eventName = (headerOf(headers, 'event') ?? '').slice(0, 100);
  const id = deliveryId(headers, bodyHash);
  const about = { delivery: id, secret: verification.secret };
  try {
    const parsed = parseDelivery(eventName, raw, deps.account());
    const classified =
      parsed.kind === 'labels_by_bot' ? await classifyLabels(deps, parsed) : parsed;
    return await accept(deps, about, classified, { id, eventName, bodyHash });
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    const rejected = { id, eventName, bodyHash, raw, error: error.message };
    const rejection = { ...about, event: eventName };
    await stored(deps.log, rejection, deps.addRejected(rejected));
    deps.counts.count('rejected');
    deps.log.warn(
      { ...rejection, reason: error.message, bytes: raw.length, bodyHash },
      'delivery rejected',
    );
    return reply.code(422).send({ error: { code: error.code, message: error.message } });
  }
}

type ClassifiedDelivery = Exclude<ParsedDelivery, { kind: 'labels_by_bot' }>;

/** Ignores a label change of our own. When the stored labels cannot be read, the event is stored. */
async function classifyLabels(
  { labelsOf }: RouteDeps,
  { event, labels }: { readonly event: IssueEvent; readonly labels: readonly string[] },
): Promise<ClassifiedDelivery> {
  const ours = await labelsOf(event.issue).then(
    (known) => isOwnLabelChange(labels, known),
    () => false,
  );
  return ours ? { kind: 'ignored', reason: 'our own label' } : { kind: 'event', event };
}

/** The dependencies, with the secrets as keys. */
type RouteDeps = Omit<WebhookDeps, 'secrets'> & { readonly secrets: WebhookKeys };

type LogFields = Readonly<Record<string, string | number>>;

async function accept(
  deps: RouteDeps,
  about: LogFields,
  parsed: ClassifiedDelivery,
  delivery: Pick<Delivery, 'id' | 'eventName' | 'bodyHash'>,
) {
  if (parsed.kind === 'ignored') {
    const { reason } = parsed;
    deps.counts.count('ignored');
    deps.log.info({ ...about, event: delivery.eventName, reason }, 'delivery ignored');
    return { status: 'ignored', deliveryId: delivery.id, reason };
  }
  const { event } = parsed;
  const { repository, number } = event.issue;
  const fields = { ...about, event: event.kind, repository, issue: number };
  const status = await stored(deps.log, fields, deps.add({ ...delivery, event }));
  deps.counts.count(status);
  // No child logger: creating one costs more than the line.
  deps.log.info(fields, `delivery ${status}`);
  if (status === 'accepted') deps.onAccepted();
  return { status, deliveryId: delivery.id };
}

/** Waits for a write. Gitea never retries, so the log names the delivery of a failed one. */
async function stored<T>(log: Logger, about: LogFields, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof StoreUnavailable)
      log.error({ ...about, code: error.code, reason: error.message }, 'delivery not stored');
    throw error;
  }
}

/** Gitea and Forgejo send the same header under several names. */
function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const vendor of ['gitea', 'forgejo', 'github', 'gogs']) {
    const value = headers[`x-${vendor}-${name}`];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/**
 * The idempotency key of a delivery. The id in the header is not signed and may be missing or malformed; then
 * the hash of the body replaces it, so that the same bytes sent twice are still a duplicate.
 */
function deliveryId(headers: IncomingHttpHeaders, bodyHash: string): string {
  const id = headerOf(headers, 'delivery');
  return id !== undefined && /^[\w-]{1,64}$/.test(id) ? id : `body-${bodyHash}`;
}
