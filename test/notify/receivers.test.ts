import { createServer } from 'node:net';
import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { messageTo } from '../../src/notify/messages.ts';
import { closed, noticesOf, secret, stageNotices } from '../support/notices.ts';
import { startReceiver } from '../support/receiver.ts';

const ntfySchema = z.object({ title: z.string(), click: z.string() });
const target = (url: string) => ({ form: 'webhook', url, token: undefined }) as const;

async function stagedWith(status: () => number, headers: Readonly<Record<string, string>> = {}) {
  const { url, received } = await startReceiver(status, headers);
  const it = await stageNotices({ targets: [target(url)] });
  await it.add(1);
  await it.become(1, ...closed(7));
  await it.look();
  expect(received).toHaveLength(1);
  /** Whether it is asked again when so much time has passed. */
  async function isAskedAfter(ms: number): Promise<boolean> {
    const before = received.length;
    it.clock.advance(ms);
    await it.look();
    return received.length > before;
  }
  return { ...it, received, isAskedAfter };
}

test('a receiver that asks for a pause gets it', async () => {
  let status = 429;
  const it = await stagedWith(() => status, { 'retry-after': '120' });
  expect(await it.isAskedAfter(119_000)).toBe(false);
  status = 200;
  expect(await it.isAskedAfter(2_000)).toBe(true);
  expect(await it.check()).toEqual({ status: 'ok', targets: 1 });
  await it.stop();
});

test('a pause may be a date, and is an hour at most', async () => {
  const it = await stagedWith(() => 503, { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' });
  expect(await it.isAskedAfter(3_599_000)).toBe(false);
  expect(await it.isAskedAfter(2_000)).toBe(true);
  await it.stop();
});

test('a receiver that is gone is told of at once, and asked once an hour', async () => {
  const it = await stagedWith(() => 410);
  expect(await it.check()).toMatchObject({ status: 'degraded', targets: 1 });
  expect(await it.isAskedAfter(3_599_000)).toBe(false);
  expect(await it.isAskedAfter(2_000)).toBe(true);
  await it.stop();
});

test('a receiver that never answers holds up no other one, and no end of the service', async () => {
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const sockets: { destroy: () => void }[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const good = await startReceiver();
  const it = await stageNotices({
    targets: [target(`http://127.0.0.1:${port}`), target(good.url)],
  });
  await it.add(1);
  await it.become(1, ...closed(7));
  const looking = it.look();
  await expect.poll(() => [sockets.length, good.received.length]).toEqual([1, 1]);
  const began = performance.now();
  await it.stop();
  await looking;
  expect(performance.now() - began).toBeLessThan(5_000);
});

/** The links of a signed message about each of these. */
function linksOf(
  about: readonly (readonly ['budget' | 'webhook' | 'deliveries', string | null])[],
  publicUrl: string | undefined,
) {
  const notices = about.map(([kind, ref]) => ({
    ...{ seq: 1, kind, ref, title: ref === null ? null : 'One', sentence: 'So it is.', at: 0 },
  }));
  const deps = { secret, publicUrl, giteaUrl: 'https://git.example.test', now: () => 0 };
  const { body } = messageTo(target('https://a.example.test'), { id: 'a', notices, more: 0 }, deps);
  return noticesOf(body).notices.map(({ url }) => url);
}

test('a notice leads to the page where it is seen to', () => {
  const about = [
    ['webhook', null],
    ['deliveries', null],
    ['budget', null],
    ['budget', 'acme/orbit#1'],
  ] as const;
  expect(linksOf(about, 'https://m.example.test')).toEqual([
    'https://m.example.test/status',
    'https://m.example.test/deliveries?status=dead',
    'https://m.example.test/agents',
    'https://m.example.test/issues/acme/orbit/1',
  ]);
  const onGitea = 'https://git.example.test/acme/orbit/issues/1';
  expect(linksOf(about, undefined)).toEqual([null, null, null, onGitea]);
});

test('messages say who sends them, name an issue once, and count as people do', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'ntfy', url: `${url}/a`, token: undefined }] });
  await it.add(1);
  await it.become(1, ...closed(7));
  await it.look();
  const page = 'https://mosaic.example.test/issues/acme/orbit/1';
  expect(received[0]?.headers['user-agent']).toBe('Mosaic-Coordinator');
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    title: 'acme/orbit#1: needs a person',
    click: page,
  });
  expect(received[0]?.body.match(/acme\/orbit#1/g)).toHaveLength(1);
  for (const number of [2, 3, 4]) {
    await it.add(number);
    await it.become(number, ...closed(number));
  }
  await it.become(4, 'in_review', 'gates_passed', { commit: 'a'.repeat(40), pull: 3 });
  it.trouble.push({ kind: 'deliveries', keys: ['b'], sentence: 'Given up.' });
  it.clock.advance(60_000);
  await it.look();
  const { title, click } = ntfySchema.parse(JSON.parse(received[1]?.body ?? ''));
  expect(title.toLowerCase().split(', ').toSorted()).toEqual([
    ...['1 in review', '2 need a person', 'deliveries given up'],
  ]);
  expect(click).toBe('https://mosaic.example.test');
  await it.stop();
});
