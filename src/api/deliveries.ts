import { z } from 'zod';

import { deliveryStatuses, findDelivery, listDeliveries } from '../inbox/delivery-views.ts';
import { notFound } from './errors.ts';
import { cursorSchema, limitSchema, noBody, type Api, type ApiDeps } from './route.ts';

const listQuery = z.strictObject({
  status: z
    .enum(deliveryStatuses)
    .optional()
    .meta({ description: 'Deliveries in this status alone.' }),
  limit: limitSchema,
  cursor: cursorSchema,
});
const deliveryParams = z.object({
  id: z.string().max(100).meta({ description: 'The `deliveryId` of the delivery.' }),
});
const unknownDelivery = notFound('There is no delivery with that id.');

/** Lists, shows and replays deliveries. */
export function registerDeliveries(api: Api, { store, now, log, replay, takeIn }: ApiDeps): void {
  api.get('/deliveries', { schema: { querystring: listQuery } }, async ({ query }) => {
    await takeIn();
    return listDeliveries(store.db, { ...query, now: now() });
  });
  api.get('/deliveries/:id', { schema: { params: deliveryParams } }, async ({ params }, reply) => {
    await takeIn();
    const delivery = await findDelivery(store.db, params.id, now());
    return delivery ?? reply.code(404).send(unknownDelivery);
  });
  api.post(
    '/deliveries/:id/replay',
    { schema: { params: deliveryParams, body: noBody } },
    async ({ params, caller }, reply) => {
      const delivery = await replay(params.id);
      if (delivery === undefined) return reply.code(404).send(unknownDelivery);
      log.info({ caller: caller?.name, delivery: params.id }, 'delivery replayed');
      return delivery;
    },
  );
}
