/** Entry of the thread of the core; `threads.ts` starts it. */
import { parentPort } from 'node:worker_threads';

import { createLogger, writeByTurn } from '../log.ts';
import { createCore } from './core-calls.ts';
import { lowerPriority } from './lower-priority.ts';
import type { CoreThreadData } from './threads.ts';

lowerPriority();
parentPort?.once('message', ({ config, port, dryRun }: CoreThreadData) => {
  const output = writeByTurn({ write: (lines) => parentPort?.postMessage(lines) });
  createCore(config, createLogger(config.logLevel, output), port, { dryRun });
});
