/** Entry of the thread of `sqlite-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { z } from 'zod';

import { createSqliteAnswers, type Statement } from './sqlite-answers.ts';

const placeSchema = z.object({ path: z.string(), spool: z.string().optional() });
const answer = createSqliteAnswers(placeSchema.parse(workerData));
parentPort?.on('message', (statement: Statement) => parentPort?.postMessage(answer(statement)));
