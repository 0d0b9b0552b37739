import { expect, test } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { startService } from '../../support/service.ts';
import { claim, issueEvent } from '../../support/workers.ts';

const at = Date.parse('2026-11-23T10:00:00Z');

async function stage(env = {}) {
  const service = await startService({
    workers: true,
    env: { GITEA_BOT_USERNAME: giteaBot, ...env },
  });
  let seconds = 0;
  /** Tells of issue 5 with these labels. */
  const label = async (...labels: readonly string[]) => {
    seconds += 1;
    await service.send(issueEvent(5, at + seconds * 1_000, { labels, action: 'label_updated' }));
    await service.idle();
  };
  return { service, label, plan: () => service.plan('acme/orbit#5') };
}

test.each([
  'blocked',
  'Blocked',
  'on hold',
  'On-Hold',
  'status/blocked',
  'Status: On Hold',
  'kind::on_hold',
  'on.hold',
  'blocked (external)',
  'On hold [until May]',
  'Blocked: external',
  'kind/blocked/external',
  'status/blocked/',
  'ｂｌｏｃｋｅｄ',
  'Ｓｔａｔｕｓ：ｏｎ　ｈｏｌｄ',
])('the label %j holds an issue back until it is removed', async (name) => {
  const { service, label, plan } = await stage();
  await label('enhancement', name);
  expect(await plan()).toMatchObject({ state: 'blocked', reason: { code: 'held_by_label' } });
  expect((await plan())?.reason.text).toContain(`"${name}"`);
  expect(await claim(service, 'worker-1')).toMatchObject({
    claim: null,
    waiting: { held_by_label: 1 },
  });
  await label('enhancement');
  expect(await plan()).toMatchObject({ state: 'ready' });
});

test.each([
  'coordinator/blocked',
  'Coordinator/Blocked',
  'not blocked',
  'unblocked',
  'on hold music',
  'docs (blocked)',
])('the label %j holds nothing back', async (name) => {
  const { label, plan } = await stage();
  await label('enhancement', name);
  expect(await plan()).toMatchObject({ state: 'ready' });
});

test('other names can be chosen, or none', async () => {
  const chosen = await stage({ HOLD_LABELS: 'Waiting for customer' });
  await chosen.label('blocked', 'waiting-for-customer');
  expect((await chosen.plan())?.reason).toMatchObject({
    code: 'held_by_label',
    text: 'Held by the label "waiting-for-customer": it goes on when that is removed.',
  });
  const none = await stage({ HOLD_LABELS: 'none' });
  await none.label('blocked');
  expect(await none.plan()).toMatchObject({ state: 'ready' });
});

test('what a worker has begun goes on, with a warning', async () => {
  const { service, label, plan } = await stage();
  await label('enhancement');
  const { claim: held } = await claim(service, 'worker-1');
  await label('enhancement', 'on hold');
  expect(held?.issue).toBe('acme/orbit#5');
  expect(await plan()).toMatchObject({
    state: 'in_progress',
    warnings: [{ code: 'held_by_label' }],
  });
});

test('other names at the next start hold and let go at once', async () => {
  const { service, label } = await stage();
  await label('parked');
  await service.close();
  const env = { GITEA_BOT_USERNAME: giteaBot, HOLD_LABELS: 'parked' };
  const again = await startService({ directory: service.directory, env });
  await again.idle();
  expect(await again.plan('acme/orbit#5')).toMatchObject({ reason: { code: 'held_by_label' } });
});
