/** Entry of the thread of `text-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { readText } from './read-text.ts';
import type { TextQuestion } from './text-thread.ts';

// Whoever started this thread gave it a question.
const { issue, ...context }: TextQuestion = workerData;
parentPort?.postMessage(readText(issue, context));
