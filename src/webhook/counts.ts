import { isoTime } from '../issue/iso-time.ts';

/** What became of a request to the webhook route. */
export type Outcome =
  | 'accepted'
  | 'duplicate'
  | 'ignored'
  | 'rejected'
  | 'refusedSignature'
  /** A hook that sends forms. */
  | 'refusedContentType'
  | 'refusedOther';

export type WebhookCounts = ReturnType<typeof createWebhookCounts>;

/**
 * Counts the requests to the webhook route since the start, for health: whether deliveries arrive at all,
 * and whether they bear the right signature, is what a set-up most often fails at.
 */
export function createWebhookCounts(now: () => number) {
  const counts: Record<Outcome, number> = {
    accepted: 0,
    duplicate: 0,
    ignored: 0,
    rejected: 0,
    refusedSignature: 0,
    refusedContentType: 0,
    refusedOther: 0,
  };
  /** Epoch milliseconds: made into text only for whoever asks. */
  let lastAuthenticAt: number | undefined;
  let lastRefusedAt: number | undefined;

  /** What could not be stored is authentic, and counts as nothing else. */
  function authentic(): void {
    lastAuthenticAt = now();
  }

  function count(outcome: Outcome): void {
    counts[outcome] += 1;
    if (outcome.startsWith('refused')) lastRefusedAt = now();
  }

  function read() {
    return {
      ...counts,
      lastAuthenticAt: told(lastAuthenticAt),
      lastRefusedAt: told(lastRefusedAt),
    };
  }

  return { authentic, count, read };
}

function told(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time);
}
