import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { h } from 'preact';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  discovery,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import { z } from 'zod';

import { Page } from '../page.ts';
import { sendPage, type Web, type WebDeps } from '../web.ts';
import { readSessionCookie, setSessionCookie } from './cookie.ts';
import { reasonOf, refusalOf, refusals } from './gitea-refusals.ts';
import type { GiteaApplication } from './members.ts';
import { wayBack } from './same-origin.ts';

/** How long somebody may take to sign in at Gitea. */
const patienceSeconds = 600;
/** Longest wait for an answer of Gitea. */
const timeoutSeconds = 10;
const attempts = { max: 30, timeWindow: 60_000 };

const startQuery = z.object({ to: wayBack, moved: z.string().optional().catch(undefined) });
/** What a cookie keeps between leaving for Gitea and coming back. */
const journeySchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  // A neighbour below the same domain could have set the cookie.
  to: wayBack,
});
type Journey = z.infer<typeof journeySchema>;

/** Signing in with an account of Gitea, by OpenID Connect with PKCE. */
export function registerGiteaSignIn(
  web: Web,
  { sessions, members, log }: Pick<WebDeps, 'sessions' | 'members' | 'log'>,
  application: GiteaApplication,
): void {
  const { giteaUrl, clientId, clientSecret, publicUrl } = application;
  const redirectUri = `${publicUrl}/sign-in/gitea/callback`;
  let found: Promise<Configuration> | undefined;

  /** What Gitea says of itself; asked once, and again after a failure. */
  function configuration(): Promise<Configuration> {
    found ??= discovery(new URL(giteaUrl), clientId, clientSecret, undefined, {
      timeout: timeoutSeconds,
      // A Gitea without TLS is one of the own network, as for all other calls.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- It is marked so to stand out.
      execute: giteaUrl.startsWith('http:') ? [allowInsecureRequests] : [],
    }).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  }

  web.get('/sign-in/gitea', { config: { rateLimit: attempts } }, async (request, reply) => {
    const { to, moved } = startQuery.parse(request.query);
    // Gitea leads back to that address, where a cookie of this one is not sent. Once: a proxy may hide the address.
    if (request.host !== new URL(publicUrl).host && moved === undefined)
      return reply.redirect(
        `${publicUrl}/sign-in/gitea?${new URLSearchParams({ to, moved: 'yes' })}`,
        303,
      );
    const journey: Journey = {
      state: randomState(),
      nonce: randomNonce(),
      verifier: randomPKCECodeVerifier(),
      to,
    };
    try {
      const url = buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: 'openid profile',
        code_challenge: await calculatePKCECodeChallenge(journey.verifier),
        code_challenge_method: 'S256',
        ...{ state: journey.state, nonce: journey.nonce },
      });
      setJourney(request, reply, journey);
      return await reply.redirect(url.href, 303);
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'Gitea lets nobody sign in');
      return sendPage(reply, h(NotSignedIn, { sentence: refusals.away }), 503);
    }
  });

  web.get(
    '/sign-in/gitea/callback',
    { config: { rateLimit: attempts } },
    async (request, reply) => {
      const journey = readJourney(request);
      setJourney(request, reply, undefined);
      if (journey === undefined)
        return sendPage(reply, h(NotSignedIn, { sentence: refusals.notProved }), 403);
      const told = await askWho(journey, request.url);
      if ('refusal' in told)
        return sendPage(reply, h(NotSignedIn, { sentence: told.refusal }), 403);
      const { login } = told;
      const member = members.byLogin(login);
      if (member === undefined) {
        log.warn({ login }, 'an account of Gitea that OAUTH_USERS does not name');
        return sendPage(reply, h(NotSignedIn, { sentence: refusals.notNamed(login) }), 403);
      }
      await sessions.end(readSessionCookie(request));
      setSessionCookie(request, reply, await sessions.begin(member));
      log.info({ caller: member.caller.name }, 'signed in by Gitea');
      // A redirect would still count as one of Gitea's, with which no browser sends the new cookie.
      return sendPage(reply, h(Page, { title: 'Signed in', goTo: journey.to }));
    },
  );

  /** Whose account it is, by the signed word of Gitea; a sentence when that does not hold. */
  async function askWho(journey: Journey, url: string): Promise<Told> {
    try {
      const tokens = await authorizationCodeGrant(
        await configuration(),
        new URL(`${publicUrl}${url.slice(url.indexOf('/sign-in/'))}`),
        {
          pkceCodeVerifier: journey.verifier,
          expectedState: journey.state,
          expectedNonce: journey.nonce,
          idTokenExpected: true,
        },
      );
      return { login: claimsSchema.parse(tokens.claims()).preferred_username };
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'signing in by Gitea did not work');
      return { refusal: refusalOf(error) };
    }
  }
}

type Told = { readonly login: string } | { readonly refusal: string };
const claimsSchema = z.object({ preferred_username: z.string().min(1) });

/** Sent along when Gitea leads back, which is a request from another site: so it cannot be strict. */
function setJourney(request: FastifyRequest, reply: FastifyReply, journey?: Journey): void {
  const value =
    journey === undefined ? '' : Buffer.from(JSON.stringify(journey)).toString('base64url');
  const cookie = stringifySetCookie({
    ...{ name: journeyName(request), value, path: '/', httpOnly: true, sameSite: 'lax' },
    secure: request.protocol === 'https',
    maxAge: value === '' ? 0 : patienceSeconds,
  });
  reply.header('set-cookie', cookie);
}

/** By https, one that no neighbour and no page of plain http can set. */
function journeyName({ protocol }: FastifyRequest): string {
  return protocol === 'https' ? '__Host-mosaic-journey' : 'mosaic-journey';
}

function readJourney(request: FastifyRequest): Journey | undefined {
  const text = parseCookie(request.headers.cookie ?? '')[journeyName(request)] ?? '';
  try {
    return journeySchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
}

function NotSignedIn({ sentence }: { readonly sentence: string }) {
  return h(
    Page,
    { title: 'Not signed in' },
    h('p', { class: 'fault', role: 'alert' }, sentence),
    h('p', null, h('a', { href: '/sign-in' }, 'To the page for signing in')),
  );
}
