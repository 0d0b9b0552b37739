import { z } from 'zod';

import { CoordinatorError } from '../errors.ts';
import { boundedLabels, boundedLogins, isRepositoryName } from '../issue/bounds.ts';
import { keptText, type IssueEvent } from '../issue/event.ts';
import { isOwnComment, withoutOwnLabels } from '../issue/own-marks.ts';
import { rawRepositoryFacts, repositoryFactsOf } from '../issue/repository-facts.ts';
import { wholeSeconds } from '../issue/snapshot-dates.ts';
import { isEventName } from './event-name.ts';

export type ParsedDelivery =
  | { readonly kind: 'event'; readonly event: IssueEvent }
  /** The bot's account has changed labels; only the stored labels show whether the change is our own. */
  | {
      readonly kind: 'labels_by_bot';
      readonly event: IssueEvent;
      /** All labels of the payload, ours included. */
      readonly labels: readonly string[];
    }
  /** It matters only to issues that wait for the pull request. */
  | { readonly kind: 'pull_request'; readonly event: IssueEvent }
  | { readonly kind: 'ignored'; readonly reason: string };

/** The delivery is authentic, but this version cannot parse its payload. */
export class PayloadError extends CoordinatorError {
  constructor(message: string, options?: ErrorOptions) {
    super('payload_not_understood', message, options);
    this.name = 'PayloadError';
  }
}

/** Maximum nesting of a body; Gitea's payloads are about six levels deep. */
const depthLimit = 64;

const userSchema = z.object({ login: z.string().min(1) });

/** RFC 3339, whole seconds, in the server's zone; year 1 and 1970 stand for "not set". */
const timeSchema = z.iso
  .datetime({ offset: true })
  .transform((text) => Math.max(0, wholeSeconds(Date.parse(text))))
  .pipe(z.int());

/** The keys we use; unknown ones are normal and dropped, lists may be null or missing. */
const issuePayloadSchema = z.object({
  action: z.string(),
  issue: z.object({
    number: z.int().positive(),
    title: z.string(),
    body: z.string().nullish(),
    state: z.enum(['open', 'closed']),
    assignees: z.array(userSchema).nullish(),
    labels: z.array(z.object({ name: z.string() })).nullish(),
    updated_at: timeSchema,
    pull_request: z.looseObject({}).nullish(),
  }),
  repository: z.object({
    id: z.int().positive(),
    full_name: z.string().refine(isRepositoryName, 'not the name of a repository'),
    ...rawRepositoryFacts,
  }),
  sender: userSchema.nullish(),
  comment: z.object({ body: z.string().nullish() }).nullish(),
  is_pull: z.boolean().nullish(),
});
type IssuePayload = z.infer<typeof issuePayloadSchema>;

const kindOfAction: ReadonlyMap<string, IssueEvent['kind']> = new Map([
  ['opened', 'opened'],
  ['edited', 'edited'],
  ['closed', 'closed'],
  ['reopened', 'reopened'],
  ['deleted', 'deleted'],
  ['assigned', 'assigned'],
  ['unassigned', 'unassigned'],
  ['label_updated', 'labelled'],
  ['label_cleared', 'labelled'],
  ['milestoned', 'milestoned'],
  ['demilestoned', 'milestoned'],
] as const);

/** Parses a stored delivery again, after an upgrade say. Throws `PayloadError`, also where it is ignored now. */
export function parseStored(
  eventName: string,
  raw: Buffer,
  account: string | undefined,
): IssueEvent {
  const parsed = parseDelivery(eventName, raw, account);
  if (parsed.kind !== 'ignored') return parsed.event;
  throw new PayloadError(`Understood by now, but ignored: ${parsed.reason}.`);
}

/**
 * Parses the bytes of an authentic delivery into an event, or gives the reason for which it is ignored. The
 * event header is not signed, so a body of another event is refused; what is not about issues is not read at
 * all. Throws `PayloadError`.
 */
