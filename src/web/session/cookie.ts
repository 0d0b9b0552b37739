import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { sessionMs } from './sessions.ts';

/** With the prefix a browser takes it from this host alone, by https alone. */
const secureName = '__Host-mosaic-session';
const plainName = 'mosaic-session';

/** What the cookie of the session holds; undefined without one. */
export function readSessionCookie(request: FastifyRequest): string | undefined {
  const cookies = parseCookie(request.headers.cookie ?? '');
  return cookies[isSecure(request) ? secureName : plainName];
}

/** Sets the cookie for scripts of nobody and for requests of this site alone; an empty one is removed. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, id: string): void {
  const secure = isSecure(request);
  const cookie = stringifySetCookie({
    name: secure ? secureName : plainName,
    value: id,
    ...{ httpOnly: true, sameSite: 'strict', path: '/', secure },
    maxAge: id === '' ? 0 : sessionMs / 1_000,
  });
  reply.header('set-cookie', cookie);
}

function isSecure({ protocol }: FastifyRequest): boolean {
  return protocol === 'https';
}
