import type { MessagePort } from 'node:worker_threads';

import { z } from 'zod';

import { CoordinatorError } from '../errors.ts';

/** What one side offers to the other; arguments and results are copied, as messages between threads are. */
type Offers = object;
type Arguments<O, K extends keyof O> = O[K] extends (...args: infer A) => unknown ? A : never;
type Result<O, K extends keyof O> = O[K] extends (...args: never[]) => infer R ? Awaited<R> : never;

type Message =
  | { readonly call: string; readonly args: readonly unknown[]; readonly id: number | undefined }
  | { readonly reply: number; readonly value: unknown }
  | { readonly reply: number; readonly failure: Failure };

interface Failure {
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

interface Question {
  readonly call: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** The other side did not answer in time, or is gone. */
class DoorUnanswered extends CoordinatorError {
  constructor(call: string, why: string) {
    super('core_unavailable', `"${call}" was not answered: ${why}.`);
    this.name = 'DoorUnanswered';
  }
}

/**
 * One end of the door between the edge and the core, whether they share a thread or not. Messages arrive in the
 * order they were sent; a call that was told or asked before another one begins before it. `onLost`: called when what
 * was told to this side failed, since nobody waits for it.
 */
export function openDoor<Theirs extends Offers>(
  port: MessagePort,
  mine: Offers,
  onLost: (call: string, error: unknown) => void,
) {
  const questions = new Map<number, Question>();
  const underWay = new Set<Promise<unknown>>();
  let lastId = 0;
  let isClosed = false;

  port.on('message', (message: Message) => {
    if ('call' in message) {
      const work = answer(message).finally(() => underWay.delete(work));
      underWay.add(work);
    } else settle(message);
  });
  port.on('close', close);

  async function answer({ call, args, id }: Extract<Message, { call: string }>): Promise<void> {
    try {
      const offered: unknown = Reflect.get(mine, call);
      if (typeof offered !== 'function') throw new TypeError(`Nothing here is called "${call}".`);
      const value: unknown = await Reflect.apply(offered, undefined, args);
      if (id !== undefined) post({ reply: id, value });
    } catch (error) {
      if (id === undefined) onLost(call, error);
      else post({ reply: id, failure: failureOf(error) });
    }
  }

  function post(message: Message): void {
    if (!isClosed) port.postMessage(message);
  }

  function settle(message: Exclude<Message, { call: string }>): void {
    const question = questions.get(message.reply);
    if (question === undefined) return;
    questions.delete(message.reply);
    clearTimeout(question.timer);
    if ('failure' in message) question.reject(errorOf(message.failure));
    else question.resolve(message.value);
  }

  /** Calls the other side, and resolves with what it returns. Rejects with its error, or with `DoorUnanswered`. */
  function ask<K extends keyof Theirs & string>(
    deadlineMs: number,
    call: K,
    ...args: Arguments<Theirs, K>
  ): Promise<Result<Theirs, K>> {
    return new Promise((resolve, reject) => {
      if (isClosed) {
        reject(new DoorUnanswered(call, 'the other side is gone'));
        return;
      }
      lastId += 1;
      const id = lastId;
      const timer = setTimeout(() => {
        questions.delete(id);
        reject(new DoorUnanswered(call, `${deadlineMs / 1_000} s went by`));
      }, deadlineMs);
      const answered = (value: unknown) => resolve(z.custom<Result<Theirs, K>>().parse(value));
      questions.set(id, { call, resolve: answered, reject, timer });
      post({ call, args, id });
    });
  }

  /** Calls the other side without waiting for it. */
  function tell<K extends keyof Theirs & string>(call: K, ...args: Arguments<Theirs, K>): void {
    post({ call, args, id: undefined });
  }

  /** Resolves when no call of the other side is under way. */
  async function settled(): Promise<void> {
    await Promise.allSettled(underWay);
  }

  /** Every question fails from now on. */
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    port.close();
    for (const { call, reject, timer } of questions.values()) {
      clearTimeout(timer);
      reject(new DoorUnanswered(call, 'the other side is gone'));
    }
    questions.clear();
  }

  return { ask, tell, settled, close };
}

function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: error instanceof CoordinatorError ? error.code : undefined, message, stack };
}

function errorOf({ code, message, stack }: Failure): Error {
  const error = code === undefined ? new Error(message) : new CoordinatorError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
