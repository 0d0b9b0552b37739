import { setTimeout as sleep } from 'node:timers/promises';

import type { createClaude } from '../clients/claude.ts';
import type { AskFailure } from '../issue/model-reading.ts';
import type { ClaudeDeps } from '../reader/reader.ts';

/** How often a text is asked about; a pause of Claude is at most 2 min. */
const mostAsks = 4;
/** What passes by itself. */
const passing: ReadonlySet<'ok' | AskFailure> = new Set(['rate_limited', 'unavailable', 'timeout']);

type Client = Pick<ReturnType<typeof createClaude>, 'ask' | 'pausedUntil'>;

interface Waiting {
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const waitForReal: Waiting = {
  now: Date.now,
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

/**
 * Asks again when Claude is away for now, after its pause: a long run must not lose its rest to the limits
 * of one minute. Once a text was asked about in vain nobody waits any more.
 */
export function createPatientAsk(
  client: Client,
  { now, wait }: Waiting = waitForReal,
): ClaudeDeps['ask'] {
  let patience = true;

  return async function ask(question, signal) {
    for (let asks = 1; ; asks += 1) {
      const asked = await client.ask(question, signal);
      if (!passing.has(asked.kind) || !patience) return asked;
      if (asks === mostAsks) {
        patience = false;
        return asked;
      }
      await wait(Math.max(0, (client.pausedUntil() ?? 0) - now()), signal);
    }
  };
}
