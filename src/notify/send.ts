import type { Request } from './messages.ts';

/** Longest wait for a receiver. */
const timeoutMs = 10_000;

interface Failure {
  /** In a few words, without the address. */
  readonly reason: string;
  /** The pause that the receiver asks for. */
  readonly retryAfterMs?: number | undefined;
}

interface SendOptions {
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** Sends a message. Resolves with why it was not taken; undefined: it was. Never rejects. */
export async function send(
  { method, url, headers, body }: Request,
  { signal, now }: SendOptions,
): Promise<Failure | undefined> {
  try {
    const reply = await fetch(url, {
      ...{ method, body },
      headers: { 'user-agent': 'Mosaic-Coordinator', ...headers },
      // A receiver has one address: what it redirects to was not configured.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    // What it says is of no interest.
    await reply.body?.cancel();
    if (reply.ok) return undefined;
    const retryAfterMs = pauseOf(reply.headers.get('retry-after') ?? '', now());
    return { reason: `status ${reply.status}`, retryAfterMs };
  } catch (error) {
    // The message of an error may name the address, which may hold a secret.
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return { reason: isLate ? 'no answer in time' : 'no connection' };
  }
}

/** A Retry-After: seconds, or a date. */
function pauseOf(header: string, now: number): number | undefined {
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
