/** Entry of the thread of `spool.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { createSpoolAnswers, type SpoolPlace, type SpoolQuestion } from './spool-answers.ts';

const answer = createSpoolAnswers(workerData as SpoolPlace);
parentPort?.on('message', (question: SpoolQuestion) => parentPort?.postMessage(answer(question)));
