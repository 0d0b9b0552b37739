import { z } from 'zod';

import { signedRequest } from '../support/recordings.ts';

export interface EventKind {
  readonly event: string;
  readonly type: string;
  readonly action: string;
}

export interface GiteaHook {
  readonly id: number;
  /** `owner/name` of a repository by its id, or an organisation. */
  readonly owner: { readonly repositoryId: number } | { readonly organization: string };
  readonly type: string;
  readonly active: boolean;
  /** Fine names: `issues` is the narrow set. */
  readonly events: readonly string[];
  readonly url: string;
  readonly contentType: string;
  readonly secret: string;
  readonly branchFilter?: string;
  readonly authorizationHeader?: string;
}

export interface Delivered extends EventKind {
  readonly id: string;
  readonly hookId: number;
  /** Of the receiver's answer; undefined when it gave none. */
  readonly status: number | undefined;
  /** Its text; a person sees it in the history of the hook. */
  readonly answer: string;
  readonly payload: Record<string, unknown>;
}

export const issueEvents: readonly string[] = [
  'issues',
  'issue_assign',
  'issue_label',
  'issue_milestone',
  'issue_comment',
];

export const pullEvents: readonly string[] = [
  'pull_request',
  'pull_request_sync',
  'pull_request_review',
];

/** Gitea has it from 1.24 on. */
export const statusEvent = 'status';

/** As Gitea: the whole exchange, and no second try. */
const deliveryTimeoutMs = 5_000;

/** Hooks and their deliveries, one after the other, in the order of what happened. */
export function createWebhooks(nameOf: (repositoryId: number) => string) {
  const hooks = new Map<number, GiteaHook>();
  const delivered: Delivered[] = [];
  let queue = Promise.resolve();
  let muted = false;
  let lastHookId = 0;

  function add(hook: Omit<GiteaHook, 'id'>): GiteaHook {
    lastHookId += 1;
    const added = { ...hook, id: lastHookId };
    hooks.set(added.id, added);
    return added;
  }

  /** To all hooks that are meant, or of these to one. */
  function send(repositoryId: number, kind: EventKind, payload: object, only?: number): void {
    if (muted) return;
    const organization = nameOf(repositoryId).split('/')[0]?.toLowerCase();
    // Frozen: what happens until it is sent does not show in it.
    const body = Buffer.from(JSON.stringify(payload, null, 2));
    for (const hook of hooks.values()) {
      const isMeant =
        'repositoryId' in hook.owner
          ? hook.owner.repositoryId === repositoryId
          : hook.owner.organization.toLowerCase() === organization;
      if (only !== undefined && hook.id !== only) continue;
      if (!isMeant || !hook.active || !hook.events.includes(switchOf(kind))) continue;
      queue = queue.then(() => deliver(hook, kind, body));
    }
  }

  async function deliver(hook: GiteaHook, kind: EventKind, json: Buffer): Promise<void> {
    const { headers, body } = signedRequest(json, { event: kind.event, secret: hook.secret });
    const isForm = hook.contentType === 'form';
    const sent = isForm ? new URLSearchParams({ payload: body.toString() }).toString() : body;
    const { status, answer } = await fetch(hook.url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        'x-gitea-event-type': kind.type,
      },
      body: typeof sent === 'string' ? sent : new Uint8Array(sent),
      signal: AbortSignal.timeout(deliveryTimeoutMs),
    }).then(
      async (reply) => ({ status: reply.status, answer: await reply.text() }),
      () => ({ status: undefined, answer: '' }),
    );
    const id = headers['x-gitea-delivery'] ?? '';
    const payload = z.looseObject({}).parse(JSON.parse(json.toString()));
    delivered.push({ ...kind, id, hookId: hook.id, status, answer, payload });
  }

  /** Resolves when every event so far has been delivered, or was not. */
  async function settled(): Promise<void> {
    let seen;
    do {
      seen = queue;
      await seen;
    } while (seen !== queue);
  }

  return {
    hooks,
    delivered,
    add,
    send,
    settled,
    /** Muted, nothing is delivered and nothing kept for later. */
    mute: (on: boolean) => {
      muted = on;
    },
  };
}

/** Three kinds of reviews have one switch. */
function switchOf({ type }: EventKind): string {
  return type.startsWith('pull_request_review_') ? 'pull_request_review' : type;
}

/** Names as the API takes them, where `issues` is the whole family, to the fine ones. */
export function fineEvents(events: readonly string[]): string[] {
  const known = [
    ...issueEvents,
    ...pullEvents,
    'push',
    'create',
    'delete',
    'repository',
    'release',
    statusEvent,
  ];
  const fine = events.flatMap((event) => {
    if (event === 'issues') return issueEvents;
    if (event === 'issues_only') return ['issues'];
    if (event === 'pull_request') return pullEvents;
    if (event === 'pull_request_only') return ['pull_request'];
    return known.includes(event) ? [event] : [];
  });
  return [...new Set(fine)];
}
