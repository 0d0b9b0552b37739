import type { Check } from '../http/health.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { WebhookCounts } from '../webhook/counts.ts';

/** Refused deliveries in a row, with no authentic one between, that mean a hook set up wrongly. */
const maxRefusedInARow = 3;

export type WebhookCheck = ReturnType<typeof createWebhookCheck>;

/**
 * Says whether deliveries arrive. Degraded when the newest ones were all refused, or when a reconcile pass counted
 * changes that no webhook had told of and nothing authentic came since the pass before. The next authentic
 * delivery ends both, so strangers who send garbage degrade nothing while hooks work.
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
    const last = counts.lastAuthenticAt();
    return last !== undefined && last >= time;
  }

  function trouble(): { cause: string; cure: string } | undefined {
    const refused = counts.refusedInARow();
    if (refused >= maxRefusedInARow)
      return {
        cause: `The newest ${refused} deliveries were all refused.`,
        cure: 'Compare the secret and the content type of the hook with docs/setup.md, or run doctor.',
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
