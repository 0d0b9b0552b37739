/** Entry of the thread of `text-thread.ts`. */
import { parentPort } from 'node:worker_threads';

import { answerTextQuestion, type TextQuestion } from './text-thread.ts';

parentPort?.on('message', (question: TextQuestion) =>
  parentPort?.postMessage(answerTextQuestion(question)),
);
