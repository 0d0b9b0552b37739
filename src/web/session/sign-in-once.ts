import { createHash, timingSafeEqual } from 'node:crypto';

import { h } from 'preact';
import { z } from 'zod';

import { Page } from '../page.ts';
import { sendPage, type Web, type WebDeps } from '../web.ts';
import { readSessionCookie, setSessionCookie } from './cookie.ts';
import type { SignInOnce } from './members.ts';

/** Attempts from one address. */
const attempts = { max: 10, timeWindow: 60_000 };
const query = z.object({ code: z.string().max(200) });

/** `GET /sign-in/once?code=…`: a session for the one visitor of the demo. The code works once, and not for long. */
export function registerSignInOnce(web: Web, deps: WebDeps, link: SignInOnce): void {
  const { sessions, members, onFailedLogin, log } = deps;
  const openedAt = performance.now();
  let isUsed = false;
  web.get('/sign-in/once', { config: { rateLimit: attempts } }, async (request, reply) => {
    const { data } = query.safeParse(request.query);
    const member = members.byTokenName(link.caller);
    const isOver = isUsed || performance.now() - openedAt > link.lifeMs;
    if (isOver || member === undefined || !isSame(data?.code ?? '', link.code)) {
      onFailedLogin();
      return sendPage(reply, h(LinkRefused, {}), 403);
    }
    // Before anything is awaited: of two that come at once, one is let in.
    isUsed = true;
    await sessions.end(readSessionCookie(request));
    setSessionCookie(request, reply, await sessions.begin(member));
    log.info({ caller: member.caller.name }, 'signed in by the link of the demo');
    return reply.redirect('/', 303);
  });
}

/** In constant time, whatever the length. */
function isSame(given: string, code: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(code));
}

function LinkRefused() {
  return h(
    Page,
    { title: 'This link signs nobody in' },
    h(
      'p',
      null,
      'It was used, it is too old, or it is not complete. The demo prints a new one when it is started again.',
    ),
    h(
      'p',
      null,
      h('a', { href: '/sign-in' }, 'Sign in with a token'),
      ', which the demo prints as well.',
    ),
  );
}
