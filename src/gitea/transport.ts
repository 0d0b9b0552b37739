import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request, type Dispatcher } from 'undici';

import { TryAgainLater } from '../errors.ts';
import { isoTime } from '../issue/iso-time.ts';
import { oneLine, parseJson } from '../lib/text.ts';

export interface GiteaOptions {
  /** The only address that is ever called; a sub-path is allowed. */
  readonly baseUrl: string;
  /** Without a token, Gitea shows only public data. */
  readonly token: string | undefined;
  readonly now: () => number;
  /** Timeout of a call, its retry included. */
  readonly timeoutMs?: number;
}

/** For health; `lastError` is the error code of the latest call, null after a success. */
export interface GiteaStatus {
  readonly lastSuccess: string | null;
  readonly lastError: string | null;
  /** How far Gitea's clock is ahead of ours, to about a second; null before its first answer. */
  readonly clockSkewMs: number | null;
}

export interface GiteaCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v1/`, made only of checked and encoded parts. */
  readonly path: string;
  readonly body?: object;
  /** A 500 is an answer here: it may mean "there is no such issue". */
  readonly accepts500?: boolean;
}

export interface GiteaAnswer {
  readonly status: number;
  readonly location: string | undefined;
  /** `X-Total-Count`. */
  readonly total: number | undefined;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: unknown;
  /** Gitea's message: one line, at most 300 characters, empty when there is none. */
  readonly message: string;
}

const defaultTimeoutMs = 10_000;
/** Largest answer: as large as a delivery may be, so that a delivered issue can be read back. */
const maxReplyBytes = 16 * 1024 * 1024;
const retryPauseMs = 200;
/** Longest pause before the retry. Longer ones belong to the inbox: they survive a restart and keep no consumer busy. */
const maxRetryPauseMs = 2_000;
/** Maximum of connections, because people use this Gitea too; other calls wait within their timeout. */
const maxConnections = 10;

export type Transport = ReturnType<typeof createTransport>;

/**
 * Carries calls to one Gitea over one pool of connections. A GET or DELETE that fails in a way that may
 * pass is retried once; no other call is ever repeated, since Gitea may have carried it out.
 */
export function createTransport({ baseUrl, token, now, timeoutMs }: GiteaOptions) {
  const pool = new Agent({ connections: maxConnections });
  let status: GiteaStatus = { lastSuccess: null, lastError: null, clockSkewMs: null };

  /**
   * Makes a call and reads its answer. Throws `TryAgainLater` when there is no answer, or when `read`
   * throws: both count as a failure of Gitea.
   */
  async function exchange<T>(
    call: GiteaCall,
    read: (answer: GiteaAnswer) => T,
    signal: AbortSignal,
  ): Promise<T> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs ?? defaultTimeoutMs)]);
    try {
      const reply = await requestTwice(call, deadline);
      const result = read(await readAnswer(reply, call));
      status = { ...status, lastSuccess: isoTime(now()), lastError: null };
      return result;
    } catch (error) {
      signal.throwIfAborted();
      throw failed(failureOf(error, deadline));
    }
  }

  /** Records a failure that was found after the answer was read. */
  function failed(failure: TryAgainLater): TryAgainLater {
    status = { ...status, lastError: failure.code };
    return failure;
  }

  /**
   * One retry, for failures such as an idle connection that was closed. undici's retry interceptor does
   * not fit: it retries only listed statuses and error codes, and resumes a body that breaks off by a
   * Range request, which Gitea's API does not serve.
   */
  async function requestTwice(call: GiteaCall, deadline: AbortSignal): Promise<Reply> {
    if (call.method === 'POST' || call.method === 'PATCH') return requestOnce(call, deadline);
    const first = await requestOnce(call, deadline).catch(() => undefined);
    if (first !== undefined && !mayPass(first.statusCode, call)) return first;
    deadline.throwIfAborted();
    if (first !== undefined) discard(first);
    await sleep(pauseMs(first), undefined, { signal: deadline });
    return requestOnce(call, deadline);
  }

  async function requestOnce(call: GiteaCall, signal: AbortSignal): Promise<Reply> {
    const startedAt = now();
    // `request` follows no redirect, which could send the token to another server.
    const reply = await request(`${baseUrl}/api/v1/${call.path}`, {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `token ${token}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      dispatcher: pool,
      signal,
    });
    const date = Date.parse(headerOf(reply, 'date') ?? '');
    // The header has whole seconds: on average, half a second is cut off.
    if (Number.isFinite(date))
      status = { ...status, clockSkewMs: Math.round(date + 500 - (startedAt + now()) / 2) };
    return reply;
  }

  return { exchange, failed, status: () => status, close: () => pool.destroy() };
}

