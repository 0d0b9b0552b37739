import { z } from 'zod';

import type { CheckResult, DoctorFinding } from './finding.ts';

/** Counts of the webhook route since the start of the service. */
const webhookSchema = z.object({
  accepted: z.int(),
  duplicate: z.int(),
  ignored: z.int(),
  rejected: z.int(),
  refusedSignature: z.int(),
  refusedContentType: z.int(),
  refusedOther: z.int(),
  lastAuthenticAt: z.string().nullable(),
  lastRefusedAt: z.string().nullable(),
});
export type WebhookCounts = z.infer<typeof webhookSchema>;

const checkSchema = z.looseObject({ status: z.string() });

const healthSchema = z.object({
  status: z.enum(['ok', 'degraded', 'down']),
  version: z.string(),
  uptimeSeconds: z.number(),
  checks: z.record(z.string(), checkSchema).transform((checks) => ({
    failing: Object.entries(checks)
      .filter(([, { status }]) => status === 'degraded' || status === 'down')
      .map(([name]) => name),
    webhook: webhookSchema.safeParse(checks['webhook']).data,
    /** Reconciling since the start; `missed`: changes that no webhook had reported. */
    reconcile: z
      .looseObject({ sinceStart: z.looseObject({ passes: z.int(), missed: z.int() }) })
      .safeParse(checks['reconcile']).data?.sinceStart,
  })),
});
export type Health = z.infer<typeof healthSchema>;

/** Undefined: nothing listens. `foreign`: another program does. */
type AskHealth = (signal: AbortSignal) => Promise<Health | 'foreign' | undefined>;

/** URL of the service, seen from this machine; undefined when its port is not known. */
export function serviceUrl(host: string | undefined, port: number | undefined): string | undefined {
  if (host === undefined || port === undefined || port === 0) return undefined;
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`;
}

const answerDeadlineMs = 5_000;

export function createAskHealth(url: string): AskHealth {
  return async (signal) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(answerDeadlineMs)]);
    try {
      const reply = await fetch(`${url}/health`, { redirect: 'manual', signal: deadline });
      const health = healthSchema.safeParse(await reply.json().catch(() => undefined));
      return health.data ?? 'foreign';
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  };
}

interface ServiceDeps {
  readonly url: string | undefined;
  readonly ask: AskHealth;
  /** A service uses the database; undefined when that could not be checked. */
  readonly databaseInUse: boolean | undefined;
}

/** Checks the running service, if there is one. */
export async function checkService(
  { url, ask, databaseInUse }: ServiceDeps,
  signal: AbortSignal,
): Promise<CheckResult<Health>> {
  const name = 'service';
  const finding = (found: Omit<DoctorFinding, 'name'>, value?: Health): CheckResult<Health> => ({
    findings: [{ name, ...found }],
    value,
  });
  if (url === undefined) {
    const text = 'HOST or PORT does not say where it listens, so no delivery can be checked.';
    return finding({ mark: 'skipped', text });
  }
  const health = await ask(signal);
  if (health === 'foreign')
    return finding({
      mark: 'warning',
      text: `Another program answers at ${url}, or another version of the coordinator.`,
      cure: 'Choose another PORT, or run the doctor of the running version.',
    });
  if (health === undefined && databaseInUse === true)
    return finding({
      mark: 'warning',
      text: `A service uses the database but does not answer at ${url}.`,
      cure: 'Run the doctor where the service runs, with the same HOST and PORT. If that is here, read the log of the service.',
    });
  if (health === undefined)
    return finding({
      mark: 'hint',
      text: `No service runs at ${url}, so the doctor could not check that a webhook arrives.`,
      cure: 'Start the service (npm start) and run the doctor again.',
    });
  if (databaseInUse === false)
    return finding(
      {
        mark: 'warning',
        text: `A coordinator runs at ${url}, but it uses another database than DATABASE_URL.`,
        cure: 'Run the doctor with the environment of that service, or stop a service that was left behind.',
      },
      health,
    );
  const runs = `Version ${health.version} runs at ${url}`;
  if (health.checks.failing.length === 0) return finding({ mark: 'ok', text: `${runs}.` }, health);
  const cure = `Read ${url}/health and the log of the service.`;
  const text = `${runs}, and is ${health.status}: ${health.checks.failing.join(', ')}.`;
  return finding({ mark: 'warning', text, cure }, health);
}
