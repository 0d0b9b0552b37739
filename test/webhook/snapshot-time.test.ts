import { describe, expect, test } from 'vitest';

import { manualClock } from '../support/clock.ts';
import { issuePayload, signedRequest, type PayloadChanges } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';

async function send(service: Service, changes: PayloadChanges) {
  const { json } = await service.send(signedRequest(issuePayload({ body: '', ...changes })));
  await service.idle();
  return json.status;
}

async function stateOf(service: Service): Promise<string | undefined> {
  return (await service.plan('acme/orbit#5'))?.state;
}

describe('M7: a snapshot from the future counts as received now', () => {
  const futures = ['9999-12-31T23:59:59Z', '2026-11-24T12:00:00Z', '2026-11-23T13:30:00+01:00'];
  test.each(futures)('%s does not win over what comes later', async (updatedAt) => {
    const { now, advance } = manualClock();
    const service = await startService({ now });
    expect(await send(service, { updatedAt })).toBe('accepted');
    expect(await stateOf(service)).toBe('ready');
    advance(60_000);
    const closed = { action: 'closed', open: false, updatedAt: '2026-11-23T12:01:00Z' };
    expect(await send(service, closed)).toBe('accepted');
    expect(await stateOf(service)).toBe('done');
  });

  const aheads = ['12:00:04', '12:04:59', '13:00:00'];
  const behind = [0, 3, 299];
  const putBack = aheads.flatMap((time) => behind.map((seconds) => ({ time, seconds })));
  test.each(putBack)(
    'of $time, and then closed at once by a clock that is $seconds s behind: done',
    async ({ time, seconds }) => {
      const { now } = manualClock(Date.parse('2026-11-23T12:00:00.700Z'));
      const service = await startService({ now });
      const at = (date: number) => new Date(date).toISOString().replace(/\.\d+/, '');
      const opened = { action: 'unassigned', assignees: [], updatedAt: '2026-11-23T11:59:59Z' };
      await send(service, opened);
      await send(service, { updatedAt: `2026-11-23T${time}Z`, labels: ['blocked'] });
      expect(await stateOf(service)).toBe('blocked');
      const updatedAt = at(now() - seconds * 1_000);
      await send(service, { action: 'label_cleared', updatedAt });
      expect(await stateOf(service)).toBe('ready');
      await send(service, { action: 'closed', open: false, updatedAt });
      expect(await stateOf(service)).toBe('done');
    },
  );

  test('closed by a clock an hour ahead, after honest news of the same second: done', async () => {
    const { now } = manualClock(Date.parse('2026-11-23T12:00:00.700Z'));
    const service = await startService({ now });
    await send(service, { updatedAt: '2026-11-23T12:00:00Z' });
    await send(service, { action: 'closed', open: false, updatedAt: '2026-11-23T13:00:00Z' });
    expect(await stateOf(service)).toBe('done');
    await send(service, { action: 'reopened', updatedAt: '2026-11-23T12:04:00Z' });
    expect(await stateOf(service)).toBe('ready');
    await send(service, { action: 'closed', open: false, updatedAt: '2026-11-23T13:00:01Z' });
    expect(await stateOf(service)).toBe('done');
  });

  test('the text of a group of deliveries is the one of the snapshot that decides', async () => {
    const { now } = manualClock();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let isStarted = false;
    const service = await startService({
      now,
      aroundWrites: (writes) => ({
        ...writes,
        run: (work) => (isStarted ? promise.then(() => writes.run(work)) : writes.run(work)),
      }),
    });
    isStarted = true;
    const post = (changes: PayloadChanges) => service.send(signedRequest(issuePayload(changes)));
    await post({ updatedAt: '2026-11-23T12:04:00Z', body: 'Blocked by #77' });
    await post({ updatedAt: '2026-11-23T12:00:00Z', body: 'Blocked by #78' });
    resolve(undefined);
    await service.idle();
    expect((await service.plan('acme/orbit#5'))?.blockedBy).toMatchObject([
      { ref: 'acme/orbit#78' },
    ]);
  });

  test('a clock that is a little ahead is left as it is', async () => {
    const { now } = manualClock();
    const service = await startService({ now });
    await send(service, { updatedAt: '2026-11-23T12:04:00Z' });
    const older = { action: 'closed', open: false, updatedAt: '2026-11-23T12:03:59Z' };
    await send(service, older);
    expect(await stateOf(service)).toBe('ready');
  });
});

describe('M1d: without a token, an old snapshot is not believed', () => {
  const env = { DELIVERY_RETENTION_DAYS: '30' };

  test.each(['2020-01-01T00:00:00Z', '2026-10-24T11:59:59Z', '1999-12-31T23:59:59+02:00'])(
    'of %s: ignored, and the issue stays unknown',
    async (updatedAt) => {
      const service = await startService({ now: manualClock().now, env });
      expect(await send(service, { updatedAt })).toBe('ignored');
      expect(await stateOf(service)).toBeUndefined();
      expect((await service.api('/deliveries')).json).toEqual({ items: [], nextCursor: null });
    },
  );

  test('nor does it move an issue that is known', async () => {
    const clock = manualClock();
    const service = await startService({ now: clock.now, env });
    const updatedAt = '2026-11-23T11:59:00Z';
    await send(service, { action: 'unassigned', assignees: [], updatedAt });
    clock.advance(31 * 86_400_000);
    expect(await send(service, { updatedAt })).toBe('ignored');
    expect(await stateOf(service)).toBe('released');
  });

  const honest: [string, PayloadChanges][] = [
    ['a recent one', { updatedAt: '2026-10-24T12:00:01Z' }],
    ['one whose time is not set yet', { updatedAt: '1970-01-01T00:00:00Z' }],
    ['one of year 1', { updatedAt: '0001-01-01T00:00:00Z' }],
    ['a deletion', { action: 'deleted', updatedAt: '2020-01-01T00:00:00Z' }],
  ];
  test.each(honest)('%s is accepted', async (_name, changes) => {
    const service = await startService({ now: manualClock().now, env });
    expect(await send(service, changes)).toBe('accepted');
  });

  test('with our clock a month ahead, genuine deliveries are stored all the same', async () => {
    const clock = manualClock();
    const first = await startService({ clock, env });
    expect(await send(first, { updatedAt: '2026-11-23T11:59:00Z' })).toBe('accepted');
    clock.jump(31 * 86_400_000);
    const at = (second: number) => `2026-11-23T12:00:0${second}Z`;
    expect(await send(first, { labels: ['blocked'], updatedAt: at(0) })).toBe('accepted');
    expect(await send(first, { labels: ['bug'], updatedAt: at(1) })).toBe('accepted');
    await first.close();
    const second = await startService({ clock, env, directory: first.directory });
    const closed = { action: 'closed', open: false, updatedAt: at(2) };
    expect(await send(second, closed)).toBe('accepted');
    expect(await stateOf(second)).toBe('done');
    expect(await send(second, { updatedAt: '2026-10-01T12:00:00Z' })).toBe('ignored');
  });
});
