import type { FastifyInstance } from 'fastify';

import { createRecent } from '../lib/recent.ts';

export type CheckStatus = 'ok' | 'degraded' | 'down' | 'off';

/** One part of the service as `/health` shows it; further keys are for people. */
export type Check = { readonly status: CheckStatus } & Readonly<Record<string, unknown>>;

/** True for a check that somebody should look at. */
export function isFailing({ status }: { readonly status: string }): boolean {
  return status === 'degraded' || status === 'down';
}

export interface HealthDeps {
  readonly version: string;
  readonly now: () => number;
  readonly startedAt: number;
  /** Checks by name. None may wait for the network. */
  readonly checks: Readonly<Record<string, () => Promise<Check>>>;
  /** Names of the checks without which nothing is taken or handled: when one of them is down, so is the service. */
  readonly essential: readonly string[];
  /** True for a caller who may see the details. */
  readonly isKnown: (authorization: string | undefined) => boolean;
}

/** How long one answer serves all strangers: their number must not cost the deliveries their time. */
const strangersAgeMs = 1_000;

interface LivenessDeps {
  /** Whether deliveries can be stored. */
  readonly check: () => Promise<Pick<Check, 'status'>>;
  readonly isDraining: () => boolean;
}

/** Registers `/livez` (the event loop turns) and `/readyz` (deliveries can be stored). */
export function registerLiveness(app: FastifyInstance, { check, isDraining }: LivenessDeps): void {
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const isDown = await check().then(
      ({ status }) => status === 'down',
      () => true,
    );
    const ready = !isDraining() && !isDown;
    const status = isDraining() ? 'draining' : ready ? 'ready' : 'not_ready';
    return reply.code(ready ? 200 : 503).send({ status });
  });
}

/**
 * Registers `/health` (503 only when an essential check is down). Strangers see the status alone, at most a second
 * old; whoever sends a token of the API sees every check.
 */
export function registerHealth(app: FastifyInstance, deps: HealthDeps): void {
  const examine = async () => {
    const checks = await runChecks(deps, Object.keys(deps.checks));
    return { status: overall(checks, deps.essential), checks };
  };
  // It never fails: a check that does is `down`, which is kept as any other answer.
  const forStrangers = createRecent({ work: examine, freshMs: strangersAgeMs });
  // For a container's health check, which sends no token.
  app.get('/health/webhook', async (_request, reply) => {
    const { webhook } = await runChecks(deps, ['webhook']);
    const status = webhook?.status ?? 'off';
    return reply.code(isFailing({ status }) ? 503 : 200).send({ status });
  });
  app.get('/health', async (request, reply) => {
    if (!deps.isKnown(request.headers.authorization)) {
      const { status } = await forStrangers.ask();
      return reply.code(status === 'down' ? 503 : 200).send({ status });
    }
    const { status, checks } = await examine();
    const uptimeSeconds = Math.floor((deps.now() - deps.startedAt) / 1000);
    return reply
      .code(status === 'down' ? 503 : 200)
      .send({ status, version: deps.version, uptimeSeconds, checks });
  });
}

/** Runs the named checks; one that fails is `down`. */
export async function runChecks(
  deps: Pick<HealthDeps, 'checks'>,
  names: readonly string[],
): Promise<Record<string, Check>> {
  const results: Record<string, Check> = {};
  for (const name of names) {
    try {
      results[name] = (await deps.checks[name]?.()) ?? { status: 'off' };
    } catch {
      results[name] = { status: 'down' };
    }
  }
  return results;
}

function overall(checks: Record<string, Check>, essential: readonly string[]): CheckStatus {
  if (essential.some((name) => checks[name]?.status === 'down')) return 'down';
  const fine = Object.values(checks).every(({ status }) => status === 'ok' || status === 'off');
  return fine ? 'ok' : 'degraded';
}