type Reply = Dispatcher.ResponseData;

function headerOf(reply: Reply, name: string): string | undefined {
  const value = reply.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function mayPass(status: number, { accepts500 }: GiteaCall): boolean {
  if (status === 500) return accepts500 !== true;
  return status === 408 || status === 429 || status > 500;
}

function pauseMs(reply: Reply | undefined): number {
  const pause = reply === undefined ? undefined : retryAfterMs(reply);
  return Math.min(pause ?? retryPauseMs, maxRetryPauseMs);
}

/** The server's Retry-After; undefined unless it is in seconds. */
function retryAfterMs(reply: Reply): number | undefined {
  const seconds = Number(headerOf(reply, 'retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

async function readAnswer(reply: Reply, call: GiteaCall): Promise<GiteaAnswer> {
  const { statusCode: status } = reply;
  if (status === 401 || mayPass(status, call)) {
    discard(reply);
    if (status === 429) throw new RateLimited(retryAfterMs(reply));
    throw status === 401 ? tokenRefused(status, '') : unavailable(status);
  }
  const json = parseJson(await readText(reply));
  const total = Number(headerOf(reply, 'x-total-count') ?? undefined);
  return {
    status,
    location: headerOf(reply, 'location'),
    total: Number.isSafeInteger(total) ? total : undefined,
    json,
    message: oneLine(messageOf(json), 300),
  };
}

function messageOf(json: unknown): string {
  if (typeof json !== 'object' || json === null || !('message' in json)) return '';
  return typeof json.message === 'string' ? json.message : '';
}

async function readText(reply: Reply): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> = reply.body;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop destroys the rest of the body.
    if (size > maxReplyBytes)
      throw new TryAgainLater('gitea_oversized', 'Gitea sent an answer of more than 16 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Drops a body without waiting for it, since it may stall; that costs the connection. */
function discard(reply: Reply): void {
  // Destroying it raises an error that concerns nobody.
  reply.body.on('error', () => undefined).destroy();
}

/** `status`: 401 where Gitea does not know the token, 403 where it lacks a right. */
export class TokenRefused extends TryAgainLater {
  readonly status: number;

  constructor(status: number, message: string) {
    super('gitea_auth', message);
    this.status = status;
  }
}

/** Gitea, or a proxy in front of it, wants fewer calls. */
export class RateLimited extends TryAgainLater {
  readonly retryAfterMs: number | undefined;

  constructor(afterMs: number | undefined) {
    super('gitea_unavailable', 'Gitea answered with status 429: it wants fewer calls.');
    this.retryAfterMs = afterMs;
  }
}

export function tokenRefused(status: number, message: string): TokenRefused {
  const detail = message === '' ? '' : `, saying "${message}"`;
  return new TokenRefused(
    status,
    `Gitea refused the token (${status})${detail}: check GITEA_TOKEN, its scopes and what its user may do.`,
  );
}

export function unavailable(status: number): TryAgainLater {
  return new TryAgainLater('gitea_unavailable', `Gitea answered with status ${status}.`);
}

export function unexpected(problem: string): TryAgainLater {
  return new TryAgainLater('gitea_unexpected', `Gitea ${problem}: check GITEA_URL.`);
}

function failureOf(error: unknown, deadline: AbortSignal): TryAgainLater {
  if (error instanceof TryAgainLater) return error;
  if (deadline.aborted)
    return new TryAgainLater('gitea_timeout', 'Gitea did not answer in time.', { cause: error });
  return new TryAgainLater('gitea_unreachable', 'Gitea cannot be reached.', { cause: error });
}
