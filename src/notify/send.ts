import type { Request } from './messages.ts';

/** Longest wait for a receiver. */
const timeoutMs = 10_000;

/** Sends a message. Resolves with why it was not taken, in a few words; undefined: it was. Never rejects. */
export async function send(
  { method, url, headers, body }: Request,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const reply = await fetch(url, {
      ...{ method, headers, body },
      // A receiver has one address: what it redirects to was not configured.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    // What it says is of no interest.
    await reply.body?.cancel();
    return reply.ok ? undefined : `status ${reply.status}`;
  } catch (error) {
    // The message of an error may name the address, which may hold a secret.
    return error instanceof Error && error.name === 'TimeoutError'
      ? 'no answer in time'
      : 'no connection';
  }
}
