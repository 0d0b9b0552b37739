import type { FastifyInstance } from 'fastify';

export type CheckStatus = 'ok' | 'degraded' | 'down' | 'off';

/** One part of the service as `/health` shows it; further keys are for people. */
export type Check = { readonly status: CheckStatus } & Readonly<Record<string, unknown>>;

export interface HealthDeps {
  readonly version: string;
  readonly now: () => number;
  readonly startedAt: number;
  /** Checks by name. None may wait for the network. */
  readonly checks: Readonly<Record<string, () => Promise<Check>>>;
  /** Names of the checks that storing a delivery needs: when one of them is down, so is the service. */
  readonly essential: readonly string[];
  readonly isDraining: () => boolean;
}

/**
 * Registers `/livez` (the event loop turns), `/readyz` (deliveries can be stored) and `/health` (every check,
 * for people; 503 only when an essential one is down).
 */
export function registerHealth(app: FastifyInstance, deps: HealthDeps): void {
  app.get('/livez', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await runChecks(deps, deps.essential);
    const ready =
      !deps.isDraining() && Object.values(checks).every(({ status }) => status !== 'down');
    const status = deps.isDraining() ? 'draining' : ready ? 'ready' : 'not_ready';
    return reply.code(ready ? 200 : 503).send({ status });
  });
  app.get('/health', async (_request, reply) => {
    const checks = await runChecks(deps, Object.keys(deps.checks));
    const status = overall(checks, deps.essential);
    const uptimeSeconds = Math.floor((deps.now() - deps.startedAt) / 1000);
    return reply
      .code(status === 'down' ? 503 : 200)
      .send({ status, version: deps.version, uptimeSeconds, checks });
  });
}

async function runChecks(
  deps: HealthDeps,
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
