import type { EdgeReport } from '../edge/calls.ts';
import type { Check } from '../http/health.ts';
import { isoTime } from '../issue/iso-time.ts';

/** Deliveries in a row that were refused or not understood, with none between that was taken, that mean trouble. */
const maxInARow = 3;

export type WebhookCheck = ReturnType<typeof createWebhookCheck>;

type WebhookReport = Pick<
  EdgeReport,
  'webhook' | 'refusedInARow' | 'rejectedInARow' | 'lastTakenAt'
>;

/**
 * Says whether deliveries arrive. Degraded when the newest ones were all refused or not understood, or when a
 * reconcile pass counted changes that no webhook had told of and none was taken since the pass before. The next
 * delivery that is taken ends all three. Strangers who send garbage or forged signatures degrade nothing, once a
 * delivery has shown from which address Gitea sends; behind a proxy all senders have one. `takenElsewhere`: whether
 * another replica has stored a delivery since a time; each counts its own.
 */
export function createWebhookCheck(
  report: () => Promise<WebhookReport>,
  now: () => number,
  takenElsewhere: (since: number) => Promise<boolean> = () => Promise.resolve(false),
) {
  let lastPassAt: number | undefined;
  /** When a pass found that the hooks are silent. */
  let silentAt: number | undefined;

  /** Notes the end of a reconcile pass; `missed`: changes that no webhook told of. */
  async function passEnded(missed: number): Promise<void> {
    const before = lastPassAt;
    lastPassAt = now();
    if (missed === 0 || before === undefined) return;
    // An edge that does not say is no sign of a silent hook.
    const isSilent = await report().then(
      async (said) => !(await hasCome(said, before)),
      () => false,
    );
    if (isSilent) silentAt = lastPassAt;
  }

  async function hasCome({ lastTakenAt }: WebhookReport, since: number): Promise<boolean> {
    return (lastTakenAt !== undefined && lastTakenAt >= since) || takenElsewhere(since);
  }

  async function trouble(
    said: WebhookReport,
  ): Promise<{ cause: string; cure: string } | undefined> {
    const { refusedInARow: refused, rejectedInARow: rejected } = said;
    if (refused >= maxInARow)
      return {
        cause: `The newest ${refused} deliveries were all refused.`,
        cure: 'Compare the secret and the content type of the hook with docs/setup.md, or run doctor.',
      };
    if (rejected >= maxInARow)
      return {
        cause: `The newest ${rejected} authentic deliveries were not understood.`,
        cure: 'Run deliveries list --status rejected: each says why. Often a newer version of this service is needed.',
      };
    if (silentAt === undefined || (await hasCome(said, silentAt))) return undefined;
    return {
      cause: `Changes were found at ${isoTime(silentAt)} that no webhook had told of.`,
      cure: 'Look at the history of the hook in Gitea: often ALLOWED_HOST_LIST is missing. Run doctor.',
    };
  }

  async function check(): Promise<Check> {
    const said = await report();
    const why = await trouble(said);
    return { status: why === undefined ? 'ok' : 'degraded', ...why, ...said.webhook };
  }

  return { check, passEnded };
}
