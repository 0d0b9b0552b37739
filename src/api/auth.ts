import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { errorBody } from './errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the caller's token; undefined outside the API. */
    caller: string | undefined;
  }
}

/** A caller of the API, identified by its name. */
export interface ApiToken {
  readonly name: string;
  readonly token: string;
}

/**
 * Creates a hook that lets only known callers pass. It compares digests of equal length, always all of them and
 * in constant time, so that the time taken reveals neither a token nor its length.
 */
export function requireToken(tokens: readonly ApiToken[]) {
  const known = tokens.map(({ name, token }) => ({ name, digest: digest(token) }));
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (known.length === 0) {
      const message = 'The API is off. Set API_TOKENS to turn it on.';
      return reply.code(403).send(errorBody('api_disabled', message));
    }
    const given = digest(/^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const [caller] = known.filter((token) => timingSafeEqual(token.digest, given));
    if (caller !== undefined) {
      request.caller = caller.name;
      return undefined;
    }
    const message = 'Send one of API_TOKENS as "Authorization: Bearer <token>".';
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send(errorBody('unauthorized', message));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
