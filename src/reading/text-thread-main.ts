/** Entry of the threads of `text-reader.ts`. */
import { parentPort } from 'node:worker_threads';

import { answerTextQuestion } from './text-reader.ts';
import type { TextQuestion } from './text-thread.ts';

parentPort?.on('message', (question: TextQuestion) =>
  parentPort?.postMessage(answerTextQuestion(question)),
);
