import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import type { NotifyTarget } from '../../src/notify/messages.ts';
import { closed, noticesOf, secret, stageNotices } from '../support/notices.ts';
import { startReceiver } from '../support/receiver.ts';

test('what needs a person is told once, signed as Standard Webhooks has it', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  await it.add(1);
  await it.look();
  expect(received).toEqual([]);
  await it.become(1, ...closed(7));
  await it.look();
  await it.look();
  const [message, ...others] = received;
  expect(others).toEqual([]);
  const headers = {
    'webhook-id': String(message?.headers['webhook-id']),
    'webhook-timestamp': String(message?.headers['webhook-timestamp']),
    'webhook-signature': String(message?.headers['webhook-signature']),
  };
  // The library refuses old times: the clock of the test stands still.
  const at = new Date(Number(headers['webhook-timestamp']) * 1_000);
  expect(new Webhook(secret).sign(headers['webhook-id'], at, message?.body ?? '')).toBe(
    headers['webhook-signature'],
  );
  const { notices, more } = noticesOf(message?.body ?? '');
  expect(more).toBe(0);
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatchObject({ kind: 'needs_person', issue: 'acme/orbit#1' });
  expect(notices[0]?.url).toBe('https://mosaic.example.test/issues/acme/orbit/1');
  await it.stop();
});

test('what ends and comes again is told again', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  await it.add(1);
  for (const [state, code, params] of [closed(7), ['ready', 'ready', {}] as const, closed(7)]) {
    await it.become(1, state, code, params);
    it.clock.advance(60_000);
    await it.look();
  }
  expect(received).toHaveLength(2);
  await it.stop();
});

test('a storm is one message, which lists some and counts the rest', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  for (let number = 1; number <= 30; number++) {
    await it.add(number);
    await it.become(number, ...closed(number));
  }
  await it.look();
  await it.add(31);
  await it.become(31, ...closed(31));
  // Within half a minute nothing more is sent.
  await it.look();
  expect(received).toHaveLength(1);
  const { notices, more } = noticesOf(received[0]?.body ?? '');
  expect([notices.length, more]).toEqual([20, 10]);
  it.clock.advance(30_000);
  await it.look();
  expect(noticesOf(received[1]?.body ?? '').notices).toHaveLength(1);
  await it.stop();
});

test('a receiver that fails gets the same message under the same id, also after a restart', async () => {
  let status = 500;
  const { url, received } = await startReceiver(() => status);
  const logs: string[] = [];
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }], logs });
  await it.add(1);
  await it.become(1, ...closed(7));
  for (let attempt = 0; attempt < 3; attempt++) {
    await it.look();
    it.clock.advance(3_600_000);
  }
  expect(await it.check()).toMatchObject({ status: 'degraded', targets: 1 });
  await it.restart();
  await it.add(2);
  await it.become(2, ...closed(8));
  status = 200;
  await it.look();
  expect(received).toHaveLength(4);
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(noticesOf(received[3]?.body ?? '').notices.map(({ issue }) => issue)).toEqual([
    'acme/orbit#1',
  ]);
  expect(await it.check()).toEqual({ status: 'ok', targets: 1 });
  it.clock.advance(60_000);
  await it.look();
  expect(noticesOf(received[4]?.body ?? '').notices.map(({ issue }) => issue)).toEqual([
    'acme/orbit#2',
  ]);
  expect(logs.join('')).not.toContain(url);
  await it.stop();
});

test('a redirect is not followed', async () => {
  const { url, received } = await startReceiver(() => 302);
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  await it.add(1);
  await it.become(1, ...closed(7));
  await it.look();
  expect(received.map(({ path }) => path)).toEqual(['/']);
  await it.stop();
});

test('a new target is told from now on; who does not lead tells nothing', async () => {
  const first = await startReceiver();
  const second = await startReceiver();
  const targets: NotifyTarget[] = [{ form: 'webhook', url: first.url, token: undefined }];
  const it = await stageNotices({ targets });
  await it.add(1);
  await it.become(1, ...closed(7));
  await it.look();
  targets.push({ form: 'webhook', url: second.url, token: undefined });
  it.follow(false);
  await it.add(2);
  await it.become(2, ...closed(8));
  it.clock.advance(60_000);
  await it.look();
  expect([first.received.length, second.received.length]).toEqual([1, 0]);
  it.follow(true);
  await it.look();
  expect([first.received.length, second.received.length]).toEqual([2, 1]);
  expect(noticesOf(second.received[0]?.body ?? '').notices).toHaveLength(1);
  await it.stop();
});

