import type { GiteaHook } from '../../gitea/client.ts';

/** The route that takes deliveries. */
export const webhookPath = '/webhook/gitea';

/** What a hook has to send: as the API tells it, as it is asked for, and in the words of Gitea's page. */
export const neededEvents = [
  { told: 'issues', asked: 'issues_only', words: 'Issues' },
  { told: 'issue_assign', asked: 'issue_assign', words: 'Issue Assigned' },
  { told: 'issue_label', asked: 'issue_label', words: 'Issue Labeled' },
  { told: 'issue_milestone', asked: 'issue_milestone', words: 'Issue Milestoned' },
  { told: 'issue_comment', asked: 'issue_comment', words: 'Issue Comment' },
] as const;

/** What of a hook is not as it has to be; `url`: what it has to be, if that is known. */
export type HookFault =
  | { readonly kind: 'url' }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'inactive' }
  | { readonly kind: 'content_type' }
  | { readonly kind: 'events'; readonly missing: readonly (typeof neededEvents)[number][] };

/** Everything that is wrong with a hook that is meant for us. */
export function faultsOf(hook: GiteaHook, url: string | undefined): HookFault[] {
  const missing = neededEvents.filter(({ told }) => !hook.events.includes(told));
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

/** Whether a URL ends in our route; the service takes a slash behind it, too. */
export function isOnRoute(text: string): boolean {
  return trimmedPath(URL.parse(text)).endsWith(webhookPath);
}

/** Whether a hook may be meant for us although its path is another: same host and port, or it says so. */
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

/** A URL as it may be shown: what stands before the host or behind the path can be a secret. */
export function shownUrl(text: string): string {
  const url = URL.parse(text);
  return url === null ? 'a URL that is none' : `${url.origin}${url.pathname}`;
}
