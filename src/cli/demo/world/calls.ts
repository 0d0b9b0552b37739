import { z } from 'zod';

import type { RunningService } from '../demo-client.ts';

/** A caller of the API, with its own token. */
export interface ApiCaller {
  readonly service: Pick<RunningService, 'url' | 'signal'>;
  readonly token: string;
}

interface Post {
  readonly body?: unknown;
  /** Of a claim or a verification. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the API answered; a refusal is an answer, too. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
}

export function post(caller: ApiCaller, path: string, more: Post = {}): Promise<Reply> {
  return call(caller, path, { method: 'POST', ...more });
}

export function get(caller: ApiCaller, path: string): Promise<Reply> {
  return call(caller, path, { method: 'GET' });
}

async function call(
  { service: { url, signal }, token }: ApiCaller,
  path: string,
  { method, body, headers }: Post & { readonly method: string },
): Promise<Reply> {
  const reply = await fetch(`${url}/api/v1${path}`, {
    ...{ method, signal },
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, json: await reply.json() };
}

const issueList = z.object({
  items: z.array(z.object({ ref: z.string(), reason: z.object({ code: z.string() }) })),
});

/** The first 50 issues in a state, in the order of their names. */
export async function issuesIn(caller: ApiCaller, state: string) {
  const { json } = await get(caller, `/issues?state=${state}&limit=50`);
  const { items } = issueList.parse(json);
  const byName = new Intl.Collator('en', { numeric: true });
  return items.sort((a, b) => byName.compare(a.ref, b.ref));
}
