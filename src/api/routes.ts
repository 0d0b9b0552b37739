import type { FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';

import { requireToken, type ApiToken } from './auth.ts';
import { registerClaimEnds } from './claim-ends.ts';
import { registerClaims, type ClaimRoutes } from './claims.ts';
import { registerDeliveries, type DeliveryRoutes } from './deliveries.ts';
import { notFound } from './errors.ts';
import { registerGraph, registerQueue } from './queue.ts';
import { registerIssues, type IssueRoutes } from './issues.ts';
import { registerPauses, type PauseRoutes } from './pauses.ts';

export interface ApiDeps extends IssueRoutes, DeliveryRoutes, ClaimRoutes, PauseRoutes {
  readonly tokens: readonly ApiToken[];
}

/** The API under `/api/v1`: one file registers one group of routes. All of `/api` needs a token. */
export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
  app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.decorateRequest('caller', undefined);
      scope.addHook('onRequest', requireToken(deps.tokens));
      acceptEmptyBodies(scope);
      scope.setNotFoundHandler((_request, reply) =>
        reply.code(404).send(notFound('There is no such route.')),
      );
      scope.register(
        (v1, _v1Options, v1Done) => {
          registerIssues(v1, deps);
          registerQueue(v1, deps);
          registerGraph(v1, deps);
          registerDeliveries(v1, deps);
          registerClaims(v1, deps);
          registerClaimEnds(v1, deps);
          registerPauses(v1, deps);
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
