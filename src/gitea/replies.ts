import type { z } from 'zod';

import { tokenRefused, unavailable, unexpected, type GiteaAnswer } from './transport.ts';

type Ok<T> = Readonly<{ kind: 'ok'; value: T }>;
type Moved = Readonly<{ kind: 'moved'; to: string | undefined }>;
type Refused = Readonly<{ kind: 'refused'; status: number; message: string }>;

/** `missing`: 404, which is also Gitea's answer for things that the token may not see. */
export type ReadResult<T> = Ok<T> | { readonly kind: 'missing' };

/** `moved`: a redirect, because the repository was renamed; `to` is its new name if the answer has it. */
export type LookupResult<T> = ReadResult<T> | Moved;

/** `refused`: not allowed or not valid, so that a retry is no use; `message` is Gitea's, in one line. */
export type WriteResult<T> = ReadResult<T> | Refused;

/** `undecided`: a 500 where the call accepts one, which may mean "there is no such issue". */
export type CallResult<T> = ReadResult<T> | Moved | Refused | { readonly kind: 'undecided' };

const refusals: readonly number[] = [403, 409, 412, 413, 422, 423];

/** Reads the answer to a GET; throws for an answer that no Gitea would send, and for a refused token. */
export function readsValue<T>(schema: z.ZodType<T>): (answer: GiteaAnswer) => CallResult<T> {
  return (answer) => {
    if (answer.status === 200) return parseValue(schema, answer);
    if (answer.status === 403) throw tokenRefused(answer.status, answer.message);
    return readOther(answer);
  };
}

/** Reads the answer to a write; `success` is the one status that means success. */
export function readsWrite<T>(
  success: number,
  schema: z.ZodType<T>,
): (answer: GiteaAnswer) => CallResult<T> {
  return (answer) => {
    const { status, message } = answer;
    if (status === success) return parseValue(schema, answer);
    if (!refusals.includes(status)) return readOther(answer);
    return { kind: 'refused', status, message: message || 'Gitea gave no reason' };
  };
}

function readOther(answer: GiteaAnswer): Exclude<CallResult<never>, Ok<never>> {
  const { status } = answer;
  if (status === 404) {
    // A proxy's page can be a 404, too; taken for Gitea's, it would delete issues from the store.
    if (typeof answer.json !== 'object' || answer.json === null)
      throw unexpected('does not know a path of its API');
    return { kind: 'missing' };
  }
  if (status >= 300 && status < 400) return moved(answer);
  if (status === 500) return { kind: 'undecided' };
  if (status > 500) throw unavailable(status);
  throw unexpected(`answered with status ${status}`);
}

function parseValue<T>(schema: z.ZodType<T>, { json }: GiteaAnswer): Ok<T> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw unexpected('sent an answer that is not one of its API');
  return { kind: 'ok', value: parsed.data };
}

/** Takes only the name from the redirect; the rest of the URL stays ours. */
function moved({ location = '' }: GiteaAnswer): Moved {
  const name = /\/api\/v1\/repos\/([\w.-]+\/[\w.-]+)(?:[/?]|$)/.exec(location)?.[1];
  if (name === undefined) throw unexpected('redirects elsewhere');
  return { kind: 'moved', to: name };
}
