import { h } from 'preact';
import { z } from 'zod';

import { Page } from '../page.ts';
import { sendPage, type Web, type WebDeps } from '../web.ts';
import { readSessionCookie, setSessionCookie } from './cookie.ts';
import { isSameOrigin, wayBack } from './same-origin.ts';

/** Attempts from one address. */
const attempts = { max: 10, timeWindow: 60_000 };

const signInQuery = z.object({ to: wayBack, lost: z.literal('yes').optional().catch(undefined) });
const signInBody = z.object({
  token: z.string().max(1_000),
  to: wayBack,
});

/** Signing in with a token of the API, and signing out. */
export function registerSignIn(
  web: Web,
  { sessions, members, gitea, isOff, onFailedLogin, log }: WebDeps,
): void {
  const shown = { isOff, byGitea: gitea !== undefined };
  web.get('/sign-in', async (request, reply) => {
    const { to, lost } = signInQuery.parse(request.query);
    return sendPage(reply, h(SignIn, { ...shown, to, ...(lost && { fault: lostAction }) }));
  });
  web.post('/sign-in', { config: { rateLimit: attempts } }, async (request, reply) => {
    const { data } = signInBody.safeParse(request.body);
    const to = data?.to ?? '/';
    if (!isSameOrigin(request))
      return sendPage(reply, h(SignIn, { ...shown, to, fault: crossSite }), 403);
    const member = members.byToken(data?.token.trim() ?? '');
    if (member === undefined) {
      onFailedLogin();
      return sendPage(reply, h(SignIn, { ...shown, to, fault: wrongToken }), 401);
    }
    // Whatever session the browser had before ends.
    await sessions.end(readSessionCookie(request));
    setSessionCookie(request, reply, await sessions.begin(member));
    log.info({ caller: member.caller.name }, 'signed in');
    return reply.redirect(to, 303);
  });
  web.post('/sign-out', async (request, reply) => {
    if (!isSameOrigin(request))
      return sendPage(reply, h(SignIn, { ...shown, to: '/', fault: crossSite }), 403);
    await sessions.end(readSessionCookie(request));
    setSessionCookie(request, reply, '');
    return reply.redirect('/sign-in', 303);
  });
}

const wrongToken = 'That is none of the tokens in API_TOKENS.';
const lostAction = 'Your session was over, so nothing was done. Sign in, and try once more.';
const crossSite = 'This was not sent by a page of this service. Try once more from here.';

interface SignInProps {
  readonly to: string;
  readonly isOff: boolean;
  /** Whether an account of Gitea will do as well. */
  readonly byGitea: boolean;
  readonly fault?: string;
}

function SignIn({ to, isOff, byGitea, fault }: SignInProps) {
  const code = h('code', null, 'API_TOKENS');
  if (isOff) {
    const off = h('p', null, 'The pages are off: set ', code, ' and start the service again.');
    return h(Page, { title: 'Sign in' }, off);
  }
  return h(
    Page,
    { title: 'Sign in' },
    byGitea
      ? h(
          'p',
          null,
          h('a', { href: `/sign-in/gitea?to=${encodeURIComponent(to)}` }, 'Sign in with Gitea'),
          ', or with a token:',
        )
      : null,
    h(
      'form',
      { class: 'sign-in', method: 'post', action: '/sign-in' },
      fault === undefined ? null : h('p', { class: 'fault', role: 'alert' }, fault),
      h('label', { for: 'token' }, 'Token'),
      h('input', {
        ...{ id: 'token', name: 'token', type: 'password', required: true, autofocus: true },
        ...{ autocomplete: 'current-password', 'aria-describedby': 'token-help' },
      }),
      h(
        'p',
        { id: 'token-help', class: 'help' },
        'One of ',
        code,
        ', the part behind the last colon.',
      ),
      h('input', { type: 'hidden', name: 'to', value: to }),
      h('button', { type: 'submit' }, 'Sign in'),
    ),
  );
}
