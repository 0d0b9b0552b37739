import { expect } from 'vitest';

import type { Sent } from './delivery-history.ts';
import type { startChild } from '../../support/process.ts';

/** Requests under way at the same time. */
export const senders = 8;
/** A service that neither answers nor dies is not waited for. */
const answerDeadlineMs = 15_000;

/** When the service is killed: so many answers after its start, and then so many turns of the event loop. */
export interface KillTime {
  readonly answers: number;
  readonly turns: number;
}

/** Some moment before the last answers to `count` deliveries. */
export function randomKillTime(count: number, random: () => number): KillTime {
  return {
    answers: 1 + Math.floor(random() * (count - senders)),
    turns: Math.floor(random() * 20),
  };
}

export interface Load {
  readonly service: Pick<ReturnType<typeof startChild>, 'send' | 'exit'>;
  readonly url: string;
  readonly batch: readonly Sent[];
  /** The ids answered with 200 are put in here. */
  readonly acknowledged: Set<string>;
  /** Undefined: the service ends by itself. */
  readonly killAt: KillTime | undefined;
}

/**
 * Sends `batch`, a few at a time, to a service that is killed meanwhile. Returns, after its end, the ids
 * that were under way when it came.
 */
export async function sendUntilEnd(load: Load): Promise<string[]> {
  const { service, url, acknowledged, killAt } = load;
  const queue = [...load.batch];
  const inFlight: string[] = [];
  let answers = 0;
  let killing: Promise<void> | undefined;

  async function sender(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const reply = await post(url, next);
      if (reply === 'refused') return;
      if (reply === 'cut off') {
        inFlight.push(next.id);
        return;
      }
      // The machine stood still for so long that the request was too late: it was not read, and comes again.
      if (reply.status === 408) {
        queue.push(next);
        continue;
      }
      expect(reply.status).toBe(200);
      acknowledged.add(next.id);
      answers += 1;
      if (answers === killAt?.answers) killing = kill(killAt.turns);
      await reply.arrayBuffer().catch(() => undefined);
    }
  }

  async function kill(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
    service.send('SIGKILL');
  }

  await Promise.all(Array.from({ length: senders }, sender));
  await killing;
  await service.exit();
  return inFlight;
}

/** `cut off`: whether this one was stored is not known; `refused`: nobody was there any more. */
async function post(url: string, { request }: Sent): Promise<Response | 'cut off' | 'refused'> {
  try {
    return await fetch(`${url}/webhook/gitea`, {
      method: 'POST',
      headers: request.headers,
      body: new Uint8Array(request.body),
      signal: AbortSignal.timeout(answerDeadlineMs),
    });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
      ? 'refused'
      : 'cut off';
  }
}
