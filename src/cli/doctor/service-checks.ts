import type { GiteaRepository } from '../../gitea/schemas.ts';
import { skipped } from './check.ts';
import type { HookExpectation, RepositoryHooks } from './classify-hooks.ts';
import { checkDelivery } from './delivery-check.ts';
import { runCheck, type Diagnosis } from './diagnosis.ts';
import { pollingFinding } from './polling.ts';
import { probesFor, probeTargets } from './probe.ts';
import { checkService, createAskHealth, serviceUrl } from './service.ts';

interface ServiceContext {
  readonly repositories: readonly GiteaRepository[];
  readonly hooks: readonly RepositoryHooks[];
  readonly expected: HookExpectation;
  readonly databaseInUse: boolean | undefined;
}

/** Checks the running service, that deliveries arrive there, and that it missed none. */
export async function checkServiceAndDeliveries(
  diagnosis: Diagnosis,
  { repositories, hooks, expected, databaseInUse }: ServiceContext,
): Promise<void> {
  const { config, gitea, probe, pollMs, patienceMs, take } = diagnosis;
  const url = serviceUrl(config.host, config.port);
  const ask = createAskHealth(url ?? '');
  const health = await runCheck(diagnosis, { name: 'service' }, (signal) =>
    checkService({ url, ask, databaseInUse }, signal),
  );
  if (health === undefined) {
    take(skipped('This check needs a running service.', 'delivery'));
    return;
  }
  const probeDeps = { ...gitea, probe: probe && config.giteaToken !== undefined };
  const deps = {
    targets: probeTargets(repositories, hooks, expected),
    probes: (target: Parameters<typeof probesFor>[0], signal: AbortSignal) =>
      probesFor(target, probeDeps, signal),
    counts: async (signal: AbortSignal) => {
      const now = await ask(signal);
      return now === 'foreign' ? undefined : now?.checks.webhook;
    },
    expected,
    pollMs,
    patienceMs,
  };
  const deadlineMs = 2 * patienceMs + 10_000;
  const arrives = await runCheck(diagnosis, { name: 'delivery', deadlineMs }, (signal) =>
    checkDelivery(deps, signal),
  );
  const { reconcile } = health.checks;
  if (reconcile === undefined) return;
  take({ findings: [pollingFinding(reconcile, { arrives, url: expected.url })], value: undefined });
}
