import { setTimeout as sleep } from 'node:timers/promises';

import { call, claim, issueEvent, workerNames, type HeldClaim } from '../test/support/workers.ts';

/** Issues that change at the same time; older ones are left as they are. */
const windowSize = 60;
/** Pause between two deliveries of a sender, milliseconds, in the run without kills. */
const deliveryPaceMs = 400;
const senders = 2;
const answerDeadlineMs = 15_000;
/** Answers that an honest worker can get while issues close underneath it. */
const expectedStatuses: readonly number[] = [200, 201, 409, 429];

interface Issue {
  version: number;
  open: boolean;
  body: string;
}

export interface SoakLoad {
  /** Ids of deliveries that were answered 200. */
  readonly acknowledged: ReadonlySet<string>;
  readonly counts: { claims: number; heartbeats: number; ended: number; withdrawn: number };
  /** Answers that nobody should get. */
  readonly failures: readonly string[];
  /** By number: title and open flag of the newest delivery, as stored. */
  expected(): Map<number, string>;
  run(url: string, how: { workers: number; paceMs: number }): { stop(): Promise<void> };
  /** Sends what is not acknowledged yet, and waits until all is handled. */
  settle(url: string): Promise<void>;
}

interface Delivery {
  readonly id: string;
  readonly request: ReturnType<typeof issueEvent>;
}

/**
 * Webhooks about issues that open, change and close, and workers who claim them. A delivery without an answer
 * is sent again under its id, and a claim under its key, so that what must be stored is known exactly.
 */
export function createSoakLoad(random: () => number, newId: () => string): SoakLoad {
  const acknowledged = new Set<string>();
  const failures: string[] = [];
  const counts = { claims: 0, heartbeats: 0, ended: 0, withdrawn: 0 };
  const issues = new Map<number, Issue>();
  const unanswered: Delivery[] = [];
  const held = new Map<string, HeldClaim>();
  const pendingKeys = new Map<string, string>();
  let newest = 0;
  let clock = Date.now() - 3_600_000;

  function nextDelivery(): Delivery {
    const waiting = unanswered.shift();
    if (waiting !== undefined) return waiting;
    const isNew = newest < windowSize || random() < 0.3;
    const number = isNew ? (newest += 1) : Math.max(1, newest - Math.floor(random() * windowSize));
    const issue = issues.get(number) ?? { version: 0, open: true, body: textOf(number) };
    const closes = !isNew && random() < 0.4;
    const changed = {
      ...issue,
      version: issue.version + 1,
      open: closes ? !issue.open : issue.open,
    };
    issues.set(number, changed);
    clock += 1_000;
    const id = newId();
    const request = issueEvent(number, clock, {
      action: isNew ? 'assigned' : closes ? (changed.open ? 'reopened' : 'closed') : 'edited',
      title: titleOf(number, changed),
      body: changed.body,
      open: changed.open,
    });
    request.headers['x-gitea-delivery'] = id;
    return { id, request };
  }

  /** Some wait for an earlier issue. */
  function textOf(number: number): string {
    const blocker = number - 1 - Math.floor(random() * 10);
    const wait = blocker > 0 && random() < 0.3 ? `\n\nBlocked by #${blocker}` : '';
    return `Total estimated: 20k${wait}`;
  }

  async function send(url: string, delivery: Delivery): Promise<boolean> {
    const { headers, body } = delivery.request;
    try {
      const reply = await fetch(`${url}/webhook/gitea`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(answerDeadlineMs),
      });
      await reply.arrayBuffer();
      if (reply.status === 200) acknowledged.add(delivery.id);
      else failures.push(`a delivery was answered ${reply.status}`);
      return true;
    } catch {
      unanswered.push(delivery);
      return false;
    }
  }

  /** One call of a worker; throws when the service is gone. */
  async function work(url: string, worker: string): Promise<void> {
    const service = { url };
    const mine = held.get(worker);
    if (mine === undefined) {
      const key = pendingKeys.get(worker) ?? newId();
      pendingKeys.set(worker, key);
      const answer = await claim(service, worker, {
        headers: { 'idempotency-key': key },
        body: {},
      });
      pendingKeys.delete(worker);
      if (answer.claim === null) return;
      counts.claims += 1;
      held.set(worker, answer.claim);
      return;
    }
    const what = pick(random());
    const { status, json } = await call(service, worker, {
      held: mine,
      what,
      body: bodies[what](mine),
    });
    if (!expectedStatuses.includes(status))
      failures.push(`${what}: ${status} ${JSON.stringify(json)}`);
    if (status === 409) counts.withdrawn += 1;
    else if (what === 'heartbeat') counts.heartbeats += 1;
    else counts.ended += 1;
    if (status === 409 || what !== 'heartbeat') held.delete(worker);
  }

  return {
    acknowledged,
    counts,
    failures,
    expected: () =>
      new Map(
        [...issues].map(([number, issue]) => [
          number,
          `${titleOf(number, issue)} ${issue.open ? 1 : 0}`,
        ]),
      ),
    run(url, { workers, paceMs }) {
      let stopped = false;
      const sending = Array.from({ length: senders }, async () => {
        while (!stopped) {
          if (!(await send(url, nextDelivery()))) return;
          if (paceMs > 0) await sleep(deliveryPaceMs);
        }
      });
      const working = workerNames.slice(0, workers).map(async (worker) => {
        while (!stopped) {
          const gone = await work(url, worker).then(
            () => false,
            () => true,
          );
          if (gone) return;
          await sleep(Math.max(20, paceMs * (0.5 + random())));
        }
      });
      return {
        async stop() {
          stopped = true;
          await Promise.all([...sending, ...working]);
        },
      };
    },
    async settle(url) {
      while (unanswered.length > 0) await send(url, nextDelivery());
      // Longer than handling what was just accepted takes.
      await sleep(5_000);
    },
  };
}

function titleOf(number: number, { version }: Issue): string {
  return `Issue ${number}, version ${version}`;
}

const bodies = {
  heartbeat: () => ({ contextUsed: 30_000, contextLimit: 200_000 }),
  release: () => ({ reason: 'Rotated.', handoff: 'Half way.' }),
  complete: ({ claimId }: HeldClaim) => ({ commit: claimId.replaceAll('-', '') }),
};

function pick(chance: number): keyof typeof bodies {
  if (chance < 0.75) return 'heartbeat';
  return chance < 0.9 ? 'release' : 'complete';
}
