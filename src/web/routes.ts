import formbody from '@fastify/formbody';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { h } from 'preact';
import { z } from 'zod';

import { forbidden, rolesOf } from '../api/roles.ts';
import { CoordinatorError, StoreUnavailable, TryAgainLater } from '../errors.ts';
import { createRecent } from '../lib/recent.ts';
import { registerAssets } from './assets.ts';
import { takeNotice } from './done.ts';
import { registerEvents } from './live/events.ts';
import { Fault, securityHeaders } from './fault.ts';
import { Page } from './page.ts';
import { registerAgentPage } from './pages/agents/agents.ts';
import { registerApiDocs } from './pages/api-docs/api-docs.ts';
import { registerDeliveryPages } from './pages/deliveries/deliveries.ts';
import { registerGraph } from './pages/graph/graph.ts';
import { registerIssue } from './pages/issue/issue.ts';
import { registerIssueList } from './pages/issues/issues.ts';
import { registerOverview } from './pages/overview/overview.ts';
import { registerPauses } from './pages/pauses.ts';
import { registerStatus } from './pages/status.ts';
import { registerVerification } from './pages/verification/verification.ts';
import { readSessionCookie } from './session/cookie.ts';
import { registerGiteaSignIn } from './session/gitea-sign-in.ts';
import { isSameOrigin, pageBefore, safePath } from './session/same-origin.ts';
import { registerSignIn } from './session/sign-in.ts';
import { countTroubles } from './trouble.ts';
import { registerSignInOnce } from './session/sign-in-once.ts';
import { sendPage, type WebDeps } from './web.ts';

/** A check that is younger serves as it is, an older one for as long while it is made anew. */
const healthAge = { freshMs: 5_000, staleMs: 30_000 };
/** Largest form. */
const formLimit = 16 * 1024;

/** The pages for people: one file registers one page. All but signing in need a session. */
export function registerWeb(app: FastifyInstance, given: WebDeps): void {
  // The check of the store writes: many pages that are kept up to date share one.
  const health = createRecent({ work: given.health, ...healthAge });
  const deps = { ...given, health: health.ask };
  app.register(async (scope) => {
    scope.decorateRequest('caller', undefined);
    scope.addHook('onRequest', (_request, reply, done) => {
      reply.headers(securityHeaders);
      done();
    });
    scope.setErrorHandler(async (error, request, reply) => {
      const status = statusOf(error);
      if (status >= 500)
        deps.log.error({ err: error, route: request.routeOptions.url }, 'page failed');
      const sentence =
        error instanceof CoordinatorError && status === 409 ? error.message : undefined;
      return sendPage(reply, h(Fault, { status, sentence, caller: request.caller }), status);
    });
    await scope.register(formbody, { bodyLimit: formLimit });
    await scope.register(rateLimit, { global: false });
    registerAssets(scope);
    registerSignIn(scope, deps);
    if (deps.gitea !== undefined) registerGiteaSignIn(scope, deps, deps.gitea);
    if (deps.signInOnce !== undefined) registerSignInOnce(scope, deps, deps.signInOnce);
    await scope.register((pages, _options, done) => {
      pages.addHook('onRoute', ({ method, url }) => {
        for (const verb of [method].flat()) rolesOf(verb, url);
      });
      pages.addHook('onRequest', (request, reply) => admit(request, reply, deps));
      // Pages do not wait for the checks that the menu counts.
      const troubles = () => countTroubles(health.latest());
      pages.decorateRequest('troubles', undefined);
      pages.addHook('onRequest', (request, _reply, next) => {
        request.troubles = troubles;
        next();
      });
      pages.decorateRequest('notice', undefined);
      pages.addHook('onRequest', (request, reply, next) => {
        if (isRead(request)) request.notice = takeNotice(request, reply);
        next();
      });
      // Who has acted is shown what came of it, and not what was rendered just before.
      pages.addHook('onSend', (request, _reply, payload, next) => {
        if (request.caller !== undefined && !isRead(request)) {
          deps.changes.outdate();
          health.forget();
        }
        next(null, payload);
      });
      registerEvents(pages, deps);
      registerOverview(pages, deps);
      registerApiDocs(pages, deps);
      registerIssueList(pages, deps);
      registerPauses(pages, deps);
      registerIssue(pages, deps);
      registerVerification(pages, deps);
      registerGraph(pages, deps);
      registerAgentPage(pages, deps);
      registerDeliveryPages(pages, deps);
      registerStatus(pages, deps);
      done();
    });
  });
}

/** Lets a request pass whose session has the role that the route needs. */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  { isOff, sessions, canStore }: WebDeps,
): Promise<FastifyReply | undefined> {
  if (isOff) return sendPage(reply, h(PagesOff, {}), 403);
  const isReading = isRead(request);
  if (!isReading && !isSameOrigin(request)) return sendPage(reply, h(Fault, { status: 403 }), 403);
  const cookie = readSessionCookie(request);
  const caller = await sessions.find(cookie);
  if (caller === undefined) {
    if (request.routeOptions.url === '/events') return reply.code(401).send();
    // A browser sends the cookie only to where its own page leads: one step more from another site.
    const site = request.headers['sec-fetch-site'];
    if (isReading && cookie === undefined && (site === 'cross-site' || site === 'same-site'))
      return sendPage(reply, h(Page, { title: 'One moment', goTo: safePath(request.url) }));
    const back = isReading ? { to: request.url } : { to: pageBefore(request), lost: 'yes' };
    return reply.redirect(`/sign-in?${new URLSearchParams(back)}`, 303);
  }
  request.caller = caller;
  const needed = rolesOf(request.method, request.routeOptions.url ?? '');
  if (!needed.includes(caller.role))
    return sendPage(
      reply,
      h(Fault, { status: 403, caller, sentence: forbidden(caller, needed) }),
      403,
    );
  if (!isReading && !(await canStore())) throw new StoreUnavailable('The store cannot be written');
  return undefined;
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function PagesOff() {
  const sentence = ' and start the service again: who has a token can sign in with it.';
  const text = h('p', null, 'Set ', h('code', null, 'API_TOKENS'), sentence);
  return h(Page, { title: 'The pages are off' }, text);
}

function statusOf(error: unknown): number {
  if (error instanceof StoreUnavailable || error instanceof TryAgainLater) return 503;
  if (error instanceof CoordinatorError && error.code === 'bytes_not_kept') return 409;
  if (error instanceof z.ZodError) return 400;
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
