import { z } from 'zod';

import type { Lookups } from './lookups.ts';
import { pageLimit } from './pages.ts';
import { repositorySchema, userSchema, type GiteaRepository, type GiteaUser } from './schemas.ts';
import { tokenRefused, type GiteaAnswer, type Transport } from './transport.ts';

/** Paths that need one scope each which the coordinator does not use. */
const scopeProbes = ['notifications/new', 'user/orgs', 'admin/cron'];

/** Calls that need one scope each which the coordinator uses. They name nothing that can exist, so they change nothing. */
const neededProbes = [
  { scope: 'write:issue', call: { method: 'PATCH', path: 'repos/-/-/issues/0', body: {} } },
  { scope: 'read:repository', call: { method: 'GET', path: 'repos/-/-' } },
  { scope: 'read:user', call: { method: 'GET', path: 'user' } },
] as const;

/** Calls about the server, the token, its user and that user's repositories. */
export function createAccountCalls({ exchange }: Transport, { getRequired }: Lookups) {
  /** The user of the token. */
  function getUser(signal: AbortSignal): Promise<GiteaUser> {
    return getRequired('user', userSchema, signal);
  }

  async function getVersion(signal: AbortSignal): Promise<string> {
    return (await getRequired('version', z.object({ version: z.string() }), signal)).version;
  }

  /** One page of the repositories that the token's user owns or works in; `count` 0 means the end. */
  async function listRepositories(page: number, signal: AbortSignal) {
    const path = `user/repos?page=${page}&limit=${pageLimit}`;
    const schema: z.ZodType<readonly GiteaRepository[]> = z.array(repositorySchema);
    const repositories = await getRequired(path, schema, signal);
    return { repositories, count: repositories.length };
  }

  /**
   * Scopes of the token, read from the message of a refusal; `all` for a token that is refused nothing.
   * Undefined when no answer shows them.
   */
  async function getTokenScopes(signal: AbortSignal): Promise<string[] | undefined> {
    for (const path of scopeProbes) {
      const scopes = await exchange({ method: 'GET', path }, readScopes, signal);
      if (scopes !== 'granted') return scopes;
    }
    return ['all'];
  }

  /** Which of the scopes that the coordinator needs are refused, found by trying. */
  async function findRefusedScopes(signal: AbortSignal): Promise<string[]> {
    const refused: string[] = [];
    for (const { scope, call } of neededProbes)
      if (await exchange(call, isScopeRefused, signal)) refused.push(scope);
    return refused;
  }

  return { getUser, getVersion, listRepositories, getTokenScopes, findRefusedScopes };
}

/** Gitea checks scopes before anything else: every answer but that refusal means the scope is granted. */
function readScopes({ status, message }: GiteaAnswer): string[] | 'granted' | undefined {
  const list = /token scope=([\w:,-]*)/.exec(message)?.[1];
  if (list !== undefined) return list.split(',').filter((scope) => scope !== '');
  if (status === 200 || /site admin/i.test(message)) return 'granted';
  // Forgejo names the scope that it wants, and not those of the token.
  if (isScopeRefused({ status, message })) return undefined;
  if (status === 403) throw tokenRefused(status, message);
  return undefined;
}

function isScopeRefused({ status, message }: Pick<GiteaAnswer, 'status' | 'message'>): boolean {
  return status === 403 && /required scope/i.test(message);
}
