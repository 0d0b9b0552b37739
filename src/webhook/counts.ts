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

/** Maximum of addresses that are remembered. */
const maxSenders = 16;

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
  let lastTakenAt: number | undefined;
  let refusedInARow = 0;
  let rejectedInARow = 0;
  /** Addresses from which authentic deliveries came; the first ones of a Gitea that has many. */
  const senders = new Set<string>();

  /** Notes an authentic delivery. One that cannot be stored has no other count. */
  function authentic(address: string): void {
    lastAuthenticAt = now();
    if (senders.size < maxSenders) senders.add(address);
  }

  /**
   * Notes a refused request that looks like a delivery of a hook that is set up wrongly. Anybody can send one:
   * once it is known from where Gitea sends, only those from there count.
   */
  function hookRefused(address: string): void {
    if (senders.size === 0 || senders.has(address)) refusedInARow += 1;
  }

  function count(outcome: keyof typeof counts): void {
    counts[outcome] += 1;
    if (outcome.startsWith('refused')) {
      lastRefusedAt = now();
      return;
    }
    if (outcome === 'rejected') {
      rejectedInARow += 1;
      return;
    }
    lastTakenAt = now();
    refusedInARow = 0;
    rejectedInARow = 0;
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
    /** Since the start, by result. */
    requests: (): Readonly<typeof counts> => counts,
    /** Refused deliveries of hooks since the last one that was taken: accepted, duplicate or ignored. */
    refusedInARow: () => refusedInARow,
    /** Authentic deliveries that were not understood since then. */
    rejectedInARow: () => rejectedInARow,
    lastTakenAt: () => lastTakenAt,
  };
}

function isoTimeOrNull(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time);
}
