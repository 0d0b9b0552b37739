/** Entry of the thread of `sqlite-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { createSqliteAnswers, type Statement } from './sqlite-answers.ts';

const answer = createSqliteAnswers(String(workerData));
parentPort?.on('message', (statement: Statement) => parentPort?.postMessage(answer(statement)));
