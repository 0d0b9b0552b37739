import { Webhook } from 'standardwebhooks';

import { isoTime } from '../issue/iso-time.ts';
import { issuePagePath, issueUrl } from '../issue/plan.ts';
import { parseRef } from '../issue/ref.ts';
import { capital, oneLine } from '../lib/text.ts';
import type { Notice, NoticeKind } from './facts.ts';

/** Where notices go, and in which form. */
export interface NotifyTarget {
  readonly form: 'webhook' | 'ntfy' | 'slack' | 'matrix';
  /** Without user and password. */
  readonly url: string;
  readonly token: string | undefined;
}

/** A notice as it is told; a trial is none of the store. */
type ToldNotice = Omit<Notice, 'kind'> & { readonly kind: NoticeKind | 'trial' };

/** What is told in one message: one notice or more, and the number of those that are not listed. */
export interface Digest {
  /** Equal for every attempt to send it: a receiver can drop what it has. */
  readonly id: string;
  readonly notices: readonly ToldNotice[];
  readonly more: number;
}

export interface MessageDeps {
  /** Signs the form `webhook`, as Standard Webhooks has it (`whsec_…`). */
  readonly secret: string | undefined;
  /** Address of this service; undefined: links lead to Gitea. */
  readonly publicUrl: string | undefined;
  readonly giteaUrl: string;
  readonly now: () => number;
}

