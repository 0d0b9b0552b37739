import { expect, test } from 'vitest';

import { issuePayload, recording, recordingNames, signedRequest } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';
import { exchange, requestHead } from '../support/raw-http.ts';

/** The order in which Gitea sent them, as the README of the recordings lists it. */
const recordedOrder = [
  'push-test-delivery',
  'issues-opened-plain',
  'issues-assigned-with-bot',
  'issues-opened-with-bot',
  'issues-opened-template',
  'issues-assigned-bot',
  'issues-assigned-second-person',
  'issues-unassigned-bot',
  'issues-unassigned-last',
  'issues-edited-title',
  'issues-edited-body-unicode',
  'issues-edited-estimate-changed',
  'issues-label-updated',
  'issues-label-updated-by-bot',
  'issues-label-cleared',
  'issue-comment-created-on-issue',
  'issues-closed-assigned-to-bot',
  'issues-reopened-assigned-to-bot',
  'issues-closed-by-commit',
  'pull-request-opened-plain',
  'pull-request-assigned-bot',
  'issue-comment-created-on-pull',
  'issues-assigned-web-assign',
  'issues-assigned-replayed',
  'issues-deleted',
];

const ignored = new Set([
  'push-test-delivery',
  'pull-request-opened-plain',
  'pull-request-assigned-bot',
  'issue-comment-created-on-pull',
]);

test('the list of recordings in their order names every recorded file', () => {
  expect([...recordedOrder].sort()).toEqual(recordingNames);
});

