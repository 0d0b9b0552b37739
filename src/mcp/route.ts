import { createMcpHandler, type AuthInfo } from '@modelcontextprotocol/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { callerOfRequest, requireCaller } from '../api/auth.ts';
import { bodyLimit } from '../api/claims.ts';
import { goneSignal } from '../http/gone-signal.ts';
import { errorBody } from '../api/errors.ts';
import type { ApiDeps } from '../api/route.ts';
import { StoreUnavailable } from '../errors.ts';
import { mayCall } from './origin.ts';
import { createTools, type ToolCaller, type ToolDeps } from './tools.ts';

type McpDeps = ToolDeps & Pick<ApiDeps, 'callerOf' | 'isOff' | 'onFailedLogin' | 'canStore'>;

/**
 * Model Context Protocol at `/mcp`, streamable HTTP without sessions: every request stands for itself, in the
 * revisions of 2026-07-28 and of 2025-11-25. Tokens and roles are those of the API.
 */
export function registerMcp(app: FastifyInstance, deps: McpDeps): void {
  const callers = new WeakMap<AuthInfo, ToolCaller>();
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const caller = authInfo && callers.get(authInfo);
      if (caller === undefined) throw new RangeError('a request has no caller');
      return createTools(deps, caller);
    },
    {
      // Nothing is published: the tools are always the same.
      maxSubscriptions: 1,
      onerror: (error) => deps.log.debug({ err: error }, 'MCP request refused'),
    },
  );
  app.register((scope, _options, done) => {
    scope.decorateRequest('caller', undefined);
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, parse);
    scope.addHook('onRequest', async ({ headers }, reply) => {
      if (mayCall(headers.origin, headers.host)) return undefined;
      return reply.code(403).send(errorBody('origin_refused', originRefused));
    });
    scope.addHook('onRequest', requireCaller(deps.callerOf, deps.isOff, deps.onFailedLogin));
    scope.addHook('preHandler', async () => {
      if (!(await deps.canStore())) throw new StoreUnavailable('The store cannot be written');
    });
    scope.addHook('preClose', () => handler.close());
    scope.route({
      method: ['GET', 'POST', 'DELETE'],
      url: '/mcp',
      bodyLimit,
      handler: (request, reply) => {
        const caller = callerOfRequest(request);
        const signal = goneSignal(reply);
        const authInfo: AuthInfo = { token: '', clientId: caller.name, scopes: [caller.role] };
        callers.set(authInfo, { caller, signal });
        const { body: parsedBody } = request;
        return handler.fetch(webRequest(request, signal), { authInfo, parsedBody });
      },
    });
    done();
  });
}

const originRefused = 'Web pages may not call this: it is for programs, which send no Origin.';

/** The request without its body, which is parsed already. */
function webRequest({ method, url, headers }: FastifyRequest, signal: AbortSignal): Request {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
  return new Request(new URL(url, 'http://localhost'), { method, headers: pairs, signal });
}
