import { MessageChannel } from 'node:worker_threads';

import { expect, onTestFinished, test } from 'vitest';

import type { CoreCalls } from '../../src/edge/calls.ts';
import { openDoor } from '../../src/edge/door.ts';
import { createEdge } from '../../src/edge/edge.ts';
import type { IntakeStore } from '../../src/inbox/intake.ts';
import { createLogger } from '../../src/log.ts';
import { issuePayload, recordedSecret, signedRequest } from '../support/recordings.ts';

/** A store in which everything is stored already. */
const full: IntakeStore = {
  open: () => Promise.resolve(),
  close: () => Promise.resolve(),
  insert: () => Promise.resolve(new Set()),
  isStored: () => Promise.resolve(true),
  labelsOf: () => Promise.resolve(undefined),
  isNamedBlocker: () => Promise.resolve(false),
  isOurPull: () => Promise.resolve(true),
  provenTime: () => Promise.resolve(undefined),
  forget: () => Promise.resolve(),
  check: () =>
    Promise.resolve({
      ...({ status: 'ok', latencyMs: 0, synchronous: 'full' } as const),
      ...{ refusedWrites: 0, lastRefusedAt: null },
    }),
};

/** An edge whose core answers no look until the test lets it. */
async function startEdge() {
  const { port1, port2 } = new MessageChannel();
  const looks: string[] = [];
  const waiting: (() => void)[] = [];
  const look = (what: string) => {
    looks.push(what);
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  const core: Pick<CoreCalls, 'duplicate' | 'pullHint' | 'ping'> = {
    duplicate: (event) => look(`issue ${event.issue.number}`),
    pullHint: ({ of }) => look(JSON.stringify(of)),
    ping: () => undefined,
  };
  openDoor<object>(port1, core, () => undefined);
  const door = openDoor<CoreCalls>(port2, {}, () => undefined);
  const edge = createEdge({
    ...{ store: full, door, now: Date.now, account: undefined, maxAgeDays: undefined },
    ...{ followsPulls: true, followsDuplicates: true, trustProxy: [] },
    secrets: { current: recordedSecret },
    log: createLogger('error', { write: () => undefined }),
  });
  onTestFinished(async () => {
    await edge.close();
    door.close();
  });
  const url = await edge.app.listen({ host: '127.0.0.1', port: 0 });
  async function deliver(number: number) {
    const { headers, body } = signedRequest(issuePayload({ number }));
    const content = { method: 'POST', headers, body: new Uint8Array(body) };
    const reply = await fetch(`${url}/webhook/gitea`, content);
    expect(await reply.json()).toMatchObject({ status: 'duplicate' });
  }
  return {
    ...{ deliver, looks },
    /** Resolves when the core has heard of all that was answered. */
    heard: () => door.ask(5_000, 'ping'),
    endLooks: () => waiting.splice(0).forEach((end) => end()),
  };
}

test('however often a delivery comes again, the core owes one look, and none is owed for ever', async () => {
  const { deliver, looks, heard, endLooks } = await startEdge();
  for (let times = 0; times < 5; times += 1) await deliver(7);
  await heard();
  expect(looks).toEqual(['issue 7']);
  endLooks();
  await heard();
  await deliver(7);
  await heard();
  expect(looks).toEqual(['issue 7', 'issue 7']);
});

test('a core that answers nothing is owed a bounded number of looks', async () => {
  const { deliver, looks, heard } = await startEdge();
  await Promise.all(Array.from({ length: 250 }, (_, index) => deliver(index + 1)));
  await heard();
  expect(looks).toHaveLength(200);
});