/** The issue a recording is about, read from its text: recordings are sent, not understood, here. */
function refOf(name: string): string | undefined {
  const number = /"issue":\s*\{.*?"number":\s*(\d+)/s.exec(recording(name).body.toString())?.[1];
  return number === undefined ? undefined : `acme/orbit#${number}`;
}

async function stateOf(service: Service, ref: string | undefined): Promise<string> {
  if (ref === undefined) return '-';
  const plan = await service.plan(ref);
  return plan === undefined ? `${ref} not found` : `${ref} ${plan.state} (${plan.reason.code})`;
}

/** One line a recording: `file | status | answer | reason | state afterwards`. */
async function replayAll(service: Service): Promise<string[]> {
  const lines: string[] = [];
  for (const name of recordedOrder) {
    const { status, json } = await service.send(recording(name));
    await service.idle();
    const state = await stateOf(service, refOf(name));
    lines.push([name, status, json.status, json.reason ?? '-', state].join(' | '));
  }
  return lines;
}

async function finalStates(service: Service): Promise<string[]> {
  return Promise.all(
    [1, 2, 3, 5, 6, 8, 9].map((number) => stateOf(service, `acme/orbit#${number}`)),
  );
}

test('each recording, sent byte for byte in recorded order, has this answer and leaves this state', async () => {
  const service = await startService();
  expect((await replayAll(service)).join('\n')).toMatchInlineSnapshot(`
    "push-test-delivery | 200 | ignored | event push is not about issues | -
    issues-opened-plain | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-assigned-with-bot | 200 | accepted | - | acme/orbit#3 ready (ready)
    issues-opened-with-bot | 200 | accepted | - | acme/orbit#3 ready (ready)
    issues-opened-template | 200 | accepted | - | acme/orbit#5 released (not_assigned)
    issues-assigned-bot | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-assigned-second-person | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-unassigned-bot | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-unassigned-last | 200 | accepted | - | acme/orbit#5 released (not_assigned)
    issues-edited-title | 200 | accepted | - | acme/orbit#2 released (not_assigned)
    issues-edited-body-unicode | 200 | accepted | - | acme/orbit#2 released (not_assigned)
    issues-edited-estimate-changed | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-label-updated | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-label-updated-by-bot | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-label-cleared | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issue-comment-created-on-issue | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-closed-assigned-to-bot | 200 | accepted | - | acme/orbit#5 done (closed)
    issues-reopened-assigned-to-bot | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-closed-by-commit | 200 | accepted | - | acme/orbit#8 done (closed)
    pull-request-opened-plain | 200 | ignored | a pull request that no issue waits for | -
    pull-request-assigned-bot | 200 | ignored | a pull request that no issue waits for | -
    issue-comment-created-on-pull | 200 | ignored | about a pull request | acme/orbit#9 not found
    issues-assigned-web-assign | 200 | accepted | - | acme/orbit#6 ready (ready)
    issues-assigned-replayed | 200 | duplicate | - | acme/orbit#6 ready (ready)
    issues-deleted | 200 | accepted | - | acme/orbit#8 not found"
  `);
  expect(await finalStates(service)).toMatchInlineSnapshot(`
    [
      "acme/orbit#1 released (not_assigned)",
      "acme/orbit#2 released (not_assigned)",
      "acme/orbit#3 ready (ready)",
      "acme/orbit#5 blocked (open_blockers)",
      "acme/orbit#6 ready (ready)",
      "acme/orbit#8 not found",
      "acme/orbit#9 not found",
    ]
  `);
});

test('with the login of the bot known, each recording has this answer and leaves this state', async () => {
  const service = await startService({ env: { GITEA_BOT_USERNAME: 'coordinator-bot' } });
  expect((await replayAll(service)).join('\n')).toMatchInlineSnapshot(`
    "push-test-delivery | 200 | ignored | event push is not about issues | -
    issues-opened-plain | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-assigned-with-bot | 200 | accepted | - | acme/orbit#3 ready (ready)
    issues-opened-with-bot | 200 | accepted | - | acme/orbit#3 ready (ready)
    issues-opened-template | 200 | accepted | - | acme/orbit#5 released (not_assigned)
    issues-assigned-bot | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-assigned-second-person | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-unassigned-bot | 200 | accepted | - | acme/orbit#5 released (not_assigned)
    issues-unassigned-last | 200 | accepted | - | acme/orbit#5 released (not_assigned)
    issues-edited-title | 200 | accepted | - | acme/orbit#2 released (not_assigned)
    issues-edited-body-unicode | 200 | accepted | - | acme/orbit#2 released (not_assigned)
    issues-edited-estimate-changed | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-label-updated | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-label-updated-by-bot | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-label-cleared | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issue-comment-created-on-issue | 200 | accepted | - | acme/orbit#1 released (not_assigned)
    issues-closed-assigned-to-bot | 200 | accepted | - | acme/orbit#5 done (closed)
    issues-reopened-assigned-to-bot | 200 | accepted | - | acme/orbit#5 blocked (open_blockers)
    issues-closed-by-commit | 200 | accepted | - | acme/orbit#8 done (closed)
    pull-request-opened-plain | 200 | ignored | a pull request that no issue waits for | -
    pull-request-assigned-bot | 200 | ignored | a pull request that no issue waits for | -
    issue-comment-created-on-pull | 200 | ignored | about a pull request | acme/orbit#9 not found
    issues-assigned-web-assign | 200 | accepted | - | acme/orbit#6 ready (ready)
    issues-assigned-replayed | 200 | duplicate | - | acme/orbit#6 ready (ready)
    issues-deleted | 200 | accepted | - | acme/orbit#8 not found"
  `);
  expect(await finalStates(service)).toMatchInlineSnapshot(`
    [
      "acme/orbit#1 released (not_assigned)",
      "acme/orbit#2 released (not_assigned)",
      "acme/orbit#3 ready (ready)",
      "acme/orbit#5 blocked (open_blockers)",
      "acme/orbit#6 ready (ready)",
      "acme/orbit#8 not found",
      "acme/orbit#9 not found",
    ]
  `);
});

test.each([{}, { GITEA_BOT_USERNAME: 'coordinator-bot' }])(
  'with %o, a second round of the recordings is all duplicates and changes no plan',
  async (env) => {
    const service = await startService({ env });
    await replayAll(service);
    const before = await service.api('/issues');
    for (const name of recordedOrder) {
      const { status, json } = await service.send(recording(name));
      const expected = ignored.has(name) ? 'ignored' : 'duplicate';
      expect([name, status, json.status]).toEqual([name, 200, expected]);
    }
    await service.idle();
    expect(await service.api('/issues')).toEqual(before);
  },
);

test('with the header lines in recorded order and letter case on the wire, the answers are the same', async () => {
  const service = await startService();
  for (const name of recordedOrder) {
    const { headers, body } = recording(name);
    const length: [string, string] = ['Content-Length', String(body.length)];
    const head = requestHead('POST', [...Object.entries(headers), length]);
    const { status, body: answer } = await exchange(service.url, head, body);
    const repeated = name === 'issues-assigned-replayed' ? 'duplicate' : 'accepted';
    const expected = ignored.has(name) ? 'ignored' : repeated;
    expect([name, status]).toEqual([name, 200]);
    expect(JSON.parse(answer)).toMatchObject({ status: expected });
  }
});

test('a recording sent twice at the same moment is accepted once', async () => {
  const service = await startService();
  const request = recording('issues-assigned-bot');
  const answers = await Promise.all([1, 2, 3, 4].map(() => service.send(request)));
  expect(answers.map(({ json }) => json.status).sort()).toEqual([
    'accepted',
    'duplicate',
    'duplicate',
    'duplicate',
  ]);
});

test('a delivery replayed from the history of the hook is a duplicate and changes nothing', async () => {
  const service = await startService();
  await service.send(recording('issues-assigned-web-assign'));
  await service.idle();
  const before = await service.plan('acme/orbit#6');
  const replayed = await service.send(recording('issues-assigned-replayed'));
  await service.idle();
  expect(replayed).toMatchObject({ status: 200, json: { status: 'duplicate' } });
  expect(before).toBeDefined();
  expect(await service.plan('acme/orbit#6')).toEqual(before);
});

test('the recordings in reverse order end in the states of the recorded order', async () => {
  const forwards = await startService();
  await replayAll(forwards);
  const backwards = await startService();
  for (const name of [...recordedOrder].reverse()) {
    await backwards.send(recording(name));
    await backwards.idle();
  }
  expect(await finalStates(backwards)).toEqual(await finalStates(forwards));
});

test('the body of a recorded text with odd characters is taken as it is', async () => {
  const service = await startService();
  const { headers, body } = recording('issues-edited-body-unicode');
  expect(await service.send({ headers, body })).toMatchObject({ json: { status: 'accepted' } });
  const forged = Buffer.from(body.toString('latin1').replace('acme', 'acne'), 'latin1');
  expect(await service.send({ headers, body: forged })).toMatchObject({ status: 401 });
});

test('a label of our own set by the bot is ignored once the bot is known, and accepted before', async () => {
  const request = () =>
    signedRequest(
      issuePayload({
        action: 'label_updated',
        labels: ['coordinator/ready'],
        sender: 'coordinator-bot',
      }),
    );
  const unknown = await startService();
  expect(await unknown.send(request())).toMatchObject({ json: { status: 'accepted' } });
  const known = await startService({ env: { GITEA_BOT_USERNAME: 'Coordinator-Bot' } });
  expect(await known.send(request())).toMatchObject({
    json: { status: 'ignored', reason: 'our own label' },
  });
});
