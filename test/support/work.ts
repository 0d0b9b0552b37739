import { expect } from 'vitest';
import { z } from 'zod';

import { manualClock } from './clock.ts';
import type { PayloadChanges } from './recordings.ts';
import { startService, type ServiceOptions } from './service.ts';
import { claim, issueEvent, type HeldClaim } from './workers.ts';

export const leaseSeconds = 60;
const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Status and code of a refusal. */
export function codeOf({ status, json }: { status: number; json: unknown }): string {
  return `${status} ${refusalSchema.parse(json).error.code}`;
}

/** A service with a clock of its own, the tokens of the workers, and a way to tell of issues. */
export async function startWork({ env, ...options }: ServiceOptions = {}) {
  const clock = manualClock();
  const service = await startService({
    ...{ clock, workers: true },
    ...options,
    env: {
      GITEA_BOT_USERNAME: 'coordinator-bot',
      LEASE_SECONDS: String(leaseSeconds),
      ...env,
    },
  });
  let second = Date.parse('2026-11-23T10:00:00Z');
  async function tell(number: number, more: PayloadChanges = {}) {
    second += 1_000;
    const { status } = await service.send(issueEvent(number, second, more));
    expect(status).toBe(200);
    await service.idle();
  }
  async function held(worker: string, more: Parameters<typeof claim>[2] = {}): Promise<HeldClaim> {
    const answer = await claim(service, worker, more);
    if (answer.claim === null) throw new Error(`nothing to claim: ${JSON.stringify(answer)}`);
    expect(answer.status).toBe(201);
    return answer.claim;
  }
  async function stateOf(number: number): Promise<string> {
    const plan = await service.plan(`acme/orbit#${number}`);
    return `${plan?.state} ${plan?.reason.code}`;
  }
  return { ...service, clock, tell, held, stateOf };
}
