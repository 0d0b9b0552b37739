import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import {
  deliveryStatuses,
  findDelivery,
  listDeliveries,
  type DeliveryView,
} from '../inbox/delivery-views.ts';
import type { Logger } from '../log.ts';
import type { PlanStore } from '../plans/plan-views.ts';
import { notFound } from './errors.ts';
import { cursorSchema, limitSchema } from './list-query.ts';

export interface DeliveryRoutes {
  readonly store: PlanStore;
  readonly now: () => number;
  readonly log: Logger;
  /** Makes a delivery due now; undefined when there is none with that id. */
  readonly replay: (id: string) => Promise<DeliveryView | undefined>;
}

const listQuery = z.strictObject({
  status: z.enum(deliveryStatuses).optional(),
  limit: limitSchema,
  cursor: cursorSchema,
});
const deliveryParams = z.object({ id: z.string().max(100) });
const unknownDelivery = notFound('There is no delivery with that id.');

/** Lists, shows and replays deliveries. */
export function registerDeliveries(
  scope: FastifyInstance,
  { store, now, log, replay }: DeliveryRoutes,
): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  api.get('/deliveries', { schema: { querystring: listQuery } }, ({ query }) =>
    listDeliveries(store.db, { ...query, now: now() }),
  );
  api.get('/deliveries/:id', { schema: { params: deliveryParams } }, async ({ params }, reply) => {
    const delivery = await findDelivery(store.db, params.id, now());
    return delivery ?? reply.code(404).send(unknownDelivery);
  });
  api.post(
    '/deliveries/:id/replay',
    { schema: { params: deliveryParams } },
    async ({ params, caller }, reply) => {
      const delivery = await replay(params.id);
      if (delivery === undefined) return reply.code(404).send(unknownDelivery);
      log.info({ caller, delivery: params.id }, 'delivery replayed');
      return delivery;
    },
  );
}
