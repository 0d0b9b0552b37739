import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { giteaBot, type FakeGitea } from '../../fake-gitea/gitea.ts';
import { call, claim, type HeldClaim } from '../../support/workers.ts';

interface TeamOptions {
  readonly gitea: FakeGitea;
  /** Of the service. */
  readonly url: string;
  readonly workers: readonly string[];
  readonly random: () => number;
}

/** Pause between two acts of a person. */
const actPauseMs = 150;
/** Issues that are opened at most: with more, it is the machine that is tested. */
const maxIssues = 30;
/** Tries of a call whose answer got lost. */
const maxTries = 200;

/** People who act on Gitea at random, and workers who claim, work and hand over, until they are stopped. */
export function startTeam({ gitea, url, workers, random }: TeamOptions) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const counts = { acts: 0, claims: 0, retried: 0 };
  let last = 0;
  const pick = (limit: number) => 1 + Math.floor(random() * limit);

  async function act(): Promise<void> {
    const maria = gitea.as('maria');
    while (!signal.aborted) {
      const number = pick(Math.max(1, last));
      const ref = `acme/orbit#${number}`;
      const choice = random();
      if (last < 5 || (choice < 0.3 && last < maxIssues)) {
        const body = last > 2 ? `Blocked by: #${pick(last)}\nSmall.` : 'Small.';
        last = maria.openIssue('acme/orbit', { title: `Issue ${last + 1}`, body });
        maria.assign(`acme/orbit#${last}`, giteaBot);
      } else if (choice < 0.5) {
        if (gitea.issueOf(ref).open) maria.close(ref);
        else maria.reopen(ref);
      } else if (choice < 0.8) {
        // An earlier one: no cycles, which would be another test.
        const body = number > 1 ? `Blocked by: #${pick(number - 1)}\nSmall.` : 'Small.';
        maria.editIssue(ref, { body });
      } else maria.comment(ref, 'And now?');
      counts.acts += 1;
      await sleep(actPauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function work(worker: string): Promise<void> {
    while (!signal.aborted) {
      const key = randomUUID();
      const held = await repeatedly(() =>
        claim({ url }, worker, { body: {}, headers: { 'idempotency-key': key } }).then(
          (answer) => answer.claim,
        ),
      );
      if (held === undefined || held === null) {
        await sleep(100, undefined, { signal }).catch(() => undefined);
        continue;
      }
      counts.claims += 1;
      await finish(worker, held);
    }
  }

  /** One sign of life, and the handover: no failure of the issue. */
  async function finish(worker: string, held: HeldClaim): Promise<void> {
    await repeatedly(() => answered(call({ url }, worker, { held, what: 'heartbeat', body: {} })));
    const body = { reason: 'Next one.', handoff: 'Half of it is done.' };
    const key = { 'idempotency-key': randomUUID() };
    const ended = await repeatedly(() =>
      answered(call({ url }, worker, { held, what: 'release', body, headers: key })),
    );
    if (ended !== undefined) expect([200, 409]).toContain(ended.status);
  }

  /** The same call until it is answered: the replica may be killed, or the store away. */
  async function repeatedly<T>(ask: () => Promise<T>): Promise<T | undefined> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      try {
        return await ask();
      } catch {
        counts.retried += 1;
        await sleep(100);
      }
    }
    return undefined;
  }

  const done = Promise.all([act(), ...workers.map(work)]);
  return {
    stop: async () => {
      stopping.abort();
      await done;
      return { ...counts, issues: last };
    },
  };
}

async function answered(reply: ReturnType<typeof call>) {
  const answer = await reply;
  if (answer.status >= 500) throw new Error('no answer');
  return answer;
}
