import { z } from 'zod';

import { readQueue } from '../claims/hand-out/queue-view.ts';
import { readGraph } from '../plans/graph-view.ts';
import { callerOfRequest } from './auth.ts';
import { viewerOf } from './for-caller.ts';
import { maskBlocked, maskPlan, maskSentence } from './mask.ts';
import { noQuery, type Api, type ApiDeps } from './route.ts';

/** Upper bound of issues of each kind: workers take from the front. */
const queueLimit = 200;
/** Upper bound of edges, and likewise of issues: about as much as a program can draw. */
const graphLimit = 5_000;
const graphQuery = z.strictObject({
  repository: z.string().max(300).optional().meta({ description: 'As owner/name.' }),
});

/** Shows the queue, and the dependency graph of all repositories or of one. */
export function registerQueueAndGraph(
  api: Api,
  { store, now, agents: all, claims }: ApiDeps,
): void {
  api.get('/queue', { schema: { querystring: noQuery } }, async (request) => {
    const caller = callerOfRequest(request);
    const { repositories: scope, agents } = caller;
    const viewer = viewerOf(caller);
    const profiles = all.filter((agent) => agents?.includes(agent.name) !== false);
    const heldUp = await claims.heldUp(viewer);
    const shown = { ...viewer, limit: queueLimit, now: now(), scope, profiles, heldUp };
    const { ready, blocked, ...queue } = await readQueue(store, shown);
    return {
      ...queue,
      ready: ready.map((issue) => ({
        ...{ ...issue, plan: maskPlan(issue.plan, caller) },
        heldUp: issue.heldUp && maskSentence(issue.heldUp, caller),
      })),
      blocked: blocked.map((issue) => maskBlocked(issue, caller)),
    };
  });
  api.get('/graph', { schema: { querystring: graphQuery } }, (request) => {
    const { repositories: scope, agents } = callerOfRequest(request);
    return readGraph(store.db, { ...request.query, scope, agents, limit: graphLimit });
  });
}