export function parseDelivery(
  eventName: string,
  raw: Buffer,
  account: string | undefined,
): ParsedDelivery {
  if (eventName === '') throw new PayloadError('The delivery has no X-Gitea-Event header.');
  if (!isEventName(eventName))
    throw new PayloadError('The X-Gitea-Event header is not the name of one event.');
  if (eventName === 'pull_request') return parsePullRequest(raw);
  if (eventName !== 'issues' && eventName !== 'issue_comment')
    return { kind: 'ignored', reason: `event ${eventName} is not about issues` };
  const parsed = issuePayloadSchema.safeParse(parseBytes(raw));
  if (!parsed.success) throw new PayloadError(describeIssues(parsed.error));
  const payload = parsed.data;
  if ((eventName === 'issue_comment') !== (payload.comment != null))
    throw new PayloadError(`The body is not one of event ${eventName}.`);
  if (payload.issue.pull_request != null || payload.is_pull === true)
    return { kind: 'ignored', reason: 'about a pull request' };
  const kind = eventName === 'issues' ? kindOfAction.get(payload.action) : 'commented';
  if (kind === undefined)
    return { kind: 'ignored', reason: `action ${payload.action.slice(0, 60)} changes no plan` };
  const byBot =
    account !== undefined && payload.sender?.login.toLowerCase() === account.toLowerCase();
  if (byBot && isOwnWriting(payload)) return { kind: 'ignored', reason: 'our own comment' };
  const event = eventOf(kind, payload);
  // We never remove all labels at once.
  if (!byBot || payload.action !== 'label_updated') return { kind: 'event', event };
  const labels = boundedLabels(payload.issue.labels?.map(({ name }) => name) ?? []);
  return { kind: 'labels_by_bot', event, labels };
}

const pullPayloadSchema = z.object({
  action: z.string(),
  pull_request: issuePayloadSchema.shape.issue
    .omit({ pull_request: true })
    .extend({ merged: z.boolean() }),
  repository: issuePayloadSchema.shape.repository,
});

/** Parses an event about a pull request; what is not understood of it is ignored, since nothing depends on it. */
function parsePullRequest(raw: Buffer): ParsedDelivery {
  const parsed = pullPayloadSchema.safeParse(parseBytes(raw));
  const kind = parsed.success ? kindOfAction.get(parsed.data.action) : undefined;
  if (!parsed.success || kind === undefined)
    return { kind: 'ignored', reason: 'event pull_request is not about issues' };
  const { action, repository, pull_request: pull } = parsed.data;
  const { issue } = eventOf(kind, { action, repository, issue: pull });
  // Never ours to plan, whoever it is assigned to.
  const merged = { ...issue, assignees: [], labels: [], merged: pull.merged };
  return { kind: 'pull_request', event: { kind, issue: merged } };
}

/** The JSON parser would skip it silently. */
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseBytes(raw: Buffer): unknown {
  if (raw.length === 0) throw new PayloadError('The delivery has no body.');
  if (raw.subarray(0, 3).equals(byteOrderMark))
    throw new PayloadError('The body starts with a byte order mark.');
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(raw));
  } catch (error) {
    throw new PayloadError('The body is not JSON in UTF-8.', { cause: error });
  }
  refuseOddities(json, 0);
  return json;
}

/** Refuses bodies that neither Gitea nor Forgejo sends; recursion goes no deeper than the limit. */
function refuseOddities(value: unknown, depth: number): void {
  if (!isObject(value)) return;
  if (depth > depthLimit)
    throw new PayloadError(`The body nests deeper than ${depthLimit} levels.`);
  if (Array.isArray(value)) {
    for (const child of value) refuseOddities(child, depth + 1);
    return;
  }
  // A parsed object inherits no enumerable key; `Object.keys` would cost more than this loop.
  for (const key in value) {
    const child = value[key];
    if (key === '__proto__' || (key === 'constructor' && isObject(child) && 'prototype' in child))
      throw new PayloadError('The body has a key that would change a prototype.');
    refuseOddities(child, depth + 1);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** True for a comment that we created or edited. A deletion counts, whoever deleted the comment. */
function isOwnWriting({ action, comment }: IssuePayload): boolean {
  if (comment == null || (action !== 'created' && action !== 'edited')) return false;
  return isOwnComment(comment.body ?? '');
}

function eventOf(
  kind: IssueEvent['kind'],
  { action, issue, repository }: IssuePayload,
): IssueEvent {
  return {
    kind,
    issue: {
      repositoryId: repository.id,
      repository: repository.full_name,
      number: issue.number,
      ...keptText(issue.title, issue.body),
      open: issue.state === 'open',
      assignees: boundedLogins(issue.assignees?.map(({ login }) => login) ?? []),
      labels: labelsOf(action, issue.labels ?? []),
      updatedAt: issue.updated_at,
      repositoryFacts: repositoryFactsOf(repository),
    },
  };
}

/**
 * The labels without our own; null: unknown. Two payloads of Gitea 1.25 lie: `label_cleared` carries the
 * labels from before, and `label_updated` after a replacement carries none.
 */
function labelsOf(action: string, labels: readonly { name: string }[]): string[] | null {
  if (action === 'label_cleared') return [];
  if (action === 'label_updated' && labels.length === 0) return null;
  return boundedLabels(withoutOwnLabels(labels.map(({ name }) => name)));
}

function describeIssues(error: z.ZodError): string {
  const problems = error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
  return `The payload is not as expected: ${problems.join('; ')}`.slice(0, 500);
}
