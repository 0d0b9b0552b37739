import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import type { Logger } from '../log.ts';

interface Change extends IssueKey, IssueRef {
  readonly updatedAt: number;
  /** `updatedAt` of what the store had instead; undefined: nothing. */
  readonly storedAt: number | undefined;
}

export interface MissedWebhooksDeps {
  /** Whether a webhook brought the issue as it was at this time of Gitea's, or newer than the store had it. */
  readonly wasReported: (change: Change) => Promise<boolean>;
  /** Gitea's time when this process started. */
  readonly upSince: () => number | undefined;
  readonly log: Logger;
}

export type MissedWebhooks = ReturnType<typeof createMissedWebhooks>;

/** A webhook of Gitea 1.25.4 takes 0.1 to 3.3 s, behind a receiver that hangs 5 s each. */
const longestDeliveryMs = 60_000;
/** Changes in doubt, and those counted, that are remembered. */
const mostRemembered = 5_000;

/**
 * Counts the changes that polling found and no webhook told of, although this process was up to hear of
 * them: a change is suspected when it is found, and judged once its webhook has had a minute. Each counts
 * once. What the first pass finds may stem from before, and does not count. A change may have been moved
 * by what no webhook tells, such as our own comment: any webhook newer than what was stored has told of it.
 */
export function createMissedWebhooks({ wasReported, upSince, log }: MissedWebhooksDeps) {
  const suspects = new Map<string, Change>();
  /** By issue, the newest change that was judged. */
  const judged = new Map<string, number>();
  let first = true;
  let unrecorded = 0;

  function suspect(change: Change, giteaNow: number | undefined): void {
    const since = upSince();
    if (first || since === undefined || giteaNow === undefined) return;
    if (change.updatedAt < since || judged.get(keyOf(change)) === change.updatedAt) return;
    if (suspects.size >= mostRemembered) return;
    const { repositoryId, repository, number, updatedAt, storedAt } = change;
    const suspected = { repositoryId, repository, number, updatedAt, storedAt };
    suspects.set(`${keyOf(change)}@${updatedAt}`, suspected);
  }

  /** Judges those whose time has come; returns how many were missed and have not been recorded yet. */
  async function settle(giteaNow: number | undefined): Promise<number> {
    first = false;
    for (const [id, change] of suspects) {
      if (giteaNow === undefined || giteaNow - change.updatedAt < longestDeliveryMs) continue;
      const told = await wasReported(change);
      suspects.delete(id);
      remember(change);
      if (told) continue;
      unrecorded += 1;
      log.warn({ ref: formatRef(change) }, 'polling found a change that no webhook told of');
    }
    return unrecorded;
  }

  function remember(change: Change): void {
    judged.delete(keyOf(change));
    judged.set(keyOf(change), change.updatedAt);
    const [oldest] = judged.keys();
    if (judged.size > mostRemembered && oldest !== undefined) judged.delete(oldest);
  }

  function recorded(count: number): void {
    unrecorded -= count;
  }

  return { suspect, settle, recorded };
}
