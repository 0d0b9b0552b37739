import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

/**
 * True for a request that a page of this service sent. Browsers send `Sec-Fetch-Site`, older ones `Origin`; a POST
 * without either comes from none. A link on another page that leads here is no such request, whatever its method.
 */
export function isSameOrigin({ headers, protocol, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin } = headers;
  if (origin !== undefined) return origin === `${protocol}://${host}`;
  return site === 'same-origin';
}

/** Where to go after signing in: a path of this service, nothing else. */
export function safePath(to: string | undefined): string {
  if (to === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(to) || to.includes('\\')) return '/';
  return to;
}

/** A way back as it comes from outside, made safe; one that makes no sense is the overview. */
export const wayBack = z.string().max(2_000).optional().catch(undefined).transform(safePath);

/** The page of this service that a form was sent from; the overview when the browser does not tell. */
export function pageBefore({ headers, protocol, host }: FastifyRequest): string {
  const before = URL.parse(headers.referer ?? '');
  if (before?.origin !== `${protocol}://${host}`) return '/';
  // What it says was done was another action.
  before.searchParams.delete('done');
  return safePath(`${before.pathname}${before.search}`);
}
