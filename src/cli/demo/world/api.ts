import { z } from 'zod';

import type { RunningService } from '../demo-client.ts';

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

/** The API of the service, as somebody with a token uses it. */
export interface Api {
  readonly get: (path: string) => Promise<Reply>;
  readonly post: (path: string, more?: Post) => Promise<Reply>;
}

/** Who calls the API: where, and with which token. */
export function createApi({ url, signal, token }: RunningService): Api {
  async function call(path: string, { body, headers, ...more }: Post & { method: string }) {
    const reply = await fetch(`${url}/api/v1${path}`, {
      ...{ ...more, signal },
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json: unknown = await reply.json();
    return { status: reply.status, json };
  }

  return {
    get: (path) => call(path, { method: 'GET' }),
    post: (path, more = {}) => call(path, { method: 'POST', ...more }),
  };
}

const issueList = z.object({
  items: z.array(z.object({ ref: z.string(), reason: z.object({ code: z.string() }) })),
});
export type ListedIssue = z.infer<typeof issueList>['items'][number];

/** The first 50 issues in a state, in the order of their names. */
export async function issuesIn(api: Api, state: string): Promise<ListedIssue[]> {
  const { json } = await api.get(`/issues?state=${state}&limit=50`);
  const { items } = issueList.parse(json);
  const byName = new Intl.Collator('en', { numeric: true });
  return items.sort((a, b) => byName.compare(a.ref, b.ref));
}
