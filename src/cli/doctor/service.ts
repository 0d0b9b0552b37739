import { z } from 'zod';

import type { CheckResult, DoctorFinding } from './finding.ts';

/** What the route for webhooks has counted since the start of the service. */
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
    /** What comparing with Gitea has come to since the start; `missed`: no webhook had told of it. */
    reconcile: z
      .looseObject({ sinceStart: z.looseObject({ passes: z.int(), missed: z.int() }) })
      .safeParse(checks['reconcile']).data?.sinceStart,
  })),
});
export type Health = z.infer<typeof healthSchema>;

/** Undefined: nobody listens. `foreign`: somebody else does. */
type AskHealth = (signal: AbortSignal) => Promise<Health | 'foreign' | undefined>;

/** Where the service listens, seen from this machine; undefined while its port is not known. */
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
  /** Somebody holds the database; undefined: it could not be looked at. */
  readonly held: boolean | undefined;
}

/** The running service, if there is one. */
export async function checkService(
  { url, ask, held }: ServiceDeps,
  signal: AbortSignal,
): Promise<CheckResult<Health>> {
  const name = 'service';
  const finding = (found: Omit<DoctorFinding, 'name'>, value?: Health): CheckResult<Health> => ({
    findings: [{ name, ...found }],
    value,
  });
  if (url === undefined) {
    const text = 'HOST or PORT does not tell where it listens, so no delivery can be awaited.';
    return finding({ mark: 'skipped', text });
  }
  const health = await ask(signal);
  if (health === 'foreign')
    return finding({
      mark: 'warning',
      text: `Something else answers at ${url}, or the coordinator of another version.`,
      cure: 'Choose another PORT, or run the doctor of the version that runs.',
    });
  if (health === undefined && held === true)
    return finding({
      mark: 'warning',
      text: `A service holds the database but does not answer at ${url}.`,
      cure: 'Run the doctor where the service runs, with the same HOST and PORT; if that is here, look at the log of the service.',
    });
  if (health === undefined)
    return finding({
      mark: 'hint',
      text: `None runs at ${url}, so it was not tried whether a webhook arrives.`,
      cure: 'Start it (npm start), and run the doctor again beside it.',
    });
  if (held === false)
    return finding(
      {
        mark: 'warning',
        text: `A coordinator runs at ${url}, but not on the database of DATABASE_URL.`,
        cure: 'Run the doctor with the environment of that service, or end one that was left behind.',
      },
      health,
    );
  const runs = `Version ${health.version} runs at ${url}`;
  if (health.checks.failing.length === 0) return finding({ mark: 'ok', text: `${runs}.` }, health);
  const cure = `${url}/health says more, and so does its log.`;
  const text = `${runs}, and is ${health.status}: ${health.checks.failing.join(', ')}.`;
  return finding({ mark: 'warning', text, cure }, health);
}
