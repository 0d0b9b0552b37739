import type { FastifyInstance } from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { z } from 'zod';

import {
  deliveryStatuses,
  findDelivery,
  listDeliveries,
  replayDelivery,
} from '../inbox/deliveries.ts';
import { states } from '../issue/state.ts';
import { findPlan, listPlans, readQueue, type PlanStore } from '../store/plans.ts';
import { requireToken, type ApiToken } from './auth.ts';

export interface ApiDeps {
  readonly store: PlanStore;
  readonly tokens: readonly ApiToken[];
  readonly now: () => number;
  /** Called when a delivery was made due. */
  readonly onReplay: () => void;
}

const limitSchema = z.coerce.number().int().min(1).max(200);
const cursorSchema = z.string().max(200).optional();
/** Ready issues shown at once; who takes work takes it from the front. */
const queueLimit = 200;

const issueParams = z.object({
  owner: z.string(),
  repo: z.string(),
  number: z.coerce.number().int().positive(),
});
const deliveryParams = z.object({ id: z.string().max(100) });

/** The read API under `/api/v1`, and the replay of deliveries; every route needs a token. */
export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
  app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.addHook('onRequest', requireToken(deps.tokens));
      scope.setNotFoundHandler({ preHandler: requireToken(deps.tokens) }, (_request, reply) =>
        reply.code(404).send(notFound('There is no such route.')),
      );
      registerIssues(scope, deps);
      registerDeliveries(scope, deps);
      done();
    },
    { prefix: '/api/v1' },
  );
}

function registerIssues(scope: FastifyInstance, { store }: ApiDeps): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  const listQuery = z.object({
    state: z.enum(states).optional(),
    repository: z.string().max(300).optional(),
    limit: limitSchema.default(50),
    cursor: cursorSchema,
  });
  api.get('/issues', { schema: { querystring: listQuery } }, ({ query }) =>
    listPlans(store, query),
  );
  api.get(
    '/issues/:owner/:repo/:number',
    { schema: { params: issueParams } },
    async ({ params }, reply) => {
      const repository = `${params.owner}/${params.repo}`;
      const plan = await findPlan(store, { repository, number: params.number });
      return plan ?? reply.code(404).send(notFound('That issue is not known here.'));
    },
  );
  api.get('/queue', () => readQueue(store, queueLimit));
}

function registerDeliveries(scope: FastifyInstance, { store, now, onReplay }: ApiDeps): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  const listQuery = z.object({
    status: z.enum(deliveryStatuses).optional(),
    limit: limitSchema.default(50),
    cursor: cursorSchema,
  });
  const unknown = notFound('There is no delivery with that id.');
  api.get('/deliveries', { schema: { querystring: listQuery } }, ({ query }) =>
    listDeliveries(store.db, { ...query, now: now() }),
  );
  api.get('/deliveries/:id', { schema: { params: deliveryParams } }, async ({ params }, reply) => {
    return (await findDelivery(store.db, params.id, now())) ?? reply.code(404).send(unknown);
  });
  api.post(
    '/deliveries/:id/replay',
    { schema: { params: deliveryParams } },
    async ({ params }, reply) => {
      const delivery = await replayDelivery(store.db, params.id, now());
      if (delivery === undefined) return reply.code(404).send(unknown);
      onReplay();
      return delivery;
    },
  );
}

function notFound(message: string) {
  return { error: { code: 'not_found', message } };
}
