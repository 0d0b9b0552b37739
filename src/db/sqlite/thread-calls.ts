import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { StoreUnavailable } from '../../errors.ts';
import { threadEnvironment } from '../../lib/thread-environment.ts';
import { asStoreError } from './store-fault.ts';

/** What a thread answers to the call with this number; `errcode`: SQLite's, when the failure is one of SQLite. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string; readonly errcode: number | undefined };

/** Longest wait for a thread that is asked to close what it has open. */
const closingMs = 1_000;

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The extension differs between source and build; `tsc` does not rewrite it in a URL. */
const extension = extname(fileURLToPath(import.meta.url));

/**
 * Calls the thread whose entry is `thread-main.ts` of the folder `room`; it answers in any order. The first call starts
 * it. A question of the kind `close` asks it to close what it has open.
 * When the thread ends by itself, the calls under way fail with `StoreUnavailable`, having taken effect or not, and
 * the next one starts a new thread.
 */
export function createThreadCalls(room: 'sqlite' | 'spool', workerData: unknown) {
  const calls = new Map<number, Call>();
  let lastId = 0;
  let running: Worker | undefined;

  function start(): Worker {
    const worker = new Worker(new URL(`../${room}/thread-main${extension}`, import.meta.url), {
      workerData,
      // The thread needs neither the secrets nor the options of the process.
      env: threadEnvironment(),
      execArgv: [],
    });
    worker.on('message', settle);
    worker.on('error', (error) => fail(worker, error));
    worker.on('exit', () => fail(worker, undefined));
    return worker;
  }

  function settle(answer: ThreadAnswer): void {
    const call = calls.get(answer.id);
    calls.delete(answer.id);
    if ('failure' in answer) call?.reject(failureOf(answer));
    else call?.resolve(answer.result);
  }

  function fail(worker: Worker, cause: unknown): void {
    // A thread that fails reports `error` and `exit`; calls of the next thread must not fail for it.
    if (running !== worker) return;
    running = undefined;
    const error = new StoreUnavailable('A thread that writes the database or the spool ended', {
      cause,
    });
    for (const { reject } of calls.values()) reject(error);
    calls.clear();
  }

  /** Sends `question` with a number of its own; rejects with `StoreUnavailable`. */
  function call(question: object): Promise<unknown> {
    running ??= start();
    const worker = running;
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve, reject });
      worker.postMessage({ ...question, id });
    });
  }

  /** Lets the thread close what it has open, for a moment, and ends it; resolves with what it said of that. */
  async function close(): Promise<unknown> {
    const worker = running;
    if (worker === undefined) return undefined;
    const closed = call({ kind: 'close' }).catch(() => undefined);
    const said = await Promise.race([closed, sleep(closingMs, undefined, { ref: false })]);
    await worker.terminate();
    return said;
  }

  return { call, close };
}

function failureOf({
  failure,
  errcode,
}: Extract<ThreadAnswer, { failure: string }>): StoreUnavailable {
  const error = asStoreError(Object.assign(new Error(failure), { errcode }));
  return error instanceof StoreUnavailable ? error : new StoreUnavailable(failure);
}
