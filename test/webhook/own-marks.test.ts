import { expect, onTestFinished, test } from 'vitest';

import type { HandlingDeps } from '../../src/handling/handle-issue.ts';
import { ownCommentMarker } from '../../src/issue/own-marks.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import { createLogger } from '../../src/log.ts';
import { createApp } from '../../src/http/server.ts';
import { createWebhookCounts } from '../../src/webhook/counts.ts';
import { registerWebhook } from '../../src/webhook/route.ts';
import { giteaBot } from '../fake-gitea/gitea.ts';
import {
  issuePayload,
  recordedSecret,
  signedRequest,
  type PayloadChanges,
} from '../support/recordings.ts';
import { startService, type ServiceOptions } from '../support/service.ts';

/** A service that holds an issue of the bot, and a way to tell it of changes made by the bot's account. */
async function startHolding(changes: PayloadChanges = {}, options: ServiceOptions = {}) {
  const service = await startService({ ...options, env: { GITEA_BOT_USERNAME: giteaBot } });
  let second = 0;
  function send(more: PayloadChanges, event = 'issues') {
    second += 1;
    const updatedAt = new Date(Date.parse('2026-11-23T10:00:00Z') + second * 1_000).toISOString();
    const given = { assignees: [giteaBot], body: '', labels: [], updatedAt, ...changes, ...more };
    return service.send(signedRequest(issuePayload(given), { event }));
  }
  const tell = async (more: PayloadChanges, event?: string) => {
    const { json } = await send(more, event);
    await service.idle();
    return [json.status, json.reason].filter((word) => word !== undefined).join(': ');
  };
  await tell({ action: 'assigned' });
  return { ...service, send, tell };
}

const byBot = { sender: giteaBot };
const labelled = (...labels: string[]) => ({ ...byBot, action: 'label_updated', labels });

test('echoes of all that we write are dropped', async () => {
  const { tell } = await startHolding({ labels: ['bug'] });
  const said = [
    await tell(labelled('bug', 'coordinator/ready')),
    await tell(labelled('coordinator/blocked', 'bug')),
    await tell(labelled('bug')),
    await tell({ ...byBot, action: 'created', comment: ownCommentMarker }, 'issue_comment'),
    await tell({ ...byBot, action: 'edited', comment: `${ownCommentMarker}\nx` }, 'issue_comment'),
  ];
  const label = 'ignored: our own label';
  const comment = 'ignored: our own comment';
  expect(said).toEqual([label, label, label, comment, comment]);
});

test('what a worker does under the account of the bot is an event like any other', async () => {
  const { tell, plan } = await startHolding();
  expect(await tell(labelled('priority/high', 'coordinator/ready'))).toBe('accepted');
  expect(await tell(labelled('priority/high', 'coordinator/ready'))).toBe('ignored: our own label');
  expect(await tell(labelled('coordinator/ready'))).toBe('accepted');
  expect(await tell(labelled())).toBe('accepted');
  expect(await tell({ ...byBot, action: 'label_cleared' })).toBe('accepted');
  expect(await tell({ ...byBot, action: 'created', comment: 'Begun.' }, 'issue_comment')).toBe(
    'accepted',
  );
  const gone = { ...byBot, action: 'deleted', comment: ownCommentMarker };
  expect(await tell(gone, 'issue_comment')).toBe('accepted');
  expect(await tell({ ...byBot, action: 'closed', open: false })).toBe('accepted');
  expect(await plan('acme/orbit#5')).toMatchObject({ state: 'done' });
});

test('what people do to our labels and comments is an event', async () => {
  const { tell } = await startHolding();
  const sender = 'maria';
  expect(await tell({ ...labelled('coordinator/ready'), sender })).toBe('accepted');
  const comment = { action: 'edited', comment: `${ownCommentMarker}\nNo.`, sender };
  expect(await tell(comment, 'issue_comment')).toBe('accepted');
});

test('a label of ours is not kept as one of the issue', async () => {
  const { tell, api } = await startHolding();
  await tell({ action: 'edited', labels: ['agent:opus', 'coordinator/ready'] });
  const before = (await api('/issues')).json;
  await tell({ action: 'edited', labels: ['agent:opus', 'coordinator/blocked'] });
  expect((await api('/issues')).json).toEqual(before);
});

test('of an issue nobody has told of, our label by the bot is ours', async () => {
  const { tell } = await startHolding();
  expect(await tell({ ...labelled('coordinator/ready'), number: 77 })).toBe(
    'ignored: our own label',
  );
  expect(await tell({ ...labelled('bug'), number: 78 })).toBe('accepted');
});

test('while events of the issue are in work, the newest of them tells ours from a worker’s', async () => {
  const gate = { wait: Promise.resolve() };
  const read: HandlingDeps['read'] = async (issue) => {
    await gate.wait;
    return readOffline(issue, []);
  };
  const { send, idle } = await startHolding({}, { read });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  gate.wait = promise.then(() => undefined);
  const sent = async (changes: PayloadChanges) => (await send(changes)).json.status;
  expect(await sent({ action: 'edited', labels: ['bug'] })).toBe('accepted');
  expect(await sent(labelled('bug', 'coordinator/ready'))).toBe('ignored');
  expect(await sent(labelled('bug', 'coordinator/ready', 'priority/high'))).toBe('accepted');
  expect(await sent(labelled('bug', 'coordinator/blocked', 'priority/high'))).toBe('ignored');
  expect(await sent(labelled('bug', 'coordinator/blocked'))).toBe('accepted');
  // Sent after a replacement, an empty list says nothing of what the labels are.
  expect(await sent({ action: 'label_updated', labels: [] })).toBe('accepted');
  expect(await sent(labelled('bug', 'coordinator/blocked'))).toBe('accepted');
  resolve(undefined);
  await idle();
  expect(await sent(labelled('bug', 'coordinator/ready'))).toBe('ignored');
});

test('what is stored is asked for only when the bot has changed labels, and may fail', async () => {
  const log = createLogger('error', { write: () => undefined });
  const app = createApp(log);
  onTestFinished(() => app.close());
  const asked: number[] = [];
  registerWebhook(app, {
    secrets: { current: recordedSecret },
    account: () => giteaBot,
    labelsOf: ({ number }) => {
      asked.push(number);
      return Promise.reject(new Error('The store is away.'));
    },
    log,
    counts: createWebhookCounts(Date.now),
    add: () => Promise.resolve('accepted'),
    addRejected: () => Promise.resolve('accepted'),
    isStored: () => Promise.resolve(false),
    onAccepted: () => undefined,
  });
  const inject = async (changes: PayloadChanges) => {
    const { headers, body } = signedRequest(issuePayload(changes));
    return app.inject({ method: 'POST', url: '/webhook/gitea', headers, body });
  };
  await inject({ action: 'label_updated', labels: ['coordinator/ready'], sender: 'maria' });
  await inject({ action: 'label_cleared', ...byBot });
  await inject({ action: 'closed', ...byBot });
  expect(asked).toEqual([]);
  const number = 9;
  const answer = await inject({ ...labelled('coordinator/ready'), number });
  expect(answer.json()).toMatchObject({
    status: 'accepted',
  });
  expect(asked).toEqual([9]);
});
