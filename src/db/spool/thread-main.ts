/** Entry of the thread of `spool.ts`. It loads no library, see `columns.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { createSpoolAnswers, isSpoolPlace, type SpoolQuestion } from './thread-answers.ts';

const place: unknown = workerData;
if (!isSpoolPlace(place)) throw new TypeError('The thread was started without a spool.');
const answer = createSpoolAnswers(place);
parentPort?.on('message', (question: SpoolQuestion) => parentPort?.postMessage(answer(question)));
