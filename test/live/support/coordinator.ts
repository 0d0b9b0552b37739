import { expect } from 'vitest';
import { z } from 'zod';

import type { Environment } from '../../../src/config.ts';
import { startServiceProcess } from '../../support/process.ts';
import { apiToken, planSchema, type PlanAnswer } from '../../support/service.ts';
import { claimAnswerSchema } from '../../support/workers.ts';
import type { World } from './world.ts';

const healthSchema = z.object({
  status: z.string(),
  checks: z.record(z.string(), z.looseObject({ status: z.string() })),
});

/** The coordinator of a world in a process of its own, always at the same address and on the same data. */
export async function startCoordinator(
  world: World,
  env: Environment = {},
  args: readonly string[] = [],
) {
  const environment = { ...world.environment, ...env };
  const service = await startServiceProcess(world.directory, environment, args);
  const { exit, kill, output, hasEnded } = service;

  /** Calls the API with the token of the tests. */
  async function call(method: 'GET' | 'POST', path: string, options: CallOptions = {}) {
    const reply = await fetch(`${world.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiToken}`,
        'content-type': 'application/json',
        ...options.headers,
      },
      ...(method === 'GET' ? {} : { body: JSON.stringify(options.body ?? {}) }),
      signal: AbortSignal.timeout(15_000),
    });
    const json: unknown = await reply.json();
    return { status: reply.status, json };
  }

  return {
    call,
    output,
    exit,
    hasEnded,
    /** One plan; undefined while the coordinator knows no such issue. */
    plan: async (number: number): Promise<PlanAnswer | undefined> => {
      const { status, json } = await call('GET', `/issues/${world.repository()}/${number}`);
      return status === 404 ? undefined : planSchema.parse(json);
    },
    health: async () => {
      const headers = { authorization: `Bearer ${apiToken}` };
      const signal = AbortSignal.timeout(15_000);
      const reply = await fetch(`${world.url}/health`, { headers, signal });
      return healthSchema.parse(await reply.json());
    },
    /** Claims whatever is ready first. */
    claim: async () => {
      const { json } = await call('POST', '/claims');
      const { claim } = claimAnswerSchema.parse(json);
      if (claim === null) throw new Error(`Nothing is handed out: ${JSON.stringify(json)}`);
      return {
        issue: claim.issue,
        end: async (how: 'release' | 'block' | 'complete', body: unknown) => {
          const path = `/claims/${claim.claimId}/${how}`;
          const { status } = await call('POST', path, {
            body,
            headers: { 'x-claim-token': claim.token },
          });
          expect(status).toBe(200);
        },
      };
    },
    stop: async () => {
      expect(await kill('SIGTERM')).toEqual({ code: 0, signal: null });
    },
    kill: () => kill('SIGKILL'),
  };
}

export type Coordinator = Awaited<ReturnType<typeof startCoordinator>>;

interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
