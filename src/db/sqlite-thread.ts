import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { StoreUnavailable } from '../errors.ts';
import { threadEnvironment } from '../lib/thread-environment.ts';
import type { Answer, Statement } from './sqlite-answers.ts';
import { asStoreError } from './store-fault.ts';
import type { StoreGuard } from './store-guard.ts';

/** A connection to the database in a thread of its own: its flushes to disk do not block the main thread. */
export interface SqliteThread {
  /** Starts the thread and opens the connection; otherwise the first statement does. */
  readonly open: () => Promise<void>;
  /**
   * Runs one statement, a transaction of its own, and resolves with its rows after the commit, and only while
   * the files of the database are in place. Rejects with `StoreUnavailable`; a statement under way when the
   * thread ends may have taken effect or not.
   */
  readonly all: (sql: string, parameters: readonly unknown[]) => Promise<unknown[]>;
  readonly close: () => Promise<void>;
}

/** The extension differs between source and build; `tsc` does not rewrite it in a URL. */
const extension = extname(fileURLToPath(import.meta.url));

/** Statements whose success shows that the connection can write. */
const writing = /^(insert|update|delete)\b/i;

interface Call {
  readonly sql: string;
  readonly resolve: (rows: unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

/** When the thread ends by itself, the statements under way fail, and the next one starts a new thread. */
export function createSqliteThread(path: string, guard?: StoreGuard): SqliteThread {
  const observer = guard?.observe('deliveries');
  const calls = new Map<number, Call>();
  let lastId = 0;
  let running: Worker | undefined;

  function start(): Worker {
    const worker = new Worker(new URL(`./sqlite-thread-main${extension}`, import.meta.url), {
      workerData: path,
      // The thread needs neither the secrets nor the options of the process.
      env: threadEnvironment(),
      execArgv: [],
    });
    worker.on('message', settle);
    worker.on('error', (error) => fail(worker, error));
    worker.on('exit', () => fail(worker, undefined));
    return worker;
  }

  function settle(answer: Answer): void {
    const call = calls.get(answer.id);
    calls.delete(answer.id);
    if (call === undefined) return;
    const isWrite = writing.test(call.sql);
    if ('failure' in answer) {
      const error = failureOf(answer);
      // A checkpoint may fail on a full disk while the log still has room.
      if (isWrite || error.fault?.kind === 'damaged') observer?.failed(error);
      call.reject(error);
      return;
    }
    if (isWrite) observer?.committed();
    try {
      // What was committed into a file that is gone is not stored.
      guard?.assertUsable();
      call.resolve(answer.rows);
    } catch (error) {
      call.reject(error);
    }
  }

  function failureOf({ failure, errcode }: Extract<Answer, { failure: string }>): StoreUnavailable {
    const error = asStoreError(Object.assign(new Error(failure), { errcode }));
    return error instanceof StoreUnavailable ? error : new StoreUnavailable(failure);
  }

  function fail(worker: Worker, cause: unknown): void {
    // A thread that fails reports `error` and `exit`; statements of the next thread must not fail for it.
    if (running !== worker) return;
    running = undefined;
    const error = new StoreUnavailable('The thread that stores deliveries ended', { cause });
    for (const { reject } of calls.values()) reject(error);
    calls.clear();
  }

  async function all(sql: string, parameters: readonly unknown[]): Promise<unknown[]> {
    guard?.assertUsable();
    running ??= start();
    const worker = running;
    lastId += 1;
    const statement: Statement = { id: lastId, sql, parameters };
    return new Promise((resolve, reject) => {
      calls.set(statement.id, { sql, resolve, reject });
      worker.postMessage(statement);
    });
  }

  async function open(): Promise<void> {
    await all('select 1', []);
  }

  async function close(): Promise<void> {
    await running?.terminate();
  }

  return { open, all, close };
}
