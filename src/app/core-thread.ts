/** Entry of the thread of the core; `threads.ts` starts it. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

import { createLogger, writeByTurn } from '../log.ts';
import { createCore } from './core-calls.ts';
import type { CoreThreadData } from './threads.ts';

/** Below the edge: under load an acknowledgement goes before handling. */
const nice = 10;

// Linux sets the one thread that calls, and those it starts; other systems would set the whole process.
if (process.platform === 'linux') setPriority(nice);
parentPort?.once('message', ({ config, port, dryRun }: CoreThreadData) => {
  const output = writeByTurn({ write: (lines) => parentPort?.postMessage(lines) });
  createCore(config, createLogger(config.logLevel, output), port, { dryRun });
});
