import type { FastifyInstance } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';

import { StoreUnavailable } from '../errors.ts';
import { requireCaller } from './auth.ts';
import { registerClaimEnds } from './claim-ends.ts';
import { registerClaims } from './claims.ts';
import { registerClaudeHooks } from './claude-hooks.ts';
import { registerDeliveries } from './deliveries.ts';
import { notFound } from './errors.ts';
import { registerIssues } from './issues.ts';
import { registerPauses } from './pauses.ts';
import { registerQueueAndGraph } from './queue.ts';
import { rolesOf } from './roles.ts';
import type { ApiDeps } from './route.ts';
import { partValidator } from './validators.ts';
import { registerVerifications } from './verifications.ts';

/** The API under `/api/v1`: one file registers one group of routes. All of `/api` needs a token. */
export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
  app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(partValidator);
      scope.setSerializerCompiler(serializerCompiler);
      scope.decorateRequest('caller', undefined);
      scope.addHook('onRequest', requireCaller(deps.callerOf, deps.isOff, deps.onFailedLogin));
      scope.addHook('onRoute', ({ method, url, schema }) => {
        for (const verb of [method].flat()) {
          rolesOf(verb, url);
          // Otherwise the description of the API would not say what a call has to bring.
          if (verb === 'POST' && schema?.body === undefined)
            throw new RangeError(`${verb} ${url} has no schema of its body`);
        }
      });
      scope.addHook('preHandler', async (request) => {
        if (request.method === 'GET' || request.method === 'HEAD' || (await deps.canStore()))
          return;
        throw new StoreUnavailable('The store cannot be written');
      });
      acceptEmptyBodies(scope);
      scope.setNotFoundHandler((_request, reply) =>
        reply.code(404).send(notFound('There is no such route.')),
      );
      scope.register(
        (v1, _v1Options, v1Done) => {
          const api = v1.withTypeProvider<ZodTypeProvider>();
          registerIssues(api, deps);
          registerQueueAndGraph(api, deps);
          registerDeliveries(api, deps);
          registerClaims(api, deps);
          registerClaimEnds(api, deps);
          registerClaudeHooks(api, deps);
          registerPauses(api, deps);
          registerVerifications(api, deps);
          v1Done();
        },
        { prefix: '/v1' },
      );
      done();
    },
    { prefix: '/api' },
  );
}

/** Many clients announce JSON with every POST, even without a body. */
function acceptEmptyBodies(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    (request, body: string, done) => {
      if (body === '') done(null, undefined);
      else void parse(request, body, done);
    },
  );
}
