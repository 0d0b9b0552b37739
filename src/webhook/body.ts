import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

import { CoordinatorError } from '../errors.ts';
import { bodyLimit, BudgetExceeded, type BodyBudget } from './body-budget.ts';

/**
 * Bodies up to this size need no budget: the number of connections bounds what they hold together. Gitea's are
 * 6 to 18 KB, so strangers who hold the whole budget hold up hardly any delivery.
 */
const smallBytes = 128 * 1024;

export class BodyTooLarge extends CoordinatorError {
  constructor() {
    super('too_large', 'The body is larger than 16 MiB.');
    this.name = 'BodyTooLarge';
  }
}

/** The sender went away in the middle of a body: nobody reads the answer. */
export class BodyIncomplete extends CoordinatorError {
  constructor(options?: ErrorOptions) {
    super('invalid_request', 'The connection was closed before the body was complete.', options);
    this.name = 'BodyIncomplete';
  }
}

/** The announced length of a body; undefined when it is chunked, or there is none. */
export function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** A body in the pieces in which it arrived, with its place in the budget. */
export interface ReceivedBody {
  readonly pieces: readonly Buffer[];
  readonly bytes: number;
  /** Gives its part of the budget back; may be called twice. */
  readonly release: () => void;
}

type OnBody = (error: Error | undefined, body: ReceivedBody) => void;

/**
 * Reads a body piece by piece; the server's timeout of requests is its deadline. Calls `done` once, with
 * `BodyTooLarge`, `BudgetExceeded` or `BodyIncomplete` where it reads no further.
 */
export function readBody(
  stream: Readable,
  address: string,
  budget: BodyBudget,
  done: OnBody,
): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let counted = 0;
  const place = budget.open(address, () => fail(new BudgetExceeded()));

  /** Makes sure that the budget covers what has arrived; returns why it does not. */
  function cover(): Error | undefined {
    if (bytes > bodyLimit) return new BodyTooLarge();
    if (bytes <= smallBytes) return undefined;
    if (!place.take(bytes - counted)) return new BudgetExceeded();
    counted = bytes;
    return undefined;
  }
  function fail(error: Error): void {
    stop();
    pieces.length = 0;
    place.release();
    done(error, noBody);
  }
  function onData(piece: Buffer): void {
    bytes += piece.length;
    const refusal = cover();
    if (refusal === undefined) pieces.push(piece);
    else fail(refusal);
  }
  function onEnd(): void {
    stop();
    place.complete();
    done(undefined, { pieces, bytes, release: place.release });
  }
  function onClose(): void {
    fail(new BodyIncomplete());
  }
  function stop(): void {
    stream.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose);
  }
  stream.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose);
}

const noBody: ReceivedBody = { pieces: [], bytes: 0, release: () => undefined };
