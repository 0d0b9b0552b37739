/** Entry of the thread of `text-thread.ts`. */
import { parentPort } from 'node:worker_threads';

import { readText } from '../issue/read-text.ts';
import type { TextQuestion } from './text-thread.ts';

parentPort?.on('message', ({ issue, ...context }: TextQuestion) =>
  parentPort?.postMessage(readText(issue, context)),
);
