/** Entry of the thread of `spool.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { z } from 'zod';

import { createSpoolAnswers, type SpoolQuestion } from './spool-answers.ts';

const placeSchema = z.object({ spool: z.string(), database: z.string() });
const answer = createSpoolAnswers(placeSchema.parse(workerData));
parentPort?.on('message', (question: SpoolQuestion) => parentPort?.postMessage(answer(question)));
