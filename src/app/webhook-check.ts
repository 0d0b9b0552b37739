import type { Check } from '../http/health.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { WebhookCounts } from '../webhook/counts.ts';

/** Deliveries in a row that were refused or not understood, with none between that was taken, that mean trouble. */
const maxInARow = 3;

export type WebhookCheck = ReturnType<typeof createWebhookCheck>;

/**
 * Says whether deliveries arrive. Degraded when the newest ones were all refused or not understood, or when a
 * reconcile pass counted changes that no webhook had told of and none was taken since the pass before. The next
 * delivery that is taken ends all three. Strangers who send garbage or forged signatures degrade nothing, once a
 * delivery has shown from which address Gitea sends; behind a proxy all senders have one.
 */
export function createWebhookCheck(counts: WebhookCounts, now: () => number) {
  let lastPassAt: number | undefined;
  /** When a pass found that the hooks are silent. */
  let silentAt: number | undefined;

  /** Notes the end of a reconcile pass; `missed`: changes that no webhook told of. */
  function passEnded(missed: number): void {
    if (missed > 0 && lastPassAt !== undefined && !cameSince(lastPassAt)) silentAt = now();
    lastPassAt = now();
  }

  function cameSince(time: number): boolean {
    const last = counts.lastTakenAt();
    return last !== undefined && last >= time;
  }

  function trouble(): { cause: string; cure: string } | undefined {
    const refused = counts.refusedInARow();
    if (refused >= maxInARow)
      return {
        cause: `The newest ${refused} deliveries were all refused.`,
        cure: 'Compare the secret and the content type of the hook with docs/setup.md, or run doctor.',
      };
    const rejected = counts.rejectedInARow();
    if (rejected >= maxInARow)
      return {
        cause: `The newest ${rejected} authentic deliveries were not understood.`,
        cure: 'Run deliveries list --status rejected: each says why. Often a newer version of this service is needed.',
      };
    if (silentAt === undefined || cameSince(silentAt)) return undefined;
    return {
      cause: `Changes were found at ${isoTime(silentAt)} that no webhook had told of.`,
      cure: 'Look at the history of the hook in Gitea: often ALLOWED_HOST_LIST is missing. Run doctor.',
    };
  }

  function check(): Promise<Check> {
    const why = trouble();
    return Promise.resolve({
      status: why === undefined ? 'ok' : 'degraded',
      ...why,
      ...counts.read(),
    });
  }

  return { check, passEnded };
}
