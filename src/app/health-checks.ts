import type { ClaudeStatus } from '../claude/client.ts';
import type { Database } from '../db/database.ts';
import type { GiteaStatus } from '../gitea/transport.ts';
import type { Check } from '../http/health.ts';
import { isoTime } from '../issue/iso-time.ts';
import { findReconciliation } from '../reconcile/rows.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Parts } from './parts.ts';

/** Without these nothing is taken, or nothing is handled: when one is down, the service is down. */
export const essentialChecks = ['store', 'intake'];

type HealthParts = Pick<
  Parts,
  | ('db' | 'engine' | 'inbox' | 'webhookCheck' | 'edgeReport' | 'takeIn')
  | ('gitea' | 'claude' | 'publisher' | 'reconciliation')
  | ('verification' | 'forge' | 'notifier' | 'tracing')
>;

/** The checks of `/health` by name; none of them waits for the network. */
export function healthChecks(parts: HealthParts): Record<string, () => Promise<Check>> {
  const { db, engine, inbox, publisher, reconciliation } = parts;
  return {
    store: engine.check,
    intake: async () => (await parts.edgeReport()).intake,
    inbox: async () => {
      // What waits in front of the inbox counts as well; a store that is down is said above.
      await parts.takeIn().catch(() => undefined);
      const counts = await inbox.counts();
      return { status: counts.dead > 0 ? 'degraded' : 'ok', ...counts };
    },
    gitea: () => Promise.resolve(giteaCheck(parts.gitea?.status())),
    claude: () => Promise.resolve(claudeCheck(parts.claude?.status())),
    webhook: parts.webhookCheck.check,
    connections: async () => (await parts.edgeReport()).connections,
    reconcile: () => reconcileCheck(db, reconciliation),
    verification: async () =>
      (await parts.verification?.verifications.health()) ?? { status: 'off' },
    publish: async () =>
      publisher === undefined ? { status: 'off' } : { ...(await publisher.status()) },
    notify: async () => (await parts.notifier?.check()) ?? { status: 'off' },
    traces: () => Promise.resolve(parts.tracing.check()),
    forge: async () =>
      parts.forge === undefined || parts.verification === undefined
        ? { status: 'off' }
        : { ...(await parts.forge.status()) },
  };
}

/** A Gitea outage degrades the service: deliveries are accepted and wait until Gitea is back. */
function giteaCheck(status: GiteaStatus | undefined): Check {
  if (status === undefined) return { status: 'off' };
  return { status: status.lastError === null ? 'ok' : 'degraded', ...status };
}

/** A Claude outage degrades the service: deliveries are accepted and issues are planned without it. */
function claudeCheck(status: ClaudeStatus | undefined): Check {
  if (status === undefined) return { status: 'off', mode: 'offline' };
  return { status: isFailing(status) ? 'degraded' : 'ok', mode: 'claude', ...status };
}

/** Outcomes that are no fault of Claude: it declined one text, or its answer was cut off. */
const harmlessOutcomes: readonly (string | null)[] = [null, 'ok', 'refused', 'truncated'];

/** Paused, or useless last time: a proxy's page, a wrong model, a used-up allowance. */
function isFailing({ pausedUntil, lastOutcome }: ClaudeStatus): boolean {
  return pausedUntil !== null || !harmlessOutcomes.includes(lastOutcome);
}

/** Passes, differences and missed webhooks; off without a token, since nothing can be compared. */
async function reconcileCheck(
  db: Database,
  reconciliation: Reconciler | undefined,
): Promise<Check> {
  if (reconciliation === undefined) return { status: 'off' };
  const { passes, lastPassAt, differences, missed } = await findReconciliation(db);
  const lastError = reconciliation.lastError() ?? null;
  return {
    status: lastError === null ? 'ok' : 'degraded',
    passes,
    lastPassAt: lastPassAt === undefined ? null : isoTime(lastPassAt),
    differences,
    missed,
    sinceStart: reconciliation.sinceStart(),
    lastError,
  };
}
