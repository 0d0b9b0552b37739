import { setTimeout as sleep } from 'node:timers/promises';

import type { createClaude } from './client.ts';
import type { AskFailure } from '../reading/model/question.ts';
import type { ClaudeDeps } from '../reading/reader.ts';

/** How often a text is asked about; a pause of Claude is at most 2 min. */
const mostAsks = 4;
/** What passes by itself. */
const passing: ReadonlySet<'ok' | AskFailure> = new Set(['rate_limited', 'unavailable', 'timeout']);

interface Options {
  readonly client: Pick<ReturnType<typeof createClaude>, 'ask' | 'pausedUntil'>;
  /** Told of each pause once. */
  readonly onPause: (ms: number) => void;
  readonly now?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Asks again when Claude is away for now, after its pause: a long run must not lose its rest to the limits
 * of one minute. Once a text was asked about in vain nobody waits any more.
 */
export function createPatientAsk({
  client,
  onPause,
  now = Date.now,
  wait = (ms, signal) => sleep(ms, undefined, { signal }),
}: Options): ClaudeDeps['ask'] {
  let patience = true;
  let toldOf: number | undefined;

  return async function ask(question, signal) {
    for (let asks = 1; ; asks += 1) {
      const asked = await client.ask(question, signal);
      if (!passing.has(asked.kind) || !patience) return asked;
      if (asks === mostAsks) {
        patience = false;
        return asked;
      }
      const until = client.pausedUntil();
      const pauseMs = Math.max(0, (until ?? 0) - now());
      if (pauseMs > 0 && until !== toldOf) onPause(pauseMs);
      toldOf = until;
      await wait(pauseMs, signal);
    }
  };
}
