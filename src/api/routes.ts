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
  type DeliveryView,
} from '../inbox/delivery-views.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { states } from '../issue/state.ts';
import type { Logger } from '../log.ts';
import { readGraph } from '../plans/graph-view.ts';
import { listPlans, type PlanStore } from '../plans/plan-views.ts';
import { findFullPlan, readQueue } from '../claims/queue-view.ts';
import type { Pauses } from '../claims/pauses.ts';
import { requireToken, type ApiToken } from './auth.ts';
import { registerClaims, type ClaimRoutes } from './claims.ts';
import { registerPauses } from './pauses.ts';
import { unknownAgent } from './unknown-agent.ts';
import { readWhy } from './why.ts';

export interface ApiDeps {
  readonly store: PlanStore;
  /** The profiles in force. */
  readonly agents: readonly AgentProfile[];
  readonly tokens: readonly ApiToken[];
  readonly now: () => number;
  readonly log: Logger;
  /** Makes a delivery due now; undefined when there is none with that id. */
  readonly replay: (id: string) => Promise<DeliveryView | undefined>;
  readonly claims: ClaimRoutes['claims'];
  readonly pauses: Pauses;
}

const limitSchema = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 200')
  .transform(Number)
  .pipe(z.int().max(200));
const cursorSchema = z.string().max(200).optional();
/** Issues of each kind shown at once; who takes work takes it from the front. */
const queueLimit = 200;
/** Edges of the graph shown at once, and likewise issues: about as much as a program can draw. */
const graphLimit = 5_000;

const issueParams = z.object({
  owner: z.string(),
  repo: z.string(),
  number: z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'must be the number of an issue')
    .transform(Number)
    .pipe(z.int()),
});
const whyQuery = z.strictObject({ agent: z.string().max(100).optional() });
const deliveryParams = z.object({ id: z.string().max(100) });

/** The API under `/api/v1`: plans, deliveries, claims and pauses; all of `/api` needs a token. */
export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
  app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.decorateRequest('caller', undefined);
      scope.addHook('onRequest', requireToken(deps.tokens));
      takeEmptyBodies(scope);
      scope.setNotFoundHandler((_request, reply) =>
        reply.code(404).send(notFound('There is no such route.')),
      );
      scope.register(
        (v1, _v1Options, v1Done) => {
          registerIssues(v1, deps);
          registerDeliveries(v1, deps);
          registerClaims(v1, deps);
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

/** Many clients announce JSON with every POST, also with one that has no body. */
function takeEmptyBodies(scope: FastifyInstance): void {
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

function registerIssues(scope: FastifyInstance, { store, agents, now }: ApiDeps): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  const listQuery = z.strictObject({
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
      const ref = { repository, number: params.number };
      const plan = await findFullPlan(store, ref, now());
      return plan ?? reply.code(404).send(unknownIssue);
    },
  );
  api.get(
    '/issues/:owner/:repo/:number/why',
    { schema: { params: issueParams, querystring: whyQuery } },
    async ({ params, query }, reply) => {
      const profile = agents.find(({ name }) => name === query.agent?.toLowerCase());
      if (query.agent !== undefined && profile === undefined)
        return reply.code(404).send(unknownAgent(agents));
      const repository = `${params.owner}/${params.repo}`;
      const why = await readWhy(store, { repository, number: params.number }, agents);
      if (why === undefined) return reply.code(404).send(unknownIssue);
      if (profile === undefined) return why;
      return { ...why, agents: why.agents.filter(({ agent }) => agent === profile.name) };
    },
  );
  api.get('/queue', { schema: { querystring: z.strictObject({}) } }, () =>
    readQueue(store, { limit: queueLimit, now: now() }),
  );
  const graphQuery = z.strictObject({ repository: z.string().max(300).optional() });
  api.get('/graph', { schema: { querystring: graphQuery } }, ({ query }) =>
    readGraph(store.db, { ...query, limit: graphLimit }),
  );
}

function registerDeliveries(scope: FastifyInstance, { store, now, log, replay }: ApiDeps): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  const listQuery = z.strictObject({
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
    async ({ params, caller }, reply) => {
      const delivery = await replay(params.id);
      if (delivery === undefined) return reply.code(404).send(unknown);
      log.info({ caller, delivery: params.id }, 'delivery replayed');
      return delivery;
    },
  );
}

const unknownIssue = notFound('That issue is not known here.');

function notFound(message: string) {
  return { error: { code: 'not_found', message } };
}