test('ntfy, Slack and Matrix get their own forms, and nobody is called by a title', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({
    targets: [
      { form: 'ntfy', url: `${url}/alerts`, token: 'tk_of_the_tests' },
      { form: 'slack', url: `${url}/services/T/B/x`, token: undefined },
      { form: 'matrix', url: `${url}/!room:example.test`, token: 'syt_of_the_tests' },
    ],
  });
  await it.add(1);
  const title = '<!channel> @room\n*bold*';
  await it.db.updateTable('issues').set({ title }).where('number', '=', 1).execute();
  await it.become(1, ...closed(7));
  await it.look();
  const by = (path: RegExp) => received.find((one) => path.test(one.path));
  const ntfy = by(/^\/$/);
  expect(ntfy?.headers['authorization']).toBe('Bearer tk_of_the_tests');
  expect(JSON.parse(ntfy?.body ?? '')).toMatchObject({
    topic: 'alerts',
    title: 'acme/orbit#1: needs a person',
  });
  const slack = by(/^\/services\/T\/B\/x$/)?.body ?? '';
  expect(slack).toContain('&lt;!channel&gt; @room *bold*');
  expect(slack).not.toContain('<!channel>');
  const matrix = by(
    /^\/_matrix\/client\/v3\/rooms\/!room%3Aexample.test\/send\/m.room.message\/msg_/,
  );
  expect(matrix?.method).toBe('PUT');
  expect(JSON.parse(matrix?.body ?? '')).toMatchObject({ msgtype: 'm.text', 'm.mentions': {} });
  await it.stop();
});

test('trouble of the service is told, with what to do', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  it.trouble.push({
    kind: 'webhook',
    keys: ['refused'],
    sentence: 'The newest 3 deliveries were all refused.',
  });
  await it.look();
  expect(noticesOf(received[0]?.body ?? '').notices[0]).toMatchObject({
    kind: 'webhook',
    issue: null,
    text: 'The newest 3 deliveries were all refused.',
  });
  await it.stop();
});

test('a target whose address was corrected is told what the old one did not take', async () => {
  const good = await startReceiver();
  const bad = await startReceiver(() => 404);
  const targets: NotifyTarget[] = [{ form: 'webhook', url: bad.url, token: undefined }];
  const it = await stageNotices({ targets });
  await it.add(1);
  await it.become(1, ...closed(7));
  await it.look();
  expect(bad.received).toHaveLength(1);
  targets.splice(0, 1, { form: 'webhook', url: good.url, token: undefined });
  await it.look();
  expect(noticesOf(good.received[0]?.body ?? '').notices).toHaveLength(1);
  await it.stop();
});

test('a message that is refused for good does not stand in the way of the next one', async () => {
  const { url, received } = await startReceiver(() =>
    noticesOf(received.at(-1)?.body ?? '').notices.length > 0 ? 413 : 200,
  );
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  await it.add(1);
  await it.become(1, ...closed(7));
  for (let attempt = 0; attempt < 4; attempt++) {
    await it.look();
    it.clock.advance(3_600_000);
  }
  expect(noticesOf(received.at(-1)?.body ?? '')).toEqual({ notices: [], more: 1 });
  expect(await it.check()).toEqual({ status: 'ok', targets: 1 });
  await it.stop();
});

test('while nothing changes nothing is written', async () => {
  const { url } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  await it.add(1);
  await it.become(1, ...closed(7));
  await it.look();
  const before = it.writes();
  it.clock.advance(60_000);
  await it.look();
  expect(it.writes()).toBe(before);
  await it.stop();
});

test('budgets, failed verifications and issues in review are told as what they are', async () => {
  const { url, received } = await startReceiver();
  const it = await stageNotices({ targets: [{ form: 'webhook', url, token: undefined }] });
  for (const number of [1, 2, 3, 4, 5]) await it.add(number);
  await it.become(1, 'in_review', 'gates_passed', { commit: 'a'.repeat(40), pull: 3 });
  await it.become(2, 'needs_human', 'gates_failed', { commit: 'a'.repeat(40), count: 3 });
  const set = (number: number, values: object) =>
    it.db.updateTable('issues').set(values).where('number', '=', number).execute();
  await set(3, { state: 'in_progress', budget_warning: '{}', warnings: '[]' });
  await set(4, { state: 'in_progress' });
  const day = new Date(it.clock.now()).toISOString().slice(0, 10);
  const spent = { day, tokens: 10, usd: 1_000_000 };
  await it.db
    .insertInto('daily_spending')
    .values([
      { ...spent, agent: 'opus' },
      { ...spent, agent: 'sonnet', usd: 0 },
    ])
    .execute();
  await it.look();
  const { notices } = noticesOf(received[0]?.body ?? '');
  const kinds = notices.map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(['in_review', 'verification_failed', 'budget']));
  await it.stop();
});
