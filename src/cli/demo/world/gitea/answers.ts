import { findRepository } from './state.ts';
import type { GiteaState, Issue, Pull, Repository } from './state.ts';

/** A call of the bot, below `/api/v1`. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Rows of a list on all its pages. */
  readonly total?: number;
}

export interface Asked extends Call {
  readonly state: GiteaState;
}
export type Handler = (asked: Asked, ...parts: readonly string[]) => Answer;
type HandlerOf<T> = (asked: Asked, found: { readonly repository: Repository } & T) => Answer;

export const missing: Answer = { status: 404, body: { message: 'not found' } };
export const ok = (body: unknown): Answer => ({ status: 200, body });
export const made = (body: unknown): Answer => ({ status: 201, body });
/** Rows a page, as Gitea has them. */
const maxRows = 50;

/** One page of a list. */
export function page({ query }: Asked, rows: readonly unknown[]): Answer {
  const size = Math.min(Number(query.get('limit') ?? maxRows), maxRows);
  const from = (Number(query.get('page') ?? 1) - 1) * size;
  return { ...ok(rows.slice(from, from + size)), total: rows.length };
}

export const inRepository =
  (handle: HandlerOf<{ readonly rest: readonly string[] }>): Handler =>
  (asked, name = '', ...rest) => {
    const repository = findRepository(asked.state, name);
    return repository === undefined ? missing : handle(asked, { repository, rest });
  };

export const onIssue = (
  handle: HandlerOf<{ readonly issue: Issue; readonly rest: readonly string[] }>,
) =>
  inRepository((asked, { repository, rest: [number, ...rest] }) => {
    const issue = repository.issues.get(Number(number));
    return issue === undefined ? missing : handle(asked, { repository, issue, rest });
  });

export const onPull = (
  handle: HandlerOf<{ readonly pull: Pull; readonly rest: readonly string[] }>,
) =>
  inRepository((asked, { repository, rest: [number, ...rest] }) => {
    const pull = repository.pulls.get(Number(number));
    return pull === undefined ? missing : handle(asked, { repository, pull, rest });
  });

export interface InRepository {
  readonly repository: Repository;
  readonly rest: readonly string[];
}
export interface OnIssue extends InRepository {
  readonly issue: Issue;
}
export interface OnPull extends InRepository {
  readonly pull: Pull;
}

/** Method, pattern of the path, and who answers. */
export type Route = readonly [method: string, path: string, handle: Handler];

export const repo = '/repos/([^/]+/[^/]+)';
