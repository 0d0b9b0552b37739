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
});
