import { setTimeout as sleep } from 'node:timers/promises';

import type { AskFailure } from '../issue/warnings.ts';
import type { createClaude } from './client.ts';
import type { ClaudeDeps } from '../reading/reader.ts';

/** Maximum of attempts a text; a pause of Claude is at most 2 min. */
const maxAttempts = 4;
/** Failures that pass by themselves. */
const transient: ReadonlySet<'ok' | AskFailure> = new Set([
  'rate_limited',
  'unavailable',
  'timeout',
]);

interface PatientAskOptions {
  readonly client: Pick<ReturnType<typeof createClaude>, 'ask' | 'pausedUntil'>;
  /** Called once for each pause. */
  readonly onPause: (ms: number) => void;
  readonly now?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Retries a question after Claude's pause: a long run must not lose its remaining texts to the limits of one
 * minute. An optional question is asked once. Once all attempts for one text have failed, no further text is retried.
 */
export function createPatientAsk({
  client,
  onPause,
  now = Date.now,
  wait = (ms, signal) => sleep(ms, undefined, { signal }),
}: PatientAskOptions): ClaudeDeps['ask'] {
  let patience = true;
  let reportedPause: number | undefined;

  return async function ask(question, signal) {
    for (let attempt = 1; ; attempt += 1) {
      const asked = await client.ask(question, signal);
      if (!transient.has(asked.kind) || !patience || question.optional === true) return asked;
      if (attempt === maxAttempts) {
        patience = false;
        return asked;
      }
      const until = client.pausedUntil();
      const pauseMs = Math.max(0, (until ?? 0) - now());
      if (pauseMs > 0 && until !== reportedPause) onPause(pauseMs);
      reportedPause = until;
      await wait(pauseMs, signal);
    }
  };
}
