import { z } from 'zod';

import type { Calls, GiteaOrganization, GiteaRepositoryName } from './calls.ts';
import { readPages } from './pages.ts';
import type { GiteaFound, GiteaWriteReply } from './replies.ts';
import { hookSchema, type GiteaHook } from './schemas.ts';

/** Whose hooks. */
export type HookOwner = GiteaRepositoryName | GiteaOrganization;

/** What a hook is to be. */
export interface HookChange {
  readonly active: boolean;
  /** As the API takes them, where `issues` is the whole family and `issues_only` the narrow set. */
  readonly events: readonly string[];
  readonly url: string;
  readonly contentType: string;
  readonly branchFilter?: string | undefined;
  readonly authorizationHeader?: string | undefined;
}

export interface NewHook extends HookChange {
  readonly type: string;
  readonly secret: string;
}

const mostPages = 10;

/** The calls about webhooks; they need a token of somebody who administers the repository or organisation. */
export function createHookCalls({ read, write }: Calls) {
  async function listHooks(
    owner: HookOwner,
    signal: AbortSignal,
  ): Promise<GiteaFound<GiteaHook[]>> {
    const schema = z.array(hookSchema);
    return readPages(mostPages, (query) =>
      read(owner, { below: `/hooks?${query}`, schema }, signal),
    );
  }

  function createHook(
    owner: HookOwner,
    hook: NewHook,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<GiteaHook>> {
    const { type, secret, ...change } = hook;
    const { config, ...rest } = bodyOf(change);
    const body = { type, ...rest, config: { ...config, secret } };
    const call = { method: 'POST', below: '/hooks', body } as const;
    return write(owner, { ...call, done: 201, schema: hookSchema }, signal);
  }

  /** The secret stays: Gitea cannot change it. An authorization header or branch filter that is not named is taken away. */
  function editHook(
    owner: HookOwner,
    id: number,
    hook: HookChange,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<GiteaHook>> {
    const call = { method: 'PATCH', below: `/hooks/${id}`, body: bodyOf(hook) } as const;
    return write(owner, { ...call, done: 200, schema: hookSchema }, signal);
  }

  /** What waits to be delivered to it is dropped. */
  function deleteHook(
    owner: HookOwner,
    id: number,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<undefined>> {
    const call = { method: 'DELETE', below: `/hooks/${id}` } as const;
    return write(owner, { ...call, done: 204, schema: z.undefined() }, signal);
  }

  /** Asks for a test delivery, a push event; organisations have no such call. */
  async function testHook(
    owner: HookOwner,
    id: number,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<undefined>> {
    if ('organization' in owner) return { kind: 'missing' };
    const call = { method: 'POST', below: `/hooks/${id}/tests` } as const;
    return write(owner, { ...call, done: 204, schema: z.undefined() }, signal);
  }

  return { listHooks, createHook, editHook, deleteHook, testHook };
}

/** Events are always named: a PATCH without them leaves a hook with pushes only. */
function bodyOf({ active, events, url, contentType, ...more }: HookChange) {
  const { branchFilter: branch_filter, authorizationHeader: authorization_header } = more;
  const config = { url, content_type: contentType };
  return { active, events, config, branch_filter, authorization_header };
}
