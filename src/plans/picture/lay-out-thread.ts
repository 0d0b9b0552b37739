/** Entry of the thread of `lay-out.ts`: one graph, one SVG. */
import { parentPort } from 'node:worker_threads';

import { instance, type Graph } from '@viz-js/viz';

const viz = await instance();
parentPort?.once('message', (graph: Graph) =>
  parentPort?.postMessage(viz.renderString(graph, { format: 'svg', engine: 'dot' })),
);
