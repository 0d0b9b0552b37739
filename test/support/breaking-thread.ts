/** Entry of a thread that ends where a text tells it to break. */
import { parentPort } from 'node:worker_threads';

import { answerTextQuestion } from '../../src/reading/text-reader.ts';
import type { TextQuestion } from '../../src/reading/text-thread.ts';

parentPort?.on('message', (question: TextQuestion) => {
  if (question.issue.body.startsWith('break')) throw new Error('broken');
  parentPort?.postMessage(answerTextQuestion(question));
});
