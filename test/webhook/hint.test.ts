import { expect, test } from 'vitest';

import { pullHintOf } from '../../src/webhook/hint.ts';

const repository = { id: 2, full_name: 'acme/orbit' };
const pull = { number: 15, repository };
const status = { sha: '3'.repeat(40), context: 'ci/other', state: 'failure', repository };
const push = { ref: 'refs/heads/agent/one', repository };

test.each([
  ['pull_request', { ...pull, action: 'closed' }, { pull: 15 }],
  ['pull_request', { ...pull, action: 'synchronized' }, { pull: 15 }],
  ['pull_request_rejected', { ...pull, action: 'reviewed' }, { pull: 15 }],
  ['pull_request_comment', { ...pull, action: 'reviewed' }, { pull: 15 }],
  ['push', push, { branch: 'agent/one' }],
  ['status', status, { commit: status.sha }],
  // What we do ourselves, or what asks for nothing.
  ['pull_request', { ...pull, action: 'edited' }, undefined],
  ['pull_request', { ...pull, action: 'opened' }, undefined],
  ['push', { ...push, ref: 'refs/tags/v1' }, undefined],
  ['issues', { ...pull, action: 'closed' }, undefined],
  ['status', { ...status, state: 'pending' }, undefined],
  ['status', { ...status, context: 'coordinator/verdict' }, undefined],
  // Anything else is no hint, and no error.
  ['push', { ref: 7, repository }, undefined],
  ['pull_request', { ...pull, number: -1, action: 'closed' }, undefined],
  ['pull_request', 'text', undefined],
  ['status', { ...status, sha: 'main' }, undefined],
])('%s %j is a hint about %s', (event, payload, of) => {
  const hint = pullHintOf(event, Buffer.from(JSON.stringify(payload)));
  expect(hint).toEqual(of === undefined ? undefined : { repositoryId: 2, of });
});

test('a body that is not JSON is no hint', () => {
  expect(pullHintOf('push', Buffer.from('{'))).toBeUndefined();
});
