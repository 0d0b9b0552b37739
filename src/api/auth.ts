import { createHash, timingSafeEqual } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the token that let the request pass; only requests of the API have one. */
    caller: string | undefined;
  }
}

/** A caller of the API: the name is its identity. */
export interface ApiToken {
  readonly name: string;
  readonly token: string;
}

/**
 * A hook that lets only known callers pass. Digests of equal length are compared in constant time, all of
 * them, so that neither a token nor its length shows in the time taken.
 */
export function requireToken(tokens: readonly ApiToken[]) {
  const known = tokens.map(({ name, token }) => ({ name, digest: digest(token) }));
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (known.length === 0) {
      const message = 'The API is off. Set API_TOKENS to turn it on.';
      return reply.code(403).send({ error: { code: 'api_disabled', message } });
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
      .send({ error: { code: 'unauthorized', message } });
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
