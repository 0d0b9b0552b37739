/** Entry of the thread of `thread.ts`. It loads no library, see `../spool/columns.ts`. */
import { parentPort, workerData } from 'node:worker_threads';

import { createSqliteAnswers, isSqlitePlace, type Statement } from './thread-answers.ts';

const place: unknown = workerData;
if (!isSqlitePlace(place)) throw new TypeError('The thread was started without a database.');
const answer = createSqliteAnswers(place);
parentPort?.on('message', (statement: Statement) => parentPort?.postMessage(answer(statement)));
