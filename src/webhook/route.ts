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

/** An `edited` payload carries the old text and the new one; Gitea itself has no limit. */
const bodyLimit = 16 * 1024 * 1024;

const UnsupportedMediaType = errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE;

export interface WebhookDeps {
  readonly secrets: WebhookSecrets;
  /** Login of the account that we write with; undefined while it is not known. */
  readonly account: () => string | undefined;
  /** What is stored; asked only when the bot's account has changed labels. */
  readonly labelsOf: (issue: IssueKey) => Promise<KnownLabels | undefined>;
  readonly log: Logger;
  readonly counts: WebhookCounts;
  readonly add: (delivery: Delivery) => Promise<'accepted' | 'duplicate'>;
  readonly addRejected: (delivery: RejectedDelivery) => Promise<unknown>;
  /** Called after a commit that brought something new. */
  readonly onAccepted: () => void;
}

/**
 * Takes deliveries. Refusals in this order: method, content type, size, signature, payload; the answer
 * 200 is sent only when the delivery is on disk.
 */
export function registerWebhook(app: FastifyInstance, given: WebhookDeps): void {
  // Every field of its lines is chosen here: looking for secrets in them costs as much as writing them.
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
      // Here nothing of the body has been looked at; the handler is never reached.
      onRequest: refuseMethod,
      handler: refuseMethod,
    });
    // The signature covers the bytes as sent, so nothing may parse them before it is checked.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      (_request, body, next) => {
        next(null, body);
      },
    );
    scope.post(webhookPath, { bodyLimit }, (request, reply) => {
      // A request without a body reaches this point without any content type having been looked at.
      if (request.headers['content-type'] === undefined) throw new UnsupportedMediaType();
      return receive(deps, request.headers, request.body, reply);
    });
    done();
  });
}

/** What is said of errors Fastify finds before a delivery is looked at. */
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
  deps: Receiving,
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
  // A digest of the bytes already; hashed, it gives no signature away.
  const bodyHash = hash('sha256', verification.mac, 'hex');
  const eventName = (headerOf(headers, 'event') ?? '').slice(0, 100);
  const id = deliveryId(headers, bodyHash);
  const about = { delivery: id, secret: verification.secret };
  try {
    const parsed = parseDelivery(eventName, raw, deps.account());
    const judged = parsed.kind === 'labels_by_bot' ? await judgeLabels(deps, parsed) : parsed;
    return await accept(deps, about, judged, { id, eventName, bodyHash });
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

type Judged = Exclude<ParsedDelivery, { kind: 'labels_by_bot' }>;

/** Ours or news: when what is stored cannot be read, it is taken in. */
async function judgeLabels(
  { labelsOf }: Receiving,
  { event, labels }: { readonly event: IssueEvent; readonly labels: readonly string[] },
): Promise<Judged> {
  const ours = await labelsOf(event.issue).then(
    (known) => isOwnLabelChange(labels, known),
    () => false,
  );
  return ours ? { kind: 'ignored', reason: 'our own label' } : { kind: 'event', event };
}

/** The dependencies with the secrets made into keys once. */
type Receiving = Omit<WebhookDeps, 'secrets'> & { readonly secrets: WebhookKeys };

type LogFields = Readonly<Record<string, string | number>>;

async function accept(
  deps: Receiving,
  about: LogFields,
  parsed: Judged,
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
  // One line without a child logger: making one costs more than the line.
  deps.log.info(fields, `delivery ${status}`);
  if (status === 'accepted') deps.onAccepted();
  return { status, deliveryId: delivery.id };
}

/** Waits for a write; Gitea never tries again, so a failed one names its delivery in the log. */
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
 * The id is not signed and may be missing: one that cannot be ours is made from the body instead, so that
 * the same bytes sent twice are still a duplicate.
 */
function deliveryId(headers: IncomingHttpHeaders, bodyHash: string): string {
  const id = headerOf(headers, 'delivery');
  return id !== undefined && /^[\w-]{1,64}$/.test(id) ? id : `body-${bodyHash}`;
}
