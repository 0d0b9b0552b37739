import type { GiteaHook } from '../../gitea/schemas.ts';

/** The route that takes deliveries. */
export const webhookPath = '/webhook/gitea';

/** An event that a hook has to send: its name in the API's answer, in its request, and on Gitea's page. */
export interface NeededEvent {
  readonly answered: string;
  readonly requested: string;
  readonly words: string;
}

const usualEvents: readonly NeededEvent[] = [
  { answered: 'issues', requested: 'issues_only', words: 'Issues' },
  { answered: 'issue_assign', requested: 'issue_assign', words: 'Issue Assigned' },
  { answered: 'issue_label', requested: 'issue_label', words: 'Issue Labeled' },
  { answered: 'issue_milestone', requested: 'issue_milestone', words: 'Issue Milestoned' },
  { answered: 'issue_comment', requested: 'issue_comment', words: 'Issue Comment' },
  { answered: 'pull_request', requested: 'pull_request_only', words: 'Pull Request' },
  {
    answered: 'pull_request_sync',
    requested: 'pull_request_sync',
    words: 'Pull Request Synchronized',
  },
  {
    answered: 'pull_request_review',
    requested: 'pull_request_review',
    words: 'Pull Request Reviewed',
  },
];
const statusEvent: NeededEvent = { answered: 'status', requested: 'status', words: 'Statuses' };
/** First minor version of Gitea 1 that tells of statuses; no Forgejo does. */
const statusMinor = 24;

/** Events that a hook of this Gitea has to send: those that it has for sure. */
export function neededEvents(version: string | undefined): readonly NeededEvent[] {
  return tellsOfStatuses(version) === true ? [...usualEvents, statusEvent] : usualEvents;
}

/** Events that a hook is made with: also those that this Gitea may not have, which it leaves out then. */
export function askedEvents(version: string | undefined): readonly NeededEvent[] {
  return tellsOfStatuses(version) === false ? usualEvents : [...usualEvents, statusEvent];
}

/** Undefined: a build without a number does not say. */
function tellsOfStatuses(version: string | undefined): boolean | undefined {
  if (version?.includes('+gitea-') === true) return false;
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (major === undefined) return undefined;
  return Number(major) > 1 || (major === '1' && Number(minor) >= statusMinor);
}

/** One setting of a hook that is wrong. */
export type HookFault =
  | { readonly kind: 'url' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'inactive' }
  | { readonly kind: 'content_type' }
  | { readonly kind: 'events'; readonly missing: readonly NeededEvent[] };

/** What a hook is compared with. */
export interface HookNeeds {
  /** The right URL; undefined: not known. */
  readonly url: string | undefined;
  readonly events: readonly NeededEvent[];
}

/** All wrong settings of a hook that is meant for us. */
export function faultsOf(hook: GiteaHook, { url, events: needed }: HookNeeds): HookFault[] {
  const events = hook.events.map(asAnswered);
  const missing = needed.filter(({ answered }) => !events.includes(answered));
  const atRightUrl = url === undefined ? isOnRoute(hook.url) : isSameUrl(hook.url, url);
  return [
    ...(atRightUrl ? [] : [{ kind: 'url' } as const]),
    ...(hook.type === 'gitea' || hook.type === 'forgejo'
      ? []
      : [{ kind: 'type', type: hook.type } as const]),
    ...(hook.active ? [] : [{ kind: 'inactive' } as const]),
    ...(hook.contentType === 'json' ? [] : [{ kind: 'content_type' } as const]),
    ...(missing.length === 0 ? [] : [{ kind: 'events', missing } as const]),
  ];
}

/** Some versions list the three kinds of reviews, which are on or off together. */
export function asAnswered(event: string): string {
  return event.startsWith('pull_request_review_') && event !== 'pull_request_review_request'
    ? 'pull_request_review'
    : event;
}

/** Whether a URL ends in our route; the service accepts a slash behind it, too. */
export function isOnRoute(text: string): boolean {
  return trimmedPath(URL.parse(text)).endsWith(webhookPath);
}

/** Whether a hook with another path may be meant for us: its host is ours, or its port when our URL is not known. */
export function isMeantForUs(
  text: string,
  url: string | undefined,
  port: number | undefined,
): boolean {
  const found = URL.parse(text);
  if (found === null) return false;
  const ours = url === undefined ? null : URL.parse(url);
  if (ours !== null && found.host === ours.host) return true;
  return found.port !== '' && found.port === String(port) && ours === null;
}

export function isSameUrl(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  return (
    a !== null &&
    b !== null &&
    a.origin === b.origin &&
    trimmedPath(a) === trimmedPath(b) &&
    a.search === b.search
  );
}

function trimmedPath(url: URL | null): string {
  return url?.pathname.replace(/\/+$/, '') ?? '';
}

/** A URL without user and query, which can hold secrets. */
export function shownUrl(text: string): string {
  const url = URL.parse(text);
  return url === null ? 'an invalid URL' : `${url.origin}${url.pathname}`;
}

/**
 * Cure for a Gitea that sends nothing although the webhook is right. The list of allowed hosts is the most
 * common cause: by default it holds public addresses only. `url`: the webhook's.
 */
export function hostListCure(url: string | undefined, hook = 'the webhook'): string {
  const host = (url === undefined ? undefined : URL.parse(url)?.hostname) ?? 'COORDINATOR';
  return [
    `Open Recent Deliveries of ${hook} in Gitea. If it says "webhook can only call allowed HTTP servers", add this to Gitea's app.ini and restart Gitea:`,
    '    [webhook]',
    `    ALLOWED_HOST_LIST = external, ${allowEntry(host)}`,
    `If it says "connection refused", "no such host" or a timeout, Gitea cannot reach ${host === 'COORDINATOR' ? 'that URL' : host}: correct the URL of the webhook, or the network.`,
  ].join('\n');
}

/** Gitea's word for a kind of address, or the host itself, which Gitea takes as a pattern. */
function allowEntry(host: string): string {
  if (host === 'localhost' || host === '[::1]' || host.startsWith('127.')) return 'loopback';
  if (/^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host) || /^\[f[cd]/.test(host))
    return 'private';
  return host;
}
