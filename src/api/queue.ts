import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { readQueue } from '../claims/queue-view.ts';
import type { PlanStore } from '../plans/plan-views.ts';

/** Upper bound of issues of each kind: workers take from the front. */
const queueLimit = 200;

/** Shows the queue. */
export function registerQueue(
  scope: FastifyInstance,
  { store, now }: { readonly store: PlanStore; readonly now: () => number },
): void {
  const api = scope.withTypeProvider<ZodTypeProvider>();
  api.get('/queue', { schema: { querystring: z.strictObject({}) } }, () =>
    readQueue(store, { limit: queueLimit, now: now() }),
  );
}
