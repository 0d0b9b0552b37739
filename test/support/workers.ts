import { z } from 'zod';

import { issuePayload, signedRequest, type PayloadChanges } from './recordings.ts';
import type { startService } from './service.ts';

/** Callers of the API, as API_TOKENS names them. */
export const workerNames: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => `worker-${index + 1}`,
);

export function tokenOf(worker: string): string {
  return `token-of-${worker}-0000`;
}

/** For the environment: every worker may call. */
export const workerTokens = workerNames.map((name) => `${name}:${tokenOf(name)}`).join(',');

const handoffSchema = z.looseObject({ author: z.string(), worker: z.string() });
export const claimAnswerSchema = z.object({
  claim: z
    .looseObject({
      claimId: z.string(),
      token: z.string(),
      leaseExpiresAt: z.string(),
      issue: z.string(),
      agent: z.string(),
      plan: z.looseObject({ state: z.string(), reason: z.looseObject({ code: z.string() }) }),
      handoff: handoffSchema.optional(),
    })
    .nullable(),
  waiting: z.record(z.string(), z.number()).optional(),
});
export type ClaimAnswer = z.infer<typeof claimAnswerSchema>;
export type HeldClaim = NonNullable<ClaimAnswer['claim']>;

type Target = Pick<Awaited<ReturnType<typeof startService>>, 'url'>;

export interface Post {
  readonly worker: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One POST of a worker over HTTP. */
export async function post({ url }: Target, { worker, path, body, headers, signal }: Post) {
  const reply = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokenOf(worker)}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const json: unknown = await reply.json();
  return { status: reply.status, json };
}

/** Asks for work. */
export async function claim(
  service: Target,
  worker: string,
  more: Omit<Post, 'worker' | 'path'> & { readonly query?: string } = {},
) {
  const { status, json } = await post(service, {
    ...more,
    worker,
    path: `/claims${more.query ?? ''}`,
  });
  const answer = claimAnswerSchema.safeParse(json);
  if (!answer.success)
    throw new Error(`not an answer to a claim: ${status} ${JSON.stringify(json)}`);
  return { status, ...answer.data };
}

/** A call on a claim: heartbeat, release, block, complete. */
export function call(
  service: Target,
  worker: string,
  {
    held,
    what,
    body,
    headers,
  }: {
    readonly held: Pick<HeldClaim, 'claimId' | 'token'>;
    readonly what: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  },
) {
  const path = `/claims/${held.claimId}/${what}`;
  return post(service, {
    worker,
    path,
    body,
    headers: { ...headers, 'x-claim-token': held.token },
  });
}

/** An event about an issue of `acme/orbit`, by default one assigned to the bot that is ready. */
export function issueEvent(number: number, at: number, more: PayloadChanges = {}) {
  return signedRequest(
    issuePayload({
      number,
      title: `Issue ${number}`,
      body: 'Total estimated: 20k',
      open: true,
      labels: [],
      assignees: ['coordinator-bot'],
      repositoryId: 2,
      repository: 'acme/orbit',
      updatedAt: new Date(at).toISOString(),
      ...more,
    }),
  );
}
