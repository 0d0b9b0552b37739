import type { z } from 'zod';

import { tokenRefused, unavailable, unexpected, type GiteaAnswer } from './transport.ts';

interface Ok<T> {
  readonly kind: 'ok';
  readonly value: T;
}

interface Missing {
  readonly kind: 'missing';
}

interface Moved {
  readonly kind: 'moved';
  readonly to: string | undefined;
}

interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly message: string;
}

/** `missing`: 404, which Gitea also answers for what the token may not see. */
export type GiteaFound<T> = Ok<T> | Missing;

/** `moved`: the repository goes by another name now, `to` if the answer tells it. */
export type GiteaReply<T> = GiteaFound<T> | Moved;

/** `refused`: not allowed or not valid, which waiting does not change; `message` is Gitea's, one line. */
export type GiteaWriteReply<T> = GiteaFound<T> | Refused;

/** `undecided`: a 500 that was asked for and may stand for "there is no such issue". */
export type Outcome<T> = GiteaFound<T> | Moved | Refused | { readonly kind: 'undecided' };

const refusals: readonly number[] = [403, 412, 413, 422, 423];

/** How the answer to a GET is read; throws for what no Gitea would answer, and for a refused token. */
export function readsValue<T>(schema: z.ZodType<T>): (answer: GiteaAnswer) => Outcome<T> {
  return (answer) => {
    if (answer.status === 200) return parseValue(schema, answer);
    if (answer.status === 403) throw tokenRefused(answer.status, answer.message);
    return readOther(answer);
  };
}

/** How the answer to a write is read: `done` is the one status that says it was done. */
export function readsWrite<T>(
  done: number,
  schema: z.ZodType<T>,
): (answer: GiteaAnswer) => Outcome<T> {
  return (answer) => {
    const { status, message } = answer;
    if (status === done) return parseValue(schema, answer);
    if (!refusals.includes(status)) return readOther(answer);
    return { kind: 'refused', status, message: message || 'Gitea gave no reason' };
  };
}

function readOther(answer: GiteaAnswer): Exclude<Outcome<never>, Ok<never>> {
  const { status } = answer;
  if (status === 404) {
    // Pages of proxies are 404, too; believed, they would take issues out of the store.
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

/** Only the name is taken from where the answer points; the rest of the URL stays ours. */
function moved({ location = '' }: GiteaAnswer): Moved {
  const name = /\/api\/v1\/repos\/([\w.-]+\/[\w.-]+)(?:[/?]|$)/.exec(location)?.[1];
  if (name === undefined) throw unexpected('redirects elsewhere');
  return { kind: 'moved', to: name };
}
