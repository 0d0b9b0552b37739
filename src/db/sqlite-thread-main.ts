/** Entry of the thread of `sqlite-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { createSqliteAnswers, type Place, type Statement } from './sqlite-answers.ts';

const answer = createSqliteAnswers(workerData as Place);
parentPort?.on('message', (statement: Statement) => parentPort?.postMessage(answer(statement)));