export interface Request {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Longest title and sentence in a line of text. */
const maxTitle = 200;
const maxSentence = 500;
/** ntfy takes messages of 4,096 bytes. */
const maxNtfyBytes = 3_500;

/** Of one notice, and of several by their number. One of deliveries may stand for more than one. */
const headlines: Readonly<
  Record<ToldNotice['kind'], { readonly one: string; readonly many: (count: number) => string }>
> = {
  needs_person: {
    one: 'needs a person',
    many: (count) => (count === 1 ? '1 needs a person' : `${count} need a person`),
  },
  in_review: { one: 'in review', many: (count) => `${count} in review` },
  verification_failed: {
    one: 'failed its verification',
    many: (count) =>
      count === 1 ? '1 failed its verification' : `${count} failed their verification`,
  },
  budget: { one: 'budget', many: (count) => (count === 1 ? '1 budget' : `${count} budgets`) },
  webhook: { one: 'webhooks', many: () => 'webhooks' },
  deliveries: { one: 'deliveries given up', many: () => 'deliveries given up' },
  trial: { one: 'trial', many: (count) => `${count} trials` },
};

/** Pages on which something is mended that is about no issue. */
const pages: Partial<Record<ToldNotice['kind'], string>> = {
  budget: '/agents',
  webhook: '/status',
  deliveries: '/deliveries?status=dead',
};

/** The request that tells a target of the notices. */
export function messageTo(target: NotifyTarget, digest: Digest, deps: MessageDeps): Request {
  const only = onlyOne(digest);
  const title = titleOf(digest);
  const lines = linesOf(digest, deps);
  const json = { 'content-type': 'application/json' };
  const bearer: Record<string, string> =
    target.token === undefined ? {} : { authorization: `Bearer ${target.token}` };
  switch (target.form) {
    case 'webhook':
      return webhook(target.url, digest, deps);
    case 'ntfy': {
      const { origin, topic } = splitTopic(target.url);
      const message = withinBytes(lines, maxNtfyBytes);
      const click = only === undefined ? deps.publicUrl : (linkOf(only, deps) ?? undefined);
      const body = JSON.stringify({ topic, title, message, click });
      return { method: 'POST', url: origin, headers: { ...json, ...bearer }, body };
    }
    case 'slack': {
      const text = [`*${forSlack(title)}*`, ...lines.map(forSlack)].join('\n');
      return { method: 'POST', url: target.url, headers: json, body: JSON.stringify({ text }) };
    }
    case 'matrix': {
      const { origin, topic: room } = splitTopic(target.url);
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${digest.id}`;
      // Nobody is mentioned, whatever a title says.
      const content = { msgtype: 'm.text', body: [title, ...lines].join('\n'), 'm.mentions': {} };
      const headers = { ...json, ...bearer };
      return { method: 'PUT', url: `${origin}${path}`, headers, body: JSON.stringify(content) };
    }
  }
}

/** Signed as in https://www.standardwebhooks.com: id, time and body. */
function webhook(url: string, { id, notices, more }: Digest, deps: MessageDeps): Request {
  const at = new Date(deps.now());
  const data = {
    notices: notices.map((notice) => ({
      ...{ kind: notice.kind, issue: notice.ref, title: notice.title, text: notice.sentence },
      ...{ url: linkOf(notice, deps), at: isoTime(notice.at) },
    })),
    more,
  };
  const body = JSON.stringify({
    type: 'coordinator.notices',
    timestamp: at.toISOString(),
    data,
  });
  const signature = deps.secret === undefined ? '' : new Webhook(deps.secret).sign(id, at, body);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': signature,
  };
  return { method: 'POST', url, headers, body };
}

function onlyOne({ notices, more }: Digest): ToldNotice | undefined {
  return notices.length === 1 && more === 0 ? notices[0] : undefined;
}

/** One notice by its headline; of several how many there are of each kind. */
function titleOf(digest: Digest): string {
  const { notices, more } = digest;
  const only = onlyOne(digest);
  if (only !== undefined) {
    const { one } = headlines[only.kind];
    return only.ref === null ? capital(one) : `${only.ref}: ${one}`;
  }
  const kinds = Map.groupBy(notices, ({ kind }) => kind);
  const counts = [...kinds].map(([kind, { length }]) => headlines[kind].many(length));
  const rest = more === 0 ? [] : [`${more} more`];
  return capital([...counts, ...rest].join(', '));
}

function linesOf(digest: Digest, deps: MessageDeps): string[] {
  const { notices, more } = digest;
  const isOne = onlyOne(digest) !== undefined;
  const lines = notices.map((notice) => {
    const { ref, title, sentence } = notice;
    // The title of the message names the only one.
    const names = [isOne ? '' : (ref ?? ''), oneLine(title ?? '', maxTitle)];
    const subject = names.filter((name) => name !== '').join(' ');
    const text = oneLine(sentence, maxSentence);
    const words = subject === '' ? text : `${subject}: ${text}`;
    const link = linkOf(notice, deps);
    return link === null ? words : `${words} ${link}`;
  });
  return more === 0 ? lines : [...lines, `… and ${more} more`];
}

/** The page on which it is seen to: of this service where its address is known, else that of an issue on Gitea. */
function linkOf({ kind, ref }: ToldNotice, { publicUrl, giteaUrl }: MessageDeps): string | null {
  const parsed = ref === null ? undefined : parseRef(ref);
  if (parsed === undefined)
    return publicUrl === undefined ? null : `${publicUrl}${pages[kind] ?? '/'}`;
  const { repository, number } = parsed;
  return publicUrl === undefined
    ? issueUrl(giteaUrl, repository, number)
    : `${publicUrl}${issuePagePath(repository, number)}`;
}

/** The last part of a path: a topic of ntfy, a room of Matrix. */
function splitTopic(text: string): { origin: string; topic: string } {
  const url = new URL(text);
  const parts = url.pathname.split('/');
  const topic = decodeURIComponent(parts.pop() ?? '');
  return { origin: `${url.origin}${parts.join('/')}`, topic };
}

/** Slack's own escapes: without them a title could call everybody (`<!channel>`). */
function forSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** As many lines as fit; then how many more there are. */
function withinBytes(lines: readonly string[], limit: number): string {
  let length = 0;
  const kept = lines.filter((line) => (length += Buffer.byteLength(line) + 1) <= limit);
  const left = lines.length - kept.length;
  return [...kept, ...(left === 0 ? [] : [`… and ${left} more lines`])].join('\n');
}
