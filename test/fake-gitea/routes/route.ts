import type { z } from 'zod';

import type { World } from '../world/state.ts';
import { GiteaRefusal } from '../world/types.ts';

export interface Token {
  readonly login: string;
  readonly scopes: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: no body. */
  readonly body?: unknown;
}

export interface Call {
  readonly method: string;
  /** Below the API's root, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly token: Token;
}

/** A call beside what it is answered from. */
export interface Asked extends Call {
  readonly world: World;
  /** Maximum number of rows on a page. */
  readonly maxRows: number;
}

type AnswerRoute = (asked: Asked, parts: readonly string[]) => Answer;

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Categories, all of which the token needs. */
  readonly scope: string | undefined;
  readonly answer: AnswerRoute;
}

export const repositoryPath = '/repos/([^/]+/[^/]+)';
export const issuePath = `${repositoryPath}/issues/(\\d+)`;

/** `parts` of the answer are the groups of `path`. */
export function on(
  method: string,
  path: string,
  scope: string | undefined,
  answer: AnswerRoute,
): Route {
  return { method, path: new RegExp(`^${path}$`), scope, answer };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function refused(status: number, message: string): Answer {
  if (status === 403 && message === '') return { status };
  return { status, body: { message, url: 'http://127.0.0.1:3000/api/swagger' } };
}

export const notFound: Answer = {
  status: 404,
  body: { errors: null, message: 'not found', url: 'http://127.0.0.1:3000/api/swagger' },
};

/** One page of a list. `counted` lists say in a header how many rows there are. */
export function page(
  { query, maxRows }: Asked,
  rows: readonly unknown[],
  { counted }: { readonly counted: boolean },
): Answer {
  const limit = Math.min(Number(query.get('limit') ?? 30), maxRows);
  const start = (Math.max(1, Number(query.get('page') ?? 1)) - 1) * limit;
  const headers = counted ? { 'x-total-count': String(rows.length) } : {};
  return { ...ok(rows.slice(start, start + limit)), headers };
}

export function parse<T>(schema: z.ZodType<T>, body: unknown, problem: string): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw new GiteaRefusal(422, problem);
}
