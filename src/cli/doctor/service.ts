import { z } from 'zod';

import { isFailing } from '../../http/health.ts';
import { hostListCure } from './hook-rules.ts';
import { hint, ok, resultOf, skipped, warning, type CheckResult, type Outcome } from './finding.ts';

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

const statusSchema = z.enum(['ok', 'degraded', 'down']);

/** What strangers get. */
const statusOnlySchema = z.strictObject({ status: statusSchema });

const healthSchema = z.object({
  status: statusSchema,
  version: z.string(),
  uptimeSeconds: z.number(),
  checks: z.record(z.string(), checkSchema).transform((checks) => ({
    failing: Object.entries(checks)
      .filter(([, check]) => isFailing(check))
      .map(([name]) => name),
    webhook: webhookSchema.safeParse(checks['webhook']).data,
    /** `off`: nothing is verified; `hint`: what keeps verifications waiting. */
    verification: z
      .looseObject({ status: z.string(), hint: z.string().optional() })
      .safeParse(checks['verification']).data,
    /** Reconciling since the start; `missed`: changes that no webhook had reported. */
    reconcile: z
      .looseObject({ sinceStart: z.looseObject({ passes: z.int(), missed: z.int() }) })
      .safeParse(checks['reconcile']).data?.sinceStart,
  })),
});
type Health = z.infer<typeof healthSchema>;

/** URL of the service, seen from this machine; undefined when its port is not known. */
export function serviceUrl(host: string | undefined, port: number | undefined): string | undefined {
  if (host === undefined || port === undefined || port === 0) return undefined;
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`;
}

const answerDeadlineMs = 5_000;

/** Where the running service is, and a token of its API for the details of its health. */
export interface ServiceAddress {
  readonly url: string;
  readonly token: string | undefined;
}

/** Undefined: nothing listens. `foreign`: another program does. `closed`: it shows its status alone. */
export async function askHealth({ url, token }: ServiceAddress, signal: AbortSignal) {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(answerDeadlineMs)]);
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const reply = await fetch(`${url}/health`, { headers, redirect: 'manual', signal: deadline });
    const answer: unknown = await reply.json().catch(() => undefined);
    const health = healthSchema.safeParse(answer).data;
    if (health !== undefined) return { kind: 'open' as const, health };
    const closed = statusOnlySchema.safeParse(answer).data;
    return closed === undefined ? ('foreign' as const) : { kind: 'closed' as const, ...closed };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/**
 * Checks the running service, if there is one. `databaseInUse`: a service uses the database; undefined when
 * that could not be checked.
 */
export async function checkService(
  service: ServiceAddress | undefined,
  databaseInUse: boolean | undefined,
  signal: AbortSignal,
): Promise<CheckResult<Health>> {
  const name = 'service';
  if (service === undefined) {
    const text = 'HOST or PORT does not say where it listens, so no delivery can be checked.';
    return resultOf(name, skipped(text));
  }
  const { url } = service;
  const answer = await askHealth(service, signal);
  if (answer === undefined || answer === 'foreign')
    return resultOf(name, describeSilence(answer, url, databaseInUse));
  if (databaseInUse === false) return resultOf(name, otherDatabase(url));
  if (answer.kind === 'closed') return resultOf(name, describeClosed(answer.status, service));
  return resultOf(name, describeHealth(answer.health, url), answer.health);
}

function otherDatabase(url: string): Outcome {
  return warning(
    `A coordinator runs at ${url}, but it uses another database than DATABASE_URL.`,
    'Run the doctor with the environment of that service, or stop a service that was left behind.',
  );
}

/** Without a token only the status is shown: what arrives cannot be counted then. */
function describeClosed(status: string, { url, token }: ServiceAddress): Outcome {
  const why =
    token === undefined
      ? 'API_TOKENS is not set here, so its details and its deliveries cannot be checked.'
      : 'It does not know the token of API_TOKENS, so its details and its deliveries cannot be checked.';
  const text = `A coordinator runs at ${url} and says "${status}". ${why}`;
  const cure = 'Set API_TOKENS to the same value for the service and for the doctor.';
  return status === 'ok' ? hint(text, cure) : warning(text, cure);
}

function describeSilence(found: 'foreign' | undefined, url: string, databaseInUse?: boolean) {
  if (found === 'foreign')
    return warning(
      `Another program answers at ${url}, or another version of the coordinator.`,
      'Choose another PORT, or run the doctor of the running version.',
    );
  if (databaseInUse === true)
    return warning(
      `A service uses the database but does not answer at ${url}.`,
      'Run the doctor where the service runs, with the same HOST and PORT. If that is here, read the log of the service.',
    );
  return hint(
    `No service runs at ${url}, so the doctor could not check that a webhook arrives.`,
    'Start the service (npm start) and run the doctor again.',
  );
}

function describeHealth({ version, status, checks }: Health, url: string): Outcome {
  const runs = `Version ${version} runs at ${url}`;
  if (checks.failing.length === 0) return ok(`${runs}.`);
  return warning(
    `${runs}, and is ${status}: ${checks.failing.join(', ')}.`,
    `Read ${url}/health, with a token of API_TOKENS, and the log of the service.`,
  );
}

/** Changes that polling found although no webhook reported them; `arrives`: a delivery arrived just now. */
export function describePolling(
  { passes, missed }: { readonly passes: number; readonly missed: number },
  { arrives, url }: { readonly arrives: boolean | undefined; readonly url: string | undefined },
): Outcome {
  if (passes === 0) return hint('The service has not compared its database with Gitea yet.');
  if (missed === 0) return ok('No webhook was missed: polling found no other change.');
  const changes = missed === 1 ? 'a change' : `${missed} changes`;
  const text = `Since the service started, only polling found ${changes}: no webhook reported ${missed === 1 ? 'it' : 'them'}.`;
  if (arrives === true)
    return hint(
      `${text} Deliveries arrive now.`,
      'If the number grows, a repository has no webhook, or one that does not send all events.',
    );
  return warning(`${text} The likely cause is ALLOWED_HOST_LIST of Gitea.`, hostListCure(url));
}
