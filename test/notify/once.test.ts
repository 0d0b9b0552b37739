import { expect, test } from 'vitest';

import { closed, noticesOf, stageNotices } from '../support/notices.ts';
import { startReceiver } from '../support/receiver.ts';

const commit = '8d9e51f'.padEnd(40, '0');
const target = (url: string) => ({ form: 'webhook', url, token: undefined }) as const;

/** The parameters of `no_agent_fits`, with a figure that drifts. */
const tooLarge = (likely: number) => ({
  ...{ difficulty: 'low', likely, high: likely, enable: [], trust: [] },
  ...{ split: null, nearest: null },
});

async function staged(pullRequests = true) {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [target(url)], pullRequests });
  /** Looks a minute later; the sentences that this told. */
  async function told(): Promise<string[]> {
    it.clock.advance(60_000);
    const before = received.length;
    await it.look();
    return received
      .slice(before)
      .flatMap(({ body }) => noticesOf(body).notices.map(({ text }) => text));
  }
  return { ...it, received, told };
}

test('a commit in review is told once, with and without its pull request', async () => {
  const it = await staged();
  await it.add(1);
  await it.become(1, 'in_review', 'gates_passed', { commit, pull: null });
  expect(await it.told()).toEqual(['Gates passed on 8d9e51f; it waits for review.']);
  await it.become(1, 'in_review', 'gates_passed', { commit, pull: 28 });
  expect(await it.told()).toEqual([]);
  const next = { commit: 'a'.repeat(40), pull: 28 };
  await it.become(1, 'in_review', 'gates_passed', next);
  expect(await it.told()).toHaveLength(1);
  await it.stop();
});

test('a commit in review is told with its pull request when that follows at once', async () => {
  const it = await staged();
  await it.add(1);
  await it.become(1, 'in_review', 'gates_passed', { commit, pull: null });
  await it.look();
  expect(it.received).toEqual([]);
  it.clock.advance(5_000);
  await it.become(1, 'in_review', 'gates_passed', { commit, pull: 28 });
  await it.look();
  expect(it.received).toHaveLength(1);
  expect(it.received[0]?.body).toContain('pull request !28 waits for review');
  expect(await it.told()).toEqual([]);
  await it.stop();
});

test('where no pull requests are opened nobody waits for one', async () => {
  const it = await staged(false);
  await it.add(1);
  await it.become(1, 'in_review', 'gates_passed', { commit, pull: null });
  await it.look();
  expect(it.received).toHaveLength(1);
  await it.stop();
});

test('what is too large is told once, however the figure drifts', async () => {
  const it = await staged();
  await it.add(1);
  await it.become(1, 'oversized', 'no_agent_fits', tooLarge(206_105));
  expect(await it.told()).toHaveLength(1);
  await it.become(1, 'oversized', 'no_agent_fits', tooLarge(250_517));
  expect(await it.told()).toEqual([]);
  await it.stop();
});

test('one more cause is told, one that is gone is not', async () => {
  const it = await staged();
  await it.add(1);
  const waitsFor = (...refs: string[]) =>
    it.become(1, 'needs_human', 'blocker_not_merged', { refs, more: 0 });
  const counts: number[] = [];
  for (const refs of [['a/b#2'], ['a/b#2', 'a/b#3'], ['a/b#3'], []]) {
    await (refs.length === 0
      ? it.become(1, 'ready', 'ready', { agent: 'opus' })
      : waitsFor(...refs));
    counts.push((await it.told()).length);
  }
  expect(counts).toEqual([1, 1, 0, 0]);
  await it.stop();
});

test('deliveries given up are told when one more comes up, and not when one is replayed', async () => {
  const it = await staged();
  const counts: number[] = [];
  for (const keys of [['a'], ['b', 'a'], ['a'], ['c', 'a'], []]) {
    it.trouble.splice(0);
    if (keys.length > 0) it.trouble.push({ kind: 'deliveries', keys, sentence: 'Given up.' });
    counts.push((await it.told()).length);
  }
  expect(counts).toEqual([1, 1, 0, 1, 0]);
  await it.stop();
});

test('two hundred issues that come into review within a minute are a few messages', async () => {
  const it = await staged();
  for (let number = 1; number <= 200; number++) {
    await it.add(number);
    const params = { commit: String(number).padStart(40, '0'), pull: number };
    await it.become(number, 'in_review', 'gates_passed', params);
    it.clock.advance(300);
    if (number % 17 === 0) await it.look();
  }
  // A look by itself may have been under way; what came after it is told by the next one.
  await it.told();
  await it.told();
  const messages = it.received.map(({ body }) => noticesOf(body));
  expect(messages.length).toBeLessThanOrEqual(5);
  const counted = messages.map(({ notices, more }) => notices.length + more);
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(200);
  expect(await it.told()).toEqual([]);
  await it.stop();
});

test('a process that is killed before it notes the answer sends the same message again', async () => {
  const { url, received } = await startReceiver();
  let isKilled = false;
  const it = await stageNotices({
    targets: [target(url)],
    around: (writes) => ({
      ...writes,
      // As if the process had ended after the answer: what it would write never comes.
      run: (work) =>
        isKilled && received.length > 0 ? new Promise(() => undefined) : writes.run(work),
    }),
  });
  await it.add(1);
  await it.become(1, ...closed(7));
  isKilled = true;
  const looking = it.look();
  await expect.poll(() => received.length).toBe(1);
  isKilled = false;
  it.begin();
  await it.look();
  expect(received).toHaveLength(2);
  const [first, second] = received.map(({ headers, body }) => [
    headers['webhook-id'],
    noticesOf(body),
  ]);
  expect(second).toEqual(first);
  void looking;
  await it.stop();
});
