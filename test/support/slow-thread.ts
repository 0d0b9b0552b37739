/** Entry of a thread that says when it is asked, and answers when it is told to. */
import { BroadcastChannel, parentPort } from 'node:worker_threads';

import { answerTextQuestion } from '../../src/reading/text-reader.ts';
import type { TextQuestion } from '../../src/reading/text-thread.ts';

const channel = new BroadcastChannel('slow-thread');

parentPort?.on('message', (question: TextQuestion) => {
  channel.onmessage = ({ data }: { readonly data: unknown }) => {
    if (data === 'answer') parentPort?.postMessage(answerTextQuestion(question));
  };
  channel.postMessage('asked');
});
