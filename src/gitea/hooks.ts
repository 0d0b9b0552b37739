import { z } from 'zod';

import type { HookOwner } from './address.ts';
import type { Calls } from './calls.ts';
import { readPages } from './pages.ts';
import { hookSchema, type GiteaHook } from './schemas.ts';

/** The settings of a hook that can be changed. */
export interface HookChange {
  readonly active: boolean;
  /** In the API's words: `issues` is the whole family, `issues_only` the narrow set. */
  readonly events: readonly string[];
  readonly url: string;
  readonly contentType: string;
  readonly branchFilter?: string | undefined;
  readonly authorizationHeader?: string | undefined;
}

const maxPages = 10;

/** Calls about webhooks; the token's user must administer the repository or organisation. */
export function createHookCalls({ read, write }: Calls) {
  async function listHooks(owner: HookOwner, signal: AbortSignal) {
    const schema: z.ZodType<GiteaHook[]> = z.array(hookSchema);
    return readPages(maxPages, (query) => read(owner, { path: `/hooks?${query}`, schema }, signal));
  }

  function createHook(
    owner: HookOwner,
    { type, secret, ...change }: HookChange & { readonly type: string; readonly secret: string },
    signal: AbortSignal,
  ) {
    const { config, ...rest } = bodyOf(change);
    const body = { type, ...rest, config: { ...config, secret } };
    const call = { method: 'POST', path: '/hooks', body } as const;
    return write<GiteaHook>(owner, { ...call, success: 201, schema: hookSchema }, signal);
  }

  /** Keeps the secret, which Gitea cannot change. Removes an authorization header or branch filter that is not given. */
  function editHook(owner: HookOwner, id: number, hook: HookChange, signal: AbortSignal) {
    const call = { method: 'PATCH', path: `/hooks/${id}`, body: bodyOf(hook) } as const;
    return write<GiteaHook>(owner, { ...call, success: 200, schema: hookSchema }, signal);
  }

  /** Gitea drops deliveries that are still waiting. */
  function deleteHook(owner: HookOwner, id: number, signal: AbortSignal) {
    const call = { method: 'DELETE', path: `/hooks/${id}` } as const;
    return write(owner, { ...call, success: 204, schema: z.undefined() }, signal);
  }

  /** Requests a test delivery, a push event; organisations have no such call. */
  async function testHook(owner: HookOwner, id: number, signal: AbortSignal) {
    if ('organization' in owner) return { kind: 'missing' } as const;
    const call = { method: 'POST', path: `/hooks/${id}/tests` } as const;
    return write(owner, { ...call, success: 204, schema: z.undefined() }, signal);
  }

  return { listHooks, createHook, editHook, deleteHook, testHook };
}

/** Always names the events: a PATCH without them leaves a hook with pushes only. */
function bodyOf({ active, events, url, contentType, ...more }: HookChange) {
  const { branchFilter: branch_filter, authorizationHeader: authorization_header } = more;
  const config = { url, content_type: contentType };
  return { active, events, config, branch_filter, authorization_header };
}
