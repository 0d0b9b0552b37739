import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { errorBody } from './errors.ts';
import { forbidden, rolesOf, type Caller } from './roles.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token it is; undefined outside the API. */
    caller: Caller | undefined;
  }
}

/** Finds the caller by the header `Authorization`; undefined when it has none of the tokens. */
export type CallerOf = (authorization: string | undefined) => Caller | undefined;

/**
 * Creates the search for a caller. It compares digests of equal length, always all of them and in constant time,
 * so that the time taken reveals neither a token nor its length.
 */
export function createCallerOf(tokens: readonly (Caller & { readonly token: string })[]): CallerOf {
  const known = tokens.map(({ token, ...caller }) => ({ caller, digest: digest(token) }));
  return (authorization) => {
    const given = digest(/^bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '');
    const [found] = known.filter((token) => timingSafeEqual(token.digest, given));
    return found?.caller;
  };
}

/** Creates a hook that lets only known callers pass, and only to the routes of their role. */
export function requireCaller(callerOf: CallerOf, isOff: boolean, onFailure: () => void) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (isOff) {
      const message = 'The API is off. Set API_TOKENS to turn it on.';
      return reply.code(403).send(errorBody('api_disabled', message));
    }
    const caller = callerOf(request.headers.authorization);
    if (caller !== undefined) {
      request.caller = caller;
      const { url } = request.routeOptions;
      // No route: the answer is 404.
      const needed = request.is404 || url === undefined ? undefined : rolesOf(request.method, url);
      if (needed?.includes(caller.role) !== false) return undefined;
      return reply.code(403).send(errorBody('forbidden', forbidden(caller, needed)));
    }
    onFailure();
    const message = 'Send one of API_TOKENS as "Authorization: Bearer <token>".';
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send(errorBody('unauthorized', message));
  };
}

/** The caller of a request that passed the hook. */
export function callerOfRequest({ caller }: FastifyRequest): Caller {
  if (caller === undefined) throw new RangeError('a request of the API has no caller');
  return caller;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
