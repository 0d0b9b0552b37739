import type { FastifyReply, FastifyRequest } from 'fastify';
import { h } from 'preact';

import type { Caller } from '../api/roles.ts';
import { Page } from './page.ts';
import { readSessionCookie } from './session/cookie.ts';
import type { Sessions } from './session/sessions.ts';
import { sendPage } from './web.ts';

/** Of this service alone, in no frame, without scripts or styles in the page, and kept by nobody. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
/** Titles and sentences by status. */
const texts: Readonly<Record<number, readonly [title: string, sentence: string]>> = {
  400: ['That is not understood', 'The request is not understood.'],
  403: [
    'That is not allowed',
    'This was not sent by a page of this service. Go back, load the page again, and try once more.',
  ],
  404: ['There is no such page', 'Nothing is at this address, or you may not see it.'],
  413: ['That is too large', 'A form has at most 16 KiB.'],
  415: ['That is not understood', 'That is no form.'],
  429: ['Too many attempts', 'Wait a minute.'],
  503: ['Not available now', 'The store is not available. Try again later; the log says why.'],
};

interface FaultProps {
  readonly status: number;
  readonly sentence?: string | undefined;
  /** Whose page it is, as far as that is known. */
  readonly caller?: Caller | undefined;
}

/** The page that says what is wrong. */
export function Fault({ status, sentence, caller }: FaultProps) {
  const [title, known] = texts[status] ?? [
    status >= 500 ? 'Something went wrong' : 'This does not work',
    'Something went wrong; the log says what.',
  ];
  return h(
    Page,
    { title, caller },
    h('p', null, sentence ?? known),
    h('p', null, h('a', { href: '/' }, 'To the overview')),
  );
}

/** Answers a browser that asks for a page which nothing serves, with the menu of whoever is signed in. */
export function createMissingPage({ find }: Pick<Sessions, 'find'>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // Without the store there is still a page.
    const caller = await find(readSessionCookie(request)).catch(() => undefined);
    void reply.headers(securityHeaders);
    return sendPage(reply, h(Fault, { status: 404, caller }), 404);
  };
}
