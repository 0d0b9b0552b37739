import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request, type Dispatcher } from 'undici';

import { TryAgainLater } from '../errors.ts';
import { isoTime } from '../issue/iso-time.ts';
import { oneLine, parseJson } from '../lib/text.ts';

export interface GiteaOptions {
  /** The only place ever called; a sub-path is allowed. */
  readonly baseUrl: string;
  /** Without one only what is open to everybody is answered. */
  readonly token: string | undefined;
  readonly now: () => number;
  /** Longest a request takes as a whole, its retry included. */
  readonly timeoutMs?: number;
}

/** For health; `lastError` is the code of the latest call's failure. */
export interface GiteaStatus {
  readonly lastSuccess: string | null;
  readonly lastError: string | null;
  /** How far Gitea's clock is ahead of ours, to about a second; null while nothing told. */
  readonly clockSkewMs: number | null;
}

export interface GiteaCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v1/`, made of checked and encoded parts only. */
  readonly path: string;
  readonly body?: object;
  /** A 500 is an answer: here it may say "there is no such issue". */
  readonly takes500?: boolean;
}

export interface GiteaAnswer {
  readonly status: number;
  readonly location: string | undefined;
  /** `X-Total-Count`. */
  readonly total: number | undefined;
  /** The value of the body's JSON; undefined when it is none. */
  readonly json: unknown;
  /** What Gitea says of it: one line, at most 300 characters, empty when it says nothing. */
  readonly message: string;
}

const defaultTimeoutMs = 10_000;
/** As much as a delivery may have: an issue that could be delivered can be read back. */
const largestReply = 16 * 1024 * 1024;
const retryPauseMs = 200;
/** Longer waits are the inbox's: they survive a restart and keep no worker busy. */
const longestRetryPauseMs = 2_000;
/** The rest waits its turn, within its deadline: Gitea is also there for people. */
const mostConnections = 10;

/**
 * Carries calls to one Gitea over one pool of connections. A GET or DELETE that fails in a way that may
 * pass is made once more; nothing else is ever repeated, since Gitea may have done it.
 */
export function createTransport({ baseUrl, token, now, timeoutMs }: GiteaOptions) {
  const pool = new Agent({ connections: mostConnections });
  let status: GiteaStatus = { lastSuccess: null, lastError: null, clockSkewMs: null };

  /**
   * Makes a call and has its answer read. What `read` throws counts as a failure of Gitea, as does
   * everything that gives no answer; both come out as `TryAgainLater`.
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

  /** Notes a failure that only the next answer showed. */
  function failed(failure: TryAgainLater): TryAgainLater {
    status = { ...status, lastError: failure.code };
    return failure;
  }

  /** One more try for what passes at once, such as a connection that was closed while it idled. */
  async function requestTwice(call: GiteaCall, deadline: AbortSignal): Promise<Reply> {
    if (call.method === 'POST' || call.method === 'PATCH') return requestOnce(call, deadline);
    const first = await requestOnce(call, deadline).catch(() => undefined);
    if (first !== undefined && !isPassing(first.statusCode, call)) return first;
    deadline.throwIfAborted();
    if (first !== undefined) discard(first);
    await sleep(pauseMs(first), undefined, { signal: deadline });
    return requestOnce(call, deadline);
  }

  async function requestOnce(call: GiteaCall, signal: AbortSignal): Promise<Reply> {
    const startedAt = now();
    // `request` follows no redirect: followed, one would take the token to wherever the answer points.
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
    // The header has whole seconds: on average half a second is cut off.
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

function isPassing(status: number, { takes500 }: GiteaCall): boolean {
  if (status === 500) return takes500 !== true;
  return status === 408 || status === 429 || status > 500;
}

function pauseMs(reply: Reply | undefined): number {
  const seconds = reply === undefined ? 0 : Number(headerOf(reply, 'retry-after'));
  const wanted = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : retryPauseMs;
  return Math.min(wanted, longestRetryPauseMs);
}

async function readAnswer(reply: Reply, call: GiteaCall): Promise<GiteaAnswer> {
  const { statusCode: status } = reply;
  if (status === 401 || isPassing(status, call)) {
    discard(reply);
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
    if (size > largestReply)
      throw new TryAgainLater('gitea_oversized', 'Gitea sent an answer of more than 16 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Not waited for, since it may stall; that costs the connection. */
function discard(reply: Reply): void {
  // It ends with an error, which nobody is to see.
  reply.body.on('error', () => undefined).destroy();
}

export function tokenRefused(status: number, message: string): TryAgainLater {
  const detail = message === '' ? '' : `, saying "${message}"`;
  return new TryAgainLater(
    'gitea_auth',
    `Gitea refused the token (${status})${detail}: check GITEA_TOKEN, its scopes and what its user may do.`,
  );
}

export function unavailable(status: number): TryAgainLater {
  return new TryAgainLater('gitea_unavailable', `Gitea answered with status ${status}.`);
}

export function unexpected(what: string): TryAgainLater {
  return new TryAgainLater('gitea_unexpected', `Gitea ${what}: check GITEA_URL.`);
}

function failureOf(error: unknown, deadline: AbortSignal): TryAgainLater {
  if (error instanceof TryAgainLater) return error;
  if (deadline.aborted)
    return new TryAgainLater('gitea_timeout', 'Gitea did not answer in time.', { cause: error });
  return new TryAgainLater('gitea_unreachable', 'Gitea cannot be reached.', { cause: error });
}
