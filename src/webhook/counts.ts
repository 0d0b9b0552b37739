import { isoTime } from '../issue/iso-time.ts';

/** Number of requests to the webhook route, by result. */
const noRequests = {
  accepted: 0,
  duplicate: 0,
  ignored: 0,
  rejected: 0,
  refusedSignature: 0,
  /** Usually a hook that sends forms. */
  refusedContentType: 0,
  refusedOther: 0,
};

export type WebhookCounts = ReturnType<typeof createWebhookCounts>;

/**
 * Counts the requests to the webhook route since the start, for health. Most broken set-ups fail here: no
 * delivery arrives, or its signature is wrong.
 */
export function createWebhookCounts(now: () => number) {
  const counts = { ...noRequests };
  /** Epoch milliseconds; formatted only when health reads them. */
  let lastAuthenticAt: number | undefined;
  let lastRefusedAt: number | undefined;
  let refusedInARow = 0;

  /** Notes an authentic delivery. One that cannot be stored has no other count. */
  function authentic(): void {
    lastAuthenticAt = now();
    refusedInARow = 0;
  }

  /** Notes a refused request that looks like a delivery of a hook that is set up wrongly. */
  function hookRefused(): void {
    refusedInARow += 1;
  }

  function count(outcome: keyof typeof counts): void {
    counts[outcome] += 1;
    if (outcome.startsWith('refused')) lastRefusedAt = now();
  }

  function read() {
    return {
      ...counts,
      lastAuthenticAt: isoTimeOrNull(lastAuthenticAt),
      lastRefusedAt: isoTimeOrNull(lastRefusedAt),
    };
  }

  return {
    ...{ authentic, hookRefused, count, read },
    /** Refused deliveries of hooks since the last authentic one. */
    refusedInARow: () => refusedInARow,
    lastAuthenticAt: () => lastAuthenticAt,
  };
}

function isoTimeOrNull(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time);
}
