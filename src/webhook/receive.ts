import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { StoreUnavailable } from '../errors.ts';
import { bytesId, type Delivery, type RejectedDelivery } from '../inbox/rows.ts';
import type { IssueEvent } from '../issue/event.ts';
import { isOwnLabelChange, type KnownLabels } from '../issue/own-marks.ts';
import type { PullHint } from '../issue/pull-hint.ts';
import type { IssueKey, IssueRef } from '../issue/ref.ts';
import { closeUnread } from '../lib/close-unread.ts';
import type { RepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';
import { lengthOf, type ReceivedBody } from './body.ts';
import { keepOpen } from './connection.ts';
import type { WebhookCounts } from './counts.ts';
import { eventNameOf, headerOf } from './event-name.ts';
import { pullHintOf } from './hint.ts';
import { parseDelivery, PayloadError, type ParsedDelivery } from './payload.ts';
import { looksSigned, verifyMac, type WebhookKeys, type WebhookSecrets } from './signature.ts';
import { datedAtMost, isOutdated } from './snapshot-time.ts';

export interface WebhookDeps {
  readonly secrets: WebhookSecrets;
  /** Login of the account whose token we write with; undefined while unknown. */
  readonly account: () => string | undefined;
  /** Whether an issue waits for this one; without it, pull requests are ignored. */
  readonly isNamedBlocker?: (issue: IssueKey & IssueRef) => Promise<boolean>;
  /** Called for an authentic delivery that may concern a pull request of ours; false: it does not. */
  readonly onPullHint?: ((hint: PullHint) => Promise<boolean>) | undefined;
  /** The stored labels of an issue; read only when the bot's account has changed labels. */
  readonly labelsOf: (issue: IssueKey) => Promise<KnownLabels | undefined>;
  /** The wall clock by default. */
  readonly now?: () => number;
  readonly log: Logger;
  readonly counts: WebhookCounts;
  readonly add: (delivery: Delivery) => Promise<'accepted' | 'duplicate'>;
  readonly addRejected: (delivery: RejectedDelivery) => Promise<unknown>;
  /** Called with the connection of a delivery whose signature is right. */
  readonly onAuthentic?: (connection: Socket) => void;
  /** Whether a delivery of the same bytes is stored that was understood; asked before one leads to nothing. */
  readonly isStored: (bodyHash: string) => Promise<boolean>;
  /** Called for a delivery whose bytes were stored before. */
  readonly onDuplicate?: (event: IssueEvent, bodyHash: string) => void;
  /** Called after the commit of a new delivery. */
  readonly onAccepted: () => void;
  /** Called after an answer 200, with the milliseconds since the request came. */
  readonly onAnswered?: (ms: number) => void;
  /**
   * Age in days from which a snapshot is not believed any more; without it Gitea is asked for the present
   * state anyway.
   */
  readonly maxAgeDays?: number | undefined;
  /** A time that is past for sure, whatever the clock says; undefined while nothing is known. */
  readonly provenTime?: () => Promise<number | undefined>;
}

/** The dependencies, with the secrets as keys. */
export type RouteDeps = Omit<WebhookDeps, 'secrets'> & {
  readonly secrets: WebhookKeys;
  readonly refusals: RepeatedLines;
};

/** 401, for a signature that is missing, malformed or wrong. */
export function refuseSignature(
  { counts, refusals }: RouteDeps,
  reason: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  counts.count('refusedSignature');
  if (looksSigned(request.headers)) counts.hookRefused(request.ip);
  refusals.warn({ reason, bytes: lengthOf(request.headers) ?? 0 }, 'delivery refused');
  const error = { code: 'signature_invalid', message: 'The signature is missing or wrong.' };
  return closeUnread(request, reply).code(401).send({ error });
}

/** A whole body, and the signature that its headers claim. */
interface Received {
  readonly request: FastifyRequest;
  readonly mac: Buffer;
  readonly body: ReceivedBody;
}

/** What the answer 200 says. */
interface Accepted {
  readonly status: 'accepted' | 'duplicate' | 'ignored';
  readonly deliveryId: string;
  readonly reason?: string;
}

/** Verifies the signature of a whole body, and stores what it says; undefined: the answer, a refusal, is sent. */
export async function receive(
  deps: RouteDeps,
  { request, mac, body }: Received,
  reply: FastifyReply,
): Promise<Accepted | undefined> {
  try {
    const verification = verifyMac(body.pieces, mac, deps.secrets);
    if (!verification.valid) {
      refuseSignature(deps, verification.reason, request, reply);
      return undefined;
    }
    deps.counts.authentic(request.ip);
    keepOpen(reply.raw);
    deps.onAuthentic?.(request.raw.socket);
    const [first = Buffer.alloc(0), ...rest] = body.pieces;
    const raw = rest.length === 0 ? first : Buffer.concat(body.pieces);
    return await receiveAuthentic(
      deps,
      request.headers,
      { raw, secret: verification.secret },
      reply,
    );
  } finally {
    body.release();
  }
}

async function receiveAuthentic(
  deps: RouteDeps,
  headers: IncomingHttpHeaders,
  { raw, secret }: { readonly raw: Buffer; readonly secret: string },
  reply: FastifyReply,
): Promise<Accepted | undefined> {
  // Of the body alone: the signature of the same bytes changes with the secret.
  const bodyHash = hash('sha256', raw, 'hex');
  const id = deliveryId(headers, bodyHash);
  const about = { delivery: id, secret };
  const event = eventNameOf(headers);
  // Not stored: the header is not signed, and no later version would know better what it means.
  if ('problem' in event) {
    if (await isRepeated(deps, bodyHash)) return answerDuplicate(deps, id, about);
    refusePayload(deps, about, event.problem, reply);
    return undefined;
  }
  const { name: eventName } = event;
  try {
    const parsed = parseDelivery(eventName, raw, deps.account());
    const classified = await classify(deps, parsed);
    const hint = pullHintOf(eventName, raw);
    // Nothing is stored: what a lost hint would have told is asked for every few minutes.
    const isHint =
      hint !== undefined && (await deps.onPullHint?.(hint).catch(() => false)) === true;
    if (isHint && classified.kind === 'ignored')
      return acceptHint(deps, { ...about, event: eventName }, id);
    return await accept(deps, about, classified, { id, eventName, bodyHash });
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    if (await isRepeated(deps, bodyHash))
      return answerDuplicate(deps, id, { ...about, event: eventName });
    const rejected = { id, eventName, bodyHash, raw, error: error.message };
    const fields = { ...about, event: eventName, bytes: raw.length, bodyHash };
    await stored(deps, { ...about, event: eventName }, deps.addRejected(rejected));
    refusePayload(deps, fields, error.message, reply);
    return undefined;
  }
}

/** A store that cannot be read knows no bytes: the delivery is answered as it would be without. */
function isRepeated({ isStored }: RouteDeps, bodyHash: string): Promise<boolean> {
  return isStored(bodyHash).catch(() => false);
}

/** Answers for bytes that are stored: what the headers make of them this time does not count. */
function answerDuplicate(
  { counts, log }: RouteDeps,
  deliveryId: string,
  about: LogFields,
): Accepted {
  counts.count('duplicate');
  log.info(about, 'delivery duplicate');
  return { status: 'duplicate', deliveryId };
}

function acceptHint({ counts, log }: RouteDeps, about: LogFields, deliveryId: string): Accepted {
  counts.count('accepted');
  log.info(about, 'delivery accepted');
  return { status: 'accepted', deliveryId };
}

function refusePayload(
  { counts, refusals }: RouteDeps,
  about: LogFields,
  message: string,
  reply: FastifyReply,
): void {
  counts.count('rejected');
  refusals.warn({ ...about, reason: message }, 'delivery rejected');
  void reply.code(422).send({ error: { code: 'payload_not_understood', message } });
}

type ClassifiedDelivery = Extract<ParsedDelivery, { kind: 'event' | 'ignored' }>;

/** Dates the event of a delivery, and ignores what is too old to be believed and what we did ourselves. */
async function classify(deps: RouteDeps, parsed: ParsedDelivery): Promise<ClassifiedDelivery> {
  if (parsed.kind === 'ignored') return parsed;
  const { now = Date.now, maxAgeDays } = deps;
  const event = datedAtMost(parsed.event, now());
  const isOld = (at: number) => maxAgeDays !== undefined && isOutdated(event, at, maxAgeDays);
  // A clock that is far ahead makes every snapshot old: then the known ones say what time it is.
  if (isOld(now()) && isOld((await deps.provenTime?.()) ?? now()))
    return { kind: 'ignored', reason: `a snapshot of more than ${maxAgeDays} days ago` };
  if (parsed.kind === 'event') return { kind: 'event', event };
  if (parsed.kind === 'pull_request') return classifyPull(deps, event);
  return classifyLabels(deps, { event, labels: parsed.labels });
}

/** A pull request matters where an issue names it as what it waits for. */
async function classifyPull(
  { isNamedBlocker }: RouteDeps,
  event: IssueEvent,
): Promise<ClassifiedDelivery> {
  if ((await isNamedBlocker?.(event.issue)) === true) return { kind: 'event', event };
  return { kind: 'ignored', reason: 'a pull request that no issue waits for' };
}

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

type LogFields = Readonly<Record<string, string | number>>;

async function accept(
  deps: RouteDeps,
  about: LogFields,
  parsed: ClassifiedDelivery,
  delivery: Pick<Delivery, 'id' | 'eventName' | 'bodyHash'>,
): Promise<Accepted> {
  if (parsed.kind === 'ignored') {
    const { reason } = parsed;
    if (await isRepeated(deps, delivery.bodyHash))
      return answerDuplicate(deps, delivery.id, { ...about, event: delivery.eventName });
    deps.counts.count('ignored');
    deps.log.info({ ...about, event: delivery.eventName, reason }, 'delivery ignored');
    return { status: 'ignored', deliveryId: delivery.id, reason };
  }
  const { event } = parsed;
  const { repository, number } = event.issue;
  const fields = { ...about, event: event.kind, repository, issue: number };
  const status = await stored(deps, fields, deps.add({ ...delivery, event }));
  deps.counts.count(status);
  // No child logger: creating one costs more than the line.
  deps.log.info(fields, `delivery ${status}`);
  if (status === 'accepted') deps.onAccepted();
  else deps.onDuplicate?.(event, delivery.bodyHash);
  return { status, deliveryId: delivery.id };
}

/** Waits for a write. Gitea never retries, so the log names the delivery of a failed one. */
async function stored<T>(
  { refusals }: Pick<RouteDeps, 'refusals'>,
  about: LogFields,
  write: Promise<T>,
): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof StoreUnavailable)
      refusals.error({ ...about, code: error.code, reason: error.message }, 'delivery not stored');
    throw error;
  }
}

/**
 * The id under which a delivery is stored and listed. The one in the header is not signed and may be missing or
 * malformed, or look like one of ours; then the hash of the body replaces it. Equal bytes are a duplicate
 * whatever the id.
 */
function deliveryId(headers: IncomingHttpHeaders, bodyHash: string): string {
  const id = headerOf(headers, 'delivery');
  return id !== undefined && /^(?!body-|refresh-)[\w-]{1,64}$/.test(id) ? id : bytesId(bodyHash);
}
