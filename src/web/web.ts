import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { h, type JSX } from 'preact';

import { callerOfRequest } from '../api/auth.ts';
import type { Caller } from '../api/roles.ts';
import type { ApiDeps } from '../api/route.ts';
import type { Thresholds } from '../claims/context-monitor.ts';
import type { Check } from '../http/health.ts';
import { leaveNotice } from './done.ts';
import type { Changes } from './live/changes.ts';
import { renderPage } from './page.ts';
import type { GiteaApplication, Members, SignInOnce } from './session/members.ts';
import type { Sessions } from './session/sessions.ts';
import { Trouble } from './trouble.ts';

/** The server, with the session of every request looked up; where each page registers itself. */
export type Web = FastifyInstance;

/** What the pages show and do: the same as the API, through the same functions. */
export interface WebDeps extends Omit<ApiDeps, 'callerOf'> {
  readonly sessions: Sessions;
  /** A link that signs in once; undefined but in the demo. */
  readonly signInOnce: SignInOnce | undefined;
  readonly members: Members;
  /** The application of Gitea; undefined: nobody signs in by Gitea. */
  readonly gitea: GiteaApplication | undefined;
  /** Something that pages show has changed. */
  readonly changes: Changes;
  /** Every check of `/health`, by name. */
  readonly health: () => Promise<Readonly<Record<string, Check>>>;
  readonly version: string;
  /** The description of the API, as OpenAPI. */
  readonly description: () => unknown;
  readonly startedAt: number;
  /** Shares of the context window at which an agent compacts and rotates. */
  readonly thresholds: Thresholds;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Number of checks that fail, for the menu; set behind the session. */
    troubles?: () => number;
    /** What an action just did; set behind the session. */
    notice?: string | undefined;
  }
}

/** A question about one page: who asks, and how. */
export interface Visit {
  readonly caller: Caller;
  /** Address within the service, with its query. */
  readonly url: string;
  /** What an action just did. */
  readonly notice: string | undefined;
}

/** Who visits, for a route behind the session. */
export function visitOf(request: FastifyRequest): Visit {
  return { caller: callerOfRequest(request), url: request.url, notice: request.notice };
}

/** Sends a page. */
export async function sendPage(
  reply: FastifyReply,
  page: JSX.Element,
  status = 200,
): Promise<FastifyReply> {
  const html = await renderPageOf(reply, page);
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}

/** HTML of a page for one who asks: its menu says what is wrong now. */
export function renderPageOf({ request }: FastifyReply, page: JSX.Element): Promise<string> {
  const value = request.troubles?.() ?? 0;
  return renderPage(h(Trouble.Provider, { value }, page));
}

/** There is no such page, or not for this visitor; the answer is 404. */
export class NoSuchPage extends Error {
  readonly statusCode = 404;
}

/** After an action: leads to a page of this service, which says once what was done. */
export function goOn(reply: FastifyReply, path: string, done: string): FastifyReply {
  const url = new URL(path, 'http://here');
  url.searchParams.set('done', done);
  leaveNotice(reply, done);
  return reply.redirect(`${url.pathname}${url.search}`, 303);
}
