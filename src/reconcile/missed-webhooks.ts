import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import type { Logger } from '../log.ts';

/** A change that polling found. */
export interface FoundChange extends IssueKey, IssueRef {
  readonly updatedAt: number;
  /** `updatedAt` of the stored issue; undefined if it was not stored. */
  readonly storedAt: number | undefined;
}

export interface MissedWebhooksDeps {
  /** Whether a webhook reported the issue as of this time of Gitea's, or newer than it was stored. */
  readonly wasReported: (change: FoundChange) => Promise<boolean>;
  /** Gitea's time when this process started. */
  readonly upSince: () => number | undefined;
  readonly log: Logger;
}

export type MissedWebhooks = ReturnType<typeof createMissedWebhooks>;

/** Longest time until a webhook arrives: Gitea 1.25.4 takes 0.1 to 3.3 s, and 5 s more for each hanging receiver before us. */
const maxDeliveryMs = 60_000;
/** Maximum of suspected changes, and of settled ones, that are remembered. */
const maxRemembered = 5_000;

/**
 * Counts the changes that polling found and no webhook reported, although this process was up to receive
 * it. A found change is suspected, and settled once its webhook has had a minute. Each change counts once.
 * Changes found by the first pass do not count: they may be older than this process. A change without a
 * webhook, such as our own comment, can move `updated_at` further: any webhook newer than the stored issue
 * reports the change.
 */
export function createMissedWebhooks({ wasReported, upSince, log }: MissedWebhooksDeps) {
  const suspects = new Map<string, FoundChange>();
  /** The newest settled change of each issue. */
  const settled = new Map<string, number>();
  let first = true;
  let unrecorded = 0;

  function suspect(change: FoundChange, giteaNow: number | undefined): void {
    const since = upSince();
    if (first || since === undefined || giteaNow === undefined) return;
    if (change.updatedAt < since || settled.get(keyOf(change)) === change.updatedAt) return;
    if (suspects.size >= maxRemembered) return;
    const { repositoryId, repository, number, updatedAt, storedAt } = change;
    const suspected = { repositoryId, repository, number, updatedAt, storedAt };
    suspects.set(`${keyOf(change)}@${updatedAt}`, suspected);
  }

  /** Settles the suspected changes that are old enough; returns the number of missed ones not recorded yet. */
  async function settle(giteaNow: number | undefined): Promise<number> {
    first = false;
    for (const [id, change] of suspects) {
      if (giteaNow === undefined || giteaNow - change.updatedAt < maxDeliveryMs) continue;
      const isReported = await wasReported(change);
      suspects.delete(id);
      remember(change);
      if (isReported) continue;
      unrecorded += 1;
      log.warn({ ref: formatRef(change) }, 'polling found a change that no webhook reported');
    }
    return unrecorded;
  }

  function remember(change: FoundChange): void {
    settled.delete(keyOf(change));
    settled.set(keyOf(change), change.updatedAt);
    const [oldest] = settled.keys();
    if (settled.size > maxRemembered && oldest !== undefined) settled.delete(oldest);
  }

  function recorded(count: number): void {
    unrecorded -= count;
  }

  return { suspect, settle, recorded };
}
