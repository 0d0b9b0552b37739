import type { z } from 'zod';

import { pathOf, type Address } from './address.ts';
import type { Lookups } from './lookups.ts';
import {
  readsValue,
  readsWrite,
  type CallResult,
  type ReadResult,
  type WriteResult,
} from './replies.ts';
import { presentName } from './resolve-issue.ts';
import {
  unavailable,
  unexpected,
  type GiteaAnswer,
  type GiteaCall,
  type Transport,
} from './transport.ts';

export interface ReadCall<T> {
  /** Appended to the path of the address. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** Gitea answers 500 when there is no such issue. */
  readonly accepts500?: boolean;
}

export interface WriteCall<T> extends ReadCall<T> {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly body?: object;
  /** The one status that means success. */
  readonly success: number;
}

export type Calls = ReturnType<typeof createCalls>;

/**
 * Calls below an address. They follow a renamed repository; whether an old name has passed to another
 * repository, only `locate` finds out.
 */
export function createCalls({ exchange, failed }: Transport, lookups: Lookups) {
  async function read<T>(
    address: Address,
    { path, schema, accepts500 = false }: ReadCall<T>,
    signal: AbortSignal,
  ): Promise<ReadResult<T>> {
    const call = { method: 'GET', path, accepts500 } as const;
    const result = await callBelow(address, call, readsValue(schema), signal);
    if (result.kind !== 'refused') return result;
    throw failed(unexpected('refuses a question'));
  }

  function write<T>(
    address: Address,
    { schema, success, ...call }: WriteCall<T>,
    signal: AbortSignal,
  ): Promise<WriteResult<T>> {
    return callBelow(address, call, readsWrite(success, schema), signal);
  }

  /** A redirect means that Gitea did nothing: the call is repeated once under the present name. */
  async function callBelow<T>(
    address: Address,
    call: GiteaCall,
    readAnswer: (answer: GiteaAnswer) => CallResult<T>,
    signal: AbortSignal,
  ): Promise<WriteResult<T>> {
    const first = await callOnce(address, call, readAnswer, signal);
    if (first.kind !== 'moved') return first;
    const repository = await presentName(lookups, { address, redirectedTo: first.to }, signal);
    if (repository === undefined) return { kind: 'missing' };
    const second = await callOnce({ ...address, repository }, call, readAnswer, signal);
    if (second.kind !== 'moved') return second;
    throw failed(unexpected('redirects from the present name of a repository'));
  }

  async function callOnce<T>(
    address: Address,
    call: GiteaCall,
    readAnswer: (answer: GiteaAnswer) => CallResult<T>,
    signal: AbortSignal,
  ): Promise<Exclude<CallResult<T>, { kind: 'undecided' }>> {
    const base = pathOf(address);
    if (base === undefined) return { kind: 'missing' };
    const result = await exchange({ ...call, path: `${base}${call.path}` }, readAnswer, signal);
    if (result.kind !== 'undecided') return result;
    if ('number' in address && (await lookups.getIssue(address, signal)).kind === 'missing')
      return { kind: 'missing' };
    throw failed(unavailable(500));
  }

  return { read, write };
}
