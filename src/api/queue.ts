import { z } from 'zod';

import { readQueue } from '../claims/queue-view.ts';
import { readGraph } from '../plans/graph-view.ts';
import type { Api, ApiDeps } from './route.ts';

/** Upper bound of issues of each kind: workers take from the front. */
const queueLimit = 200;
/** Upper bound of edges, and likewise of issues: about as much as a program can draw. */
const graphLimit = 5_000;
const graphQuery = z.strictObject({ repository: z.string().max(300).optional() });

/** Shows the queue, and the dependency graph of all repositories or of one. */
export function registerQueueAndGraph(api: Api, { store, now }: ApiDeps): void {
  api.get('/queue', { schema: { querystring: z.strictObject({}) } }, () =>
    readQueue(store, { limit: queueLimit, now: now() }),
  );
  api.get('/graph', { schema: { querystring: graphQuery } }, ({ query }) =>
    readGraph(store.db, { ...query, limit: graphLimit }),
  );
}
