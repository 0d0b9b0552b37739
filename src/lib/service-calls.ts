import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request } from 'undici';
import { z } from 'zod';

import { CoordinatorError, TryAgainLater } from '../errors.ts';
import { backoffMs, withJitter, type Backoff } from './backoff.ts';
import { oneLine, parseJson } from './text.ts';

/** Longest wait of the service for something to do, in seconds. */
export const serviceWaitSeconds = 50;
/** Timeout of a call beyond its wait. */
export const callTimeoutMs = 20_000;
const maxAnswerBytes = 1024 * 1024;
const defaultBackoff: Backoff = { firstMs: 500, factor: 2, maxMs: 30_000 };

export interface ServiceCallsOptions {
  /** Address of the service, without a slash at the end. */
  readonly url: string;
  /** Token of the API. */
  readonly token: string;
  readonly random: () => number;
  readonly backoff?: Backoff;
}

export interface ServiceCall<T> {
  readonly schema: z.ZodType<T>;
  readonly method?: 'GET' | 'POST';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** True for a call on a lease: what refuses it says that the lease is gone. */
  readonly onLease?: boolean;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** The lease is no longer ours: somebody else has it, or it has ended. */
export class LeaseLost extends CoordinatorError {
  constructor(message: string) {
    super('lease_lost', message);
    this.name = 'LeaseLost';
  }
}

/** The service refuses a call, and will refuse it again. */
export class CallRefused extends CoordinatorError {
  /** Code of the refusal in the answer; empty when it has none. */
  readonly refusal: string;

  constructor(message: string, refusal = '') {
    super('call_refused', message);
    this.name = 'CallRefused';
    this.refusal = refusal;
  }
}

const errorAnswer = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Calls the API of the service over HTTP. No call follows a redirect, which could take the token elsewhere. */
export function createServiceCalls({ url, token, random, ...options }: ServiceCallsOptions) {
  const pool = new Agent({ connections: 16 });
  const backoff = options.backoff ?? defaultBackoff;

  /** One attempt. Throws `TryAgainLater` when there is no answer or the service is busy. */
  async function call<T>(path: string, { signal, ...more }: ServiceCall<T>): Promise<T> {
    const { schema, method = 'POST', body, headers, onLease, timeoutMs = callTimeoutMs } = more;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    let answer: { readonly status: number; readonly text: string };
    try {
      const reply = await request(`${url}/api/v1/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: pool,
        signal: deadline,
      });
      answer = { status: reply.statusCode, text: await readText(reply.body) };
    } catch (error) {
      signal.throwIfAborted();
      throw new TryAgainLater('service_unreachable', `${url} does not answer`, { cause: error });
    }
    return read(answer, { schema, onLease: onLease === true });
  }

  /** Repeats a call until it is answered; waits longer each time. */
  async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TryAgainLater)) throw error;
        await sleep(withJitter(backoffMs(backoff, failures), random), undefined, { signal });
      }
    }
  }

  return { call, patiently, close: () => pool.destroy() };
}

function read<T>(
  { status, text }: { readonly status: number; readonly text: string },
  { schema, onLease }: { readonly schema: z.ZodType<T>; readonly onLease: boolean },
): T {
  const json = parseJson(text);
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new CallRefused(
      'The service answers otherwise than this program expects: run both in the same version.',
    );
  }
  const said = errorAnswer.safeParse(json).data?.error;
  const words = `${status}: ${oneLine(said?.message ?? text, 300)}`;
  if (status === 401)
    throw new CallRefused(
      `The service refuses the call, ${words} Correct COORDINATOR_TOKEN, or COORDINATOR_URL if this is another server.`,
      said?.code,
    );
  if (status >= 500 || status === 429 || status === 408)
    throw new TryAgainLater('service_unreachable', `The service answers ${words}`);
  if (onLease && [403, 404, 409].includes(status))
    throw new LeaseLost(`The lease is lost, ${words}`);
  throw new CallRefused(`The service refuses the call, ${words}`, said?.code);
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxAnswerBytes) throw new Error('The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
