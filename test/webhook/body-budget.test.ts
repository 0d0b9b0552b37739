import { describe, expect, onTestFinished, test } from 'vitest';

import { budgetFor, createBodyBudget, type BodyBudget } from '../../src/webhook/body-budget.ts';
import { openSocket, requestHead, untilClosed } from '../support/raw-http.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService } from '../support/service.ts';

const mebibyte = 1024 * 1024;

/** Opens a place; its `evicted` turns true when it has to make room. */
function hold(budget: BodyBudget, address: string) {
  const state = { evicted: false };
  const place = budget.open(address, () => (state.evicted = true));
  return { ...place, state };
}

describe('the budget', () => {
  /** A budget of 64 MiB, 32 for an address, on a clock of its own. */
  function create() {
    const clock = { at: 0 };
    return { clock, budget: createBodyBudget(64 * mebibyte, () => clock.at) };
  }

  test('is an eighth of a limited memory, and never less than one body', () => {
    expect(budgetFor(0)).toBe(64 * mebibyte);
    expect(budgetFor(2 ** 63)).toBe(64 * mebibyte);
    expect(budgetFor(256 * mebibyte)).toBe(32 * mebibyte);
    expect(budgetFor(64 * mebibyte)).toBe(16 * mebibyte);
  });

  test('an address that is full makes room by its slowest body, and by no other', () => {
    const { clock, budget } = create();
    const [other, stalled, moving] = ['b', 'a', 'a'].map((address) => hold(budget, address));
    other?.take(10 * mebibyte);
    stalled?.take(15 * mebibyte);
    moving?.take(14 * mebibyte);
    clock.at = 1_000;
    moving?.take(mebibyte);
    const fresh = hold(budget, 'a');
    clock.at = 1_001;
    expect(fresh.take(4 * mebibyte)).toBe(true);
    expect([other, stalled, moving].map((one) => one?.state.evicted)).toEqual([false, true, false]);
    expect(budget.held()).toBe(29 * mebibyte);
  });

  test('when all is held, the address that holds the most makes room', () => {
    const { clock, budget } = create();
    const places = ['a', 'a', 'b', 'b'].map((address) => hold(budget, address));
    for (const place of places) expect(place.take(15 * mebibyte)).toBe(true);
    const heavy = hold(budget, 'a');
    heavy.take(2 * mebibyte);
    clock.at = 1_000;
    const fresh = hold(budget, 'c');
    expect(fresh.take(5 * mebibyte)).toBe(true);
    expect(places.map(({ state }) => state.evicted)).toEqual([true, false, false, false]);
  });

  test('a drip after a burst counts as slow', () => {
    const { clock, budget } = create();
    const drip = hold(budget, 'a');
    const steady = hold(budget, 'a');
    drip.take(20 * mebibyte);
    for (clock.at = 100; clock.at <= 1_000; clock.at += 100) {
      drip.take(1);
      steady.take(mebibyte);
    }
    const fresh = hold(budget, 'a');
    expect(fresh.take(5 * mebibyte)).toBe(true);
    expect([drip.state.evicted, steady.state.evicted]).toEqual([true, false]);
  });

  test('the slowest is refused itself, and what is complete never makes room', () => {
    const { clock, budget } = create();
    const [complete, slow] = ['a', 'a'].map((address) => hold(budget, address));
    complete?.take(16 * mebibyte);
    complete?.complete();
    slow?.take(16 * mebibyte);
    clock.at = 1_000;
    expect(slow?.take(1)).toBe(false);
    slow?.release();
    slow?.release();
    expect(budget.held()).toBe(16 * mebibyte);
    const fresh = hold(budget, 'a');
    expect(fresh.take(17 * mebibyte)).toBe(false);
    expect(complete?.state.evicted).toBe(false);
    complete?.release();
    expect(budget.held()).toBe(0);
  });
});

describe('a genuine delivery of 1 MB', () => {
  /** A connection with an invented signature that announces 16 MiB and sends only so much of it. */
  async function stranger(url: string, bytes: number) {
    const socket = await openSocket(url);
    onTestFinished(() => void socket.destroy());
    const answer = untilClosed(socket);
    const head = requestHead('POST', [
      ['Content-Type', 'application/json'],
      ['X-Gitea-Signature', 'ab'.repeat(32)],
      ['Content-Length', String(16 * mebibyte)],
    ]);
    await new Promise((sent) => socket.write(head, sent));
    for (let left = bytes; left > 0; left -= mebibyte)
      await new Promise((sent) => socket.write(Buffer.alloc(mebibyte, 32), sent));
    return { answer };
  }

  const genuine = () => signedRequest(issuePayload({ body: 'x '.repeat(mebibyte / 2) }));

  // D9: the announced length took the budget, and the delivery was lost with a 503.
  test('is taken beside strangers who announce 16 MiB and send nothing', async () => {
    const service = await startService();
    for (let count = 0; count < 12; count += 1) await stranger(service.url, 0);
    expect(await service.send(genuine())).toMatchObject({ status: 200 });
  });

  test('is taken beside strangers who send 15 of 16 MiB and wait', async () => {
    const service = await startService();
    const answers: Promise<{ status: number }>[] = [];
    for (let count = 0; count < 4; count += 1)
      answers.push((await stranger(service.url, 15 * mebibyte)).answer);
    expect(await service.send(genuine())).toMatchObject({ status: 200 });
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toContain(503);
  });
});
