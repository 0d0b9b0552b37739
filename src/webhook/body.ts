import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

import { CoordinatorError } from '../errors.ts';

/** Maximum size of a body. An `edited` payload carries the old text and the new one; Gitea has no limit of its own. */
export const bodyLimit = 16 * 1024 * 1024;
/**
 * Bodies up to this size need no budget: the number of connections bounds what they hold together. Gitea's are
 * 6 to 18 KB, so strangers who hold the whole budget hold up hardly any delivery.
 */
const smallBytes = 128 * 1024;
/** Default of the bytes of larger bodies that may be under way before their signature is verified. */
const defaultBudgetBytes = 64 * 1024 * 1024;
/** The part of the budget that one address may hold; behind a proxy all senders have one address. */
const shareOfAddress = 0.5;

/** Too many bytes of unverified bodies are under way. */
export class BudgetExceeded extends CoordinatorError {
  constructor() {
    super('too_busy', 'Too many large bodies are under way.');
    this.name = 'BudgetExceeded';
  }
}

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

export type BodyBudget = ReturnType<typeof createBodyBudget>;

/**
 * The bytes of bodies under way whose signature is not verified yet. Nobody is trusted before that, so memory
 * is bounded for all together, and for each address.
 */
export function createBodyBudget(limit = budgetFor(process.constrainedMemory())) {
  const perAddress = Math.max(bodyLimit, Math.floor(limit * shareOfAddress));
  const heldBy = new Map<string, number>();
  let held = 0;

  /** Takes bytes for an address; false: there are not as many left. */
  function take(address: string, bytes: number): boolean {
    const own = (heldBy.get(address) ?? 0) + bytes;
    if (held + bytes > limit || own > perAddress) return false;
    held += bytes;
    heldBy.set(address, own);
    return true;
  }

  function giveBack(address: string, bytes: number): void {
    held -= bytes;
    const own = (heldBy.get(address) ?? 0) - bytes;
    if (own > 0) heldBy.set(address, own);
    else heldBy.delete(address);
  }

  return { take, giveBack, held: () => held };
}

/** The budget where the memory of the process is limited (0 or a huge number: it is not): an eighth of it. */
export function budgetFor(memoryLimit: number): number {
  if (memoryLimit <= 0) return defaultBudgetBytes;
  return Math.min(defaultBudgetBytes, Math.max(bodyLimit, Math.floor(memoryLimit / 8)));
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

interface Sender {
  readonly address: string;
  /** The announced length; undefined for a chunked body, which is counted as it comes. */
  readonly announced: number | undefined;
}

/**
 * Reads a body piece by piece; the server's timeout of requests is its deadline. Rejects with `BodyTooLarge`
 * or `BudgetExceeded`, and then reads no further.
 */
export function readBody(
  stream: Readable,
  { address, announced }: Sender,
  budget: BodyBudget,
): Promise<ReceivedBody> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let taken = 0;

  function release(): void {
    if (taken > 0) budget.giveBack(address, taken);
    taken = 0;
  }

  /** Makes sure that the budget covers a body of this size; returns why it does not. */
  function cover(size: number): Error | undefined {
    if (size > bodyLimit) return new BodyTooLarge();
    if (size <= smallBytes || size <= taken) return undefined;
    if (!budget.take(address, size - taken)) return new BudgetExceeded();
    taken = size;
    return undefined;
  }

  return new Promise((resolve, reject) => {
    function fail(error: Error): void {
      stop();
      pieces.length = 0;
      release();
      reject(error);
    }
    function onData(piece: Buffer): void {
      bytes += piece.length;
      const refusal = cover(bytes);
      if (refusal === undefined) pieces.push(piece);
      else fail(refusal);
    }
    function onEnd(): void {
      stop();
      resolve({ pieces, bytes, release });
    }
    function onClose(): void {
      fail(new BodyIncomplete());
    }
    function stop(): void {
      stream.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose);
    }
    const refusal = cover(announced ?? 0);
    if (refusal !== undefined) {
      reject(refusal);
      return;
    }
    stream.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose);
  });
}
