import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { createEdgeOf } from './service.ts';

/** What the thread of the core is given. */
export interface CoreThreadData {
  readonly config: Config;
  readonly port: MessagePort;
  readonly dryRun: boolean;
}

interface ThreadOptions {
  readonly dryRun: boolean;
  /** Takes the lines that the core logs. */
  readonly write: (lines: string) => unknown;
}

/** Longest wait for a thread that has closed everything and only has to end. */
const lastLinesMs = 500;
/** The extension differs between source and build; `tsc` does not rewrite it in a URL. */
const extension = extname(fileURLToPath(import.meta.url));

/**
 * The whole service as it runs in production: the edge in this thread, the core in one of its own, at a lower priority.
 * An error that nobody caught there is thrown here, as if the core were part of this thread.
 */
export function createThreadedService(
  config: Config,
  log: Logger,
  { dryRun, write }: ThreadOptions,
) {
  const { port1, port2 } = new MessageChannel();
  const service = createEdgeOf(config, log, port2, { dryRun });
  let worker: Worker | undefined;
  let ended: Promise<unknown> | undefined;
  let closing: Promise<void> | undefined;

  async function start(): Promise<{ url: string }> {
    const data: CoreThreadData = { config, port: port1, dryRun };
    worker = new Worker(new URL(`./core-thread${extension}`, import.meta.url), { execArgv: [] });
    worker.postMessage(data, [port1]);
    worker.on('message', write);
    worker.on('error', (error) => {
      throw error;
    });
    ended = new Promise((resolve) => worker?.on('exit', resolve));
    worker.on('exit', (code) => {
      if (closing === undefined) throw new Error(`The thread of the core ended with code ${code}.`);
    });
    try {
      return await service.start();
    } catch (error) {
      await close();
      throw error;
    }
  }

  function close(): Promise<void> {
    closing ??= shutDown();
    return closing;
  }

  async function shutDown(): Promise<void> {
    await service.close();
    // By itself, so that its last lines are written.
    await Promise.race([ended, sleep(lastLinesMs, undefined, { ref: false })]);
    await worker?.terminate();
  }

  return { start, close };
}
