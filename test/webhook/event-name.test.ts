import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, type Service } from '../support/service.ts';

/** What a CI reports: not about any issue. */
const statusPayload = {
  id: 0,
  sha: '6f1d0c4b2a9e8d7c6b5a49382716051423324150',
  context: 'unit / linux',
  state: 'success',
  commit: { id: '6f1d0c4b2a9e8d7c6b5a49382716051423324150' },
  repository: { id: 77, full_name: 'acme/orbit' },
  sender: { id: -2, login: 'gitea-actions' },
};

async function rejectedCount(service: Service): Promise<number> {
  const { json } = await service.api('/deliveries?status=rejected');
  return z.object({ items: z.array(z.unknown()) }).parse(json).items.length;
}

/** Signed, with these headers in place of those that name the event. */
function named(payload: unknown, headers: Record<string, string>) {
  const request = signedRequest(payload);
  const rest = Object.entries(request.headers).filter(([name]) => name !== 'x-gitea-event');
  return { body: request.body, headers: { ...Object.fromEntries(rest), ...headers } };
}

describe('an event that has no name, or a blank one, is what its type says', () => {
  const irrelevant: [string, Record<string, string>][] = [
    ['Gitea 1.23', { 'x-gitea-event': '', 'x-gitea-event-type': 'status' }],
    ['a blank', { 'x-gitea-event': '  ', 'x-gitea-event-type': 'status' }],
    ['no event header', { 'x-gitea-event-type': 'status' }],
    ['Forgejo', { 'x-forgejo-event': '', 'x-forgejo-event-type': 'status' }],
    ['Gogs', { 'x-gogs-event': '', 'x-gogs-event-type': 'workflow_job' }],
    ['the name of GitHub', { 'x-gitea-event': '', 'x-github-event': 'workflow_run' }],
    ['a package', { 'x-gitea-event': '', 'x-gitea-event-type': 'package' }],
    ['a pull request', { 'x-gitea-event': '', 'x-gitea-event-type': 'pull_request_sync' }],
    ['the control, with a name', { 'x-gitea-event': 'status' }],
  ];
  test.each(irrelevant)('%s: ignored, and not kept as rejected', async (_name, headers) => {
    const service = await startService();
    const { status, json } = await service.send(named(statusPayload, headers));
    expect([status, json.status]).toEqual([200, 'ignored']);
    expect(await rejectedCount(service)).toBe(0);
  });

  test.each(['issues', 'issue_assign', 'issue_label', 'issue_milestone'])(
    'an issue of type %s is accepted',
    async (type) => {
      const service = await startService();
      const headers = { 'x-gitea-event': '', 'x-gitea-event-type': type };
      expect((await service.send(named(issuePayload(), headers))).json.status).toBe('accepted');
      await service.idle();
      expect(await service.plan('acme/orbit#5')).toBeDefined();
    },
  );

  test('a comment is accepted', async () => {
    const service = await startService();
    const payload = issuePayload({ action: 'created', comment: 'hello' });
    const headers = { 'x-gitea-event': '', 'x-gitea-event-type': 'issue_comment' };
    expect((await service.send(named(payload, headers))).json.status).toBe('accepted');
  });
});

describe('what names no event is refused and not stored', () => {
  const malformed: [string, Record<string, string>][] = [
    ['nothing', {}],
    ['blanks alone', { 'x-gitea-event': ' ', 'x-gitea-event-type': ' ' }],
    ['two words', { 'x-gitea-event': 'A B' }],
    ['a list', { 'x-gitea-event': 'issues, issues' }],
    ['markup', { 'x-gitea-event': '<b>' }],
    ['a terminal sequence', { 'x-gitea-event': '\u009b31m' }],
    ['too long a name', { 'x-gitea-event': 'x'.repeat(61) }],
    ['another malformed name', { 'x-forgejo-event': 'is;sues' }],
    ['a malformed type', { 'x-gitea-event': '', 'x-gitea-event-type': 'A B' }],
    ['a malformed name beside a type', { 'x-gitea-event': 'A B', 'x-gitea-event-type': 'issues' }],
  ];
  test.each(malformed)('%s', async (_name, headers) => {
    const service = await startService();
    for (const payload of [issuePayload(), {}, statusPayload]) {
      const { status, json } = await service.send(named(payload, headers));
      expect([status, json.error?.code]).toEqual([422, 'payload_not_understood']);
    }
    expect((await service.api('/deliveries')).json).toEqual({ items: [], nextCursor: null });
  });
});

test('what is not about issues is not even parsed', async () => {
  const service = await startService();
  const bytes = Buffer.from('no JSON at all');
  expect(await service.send(signedRequest(bytes, { event: 'push' }))).toMatchObject({
    status: 200,
    json: { status: 'ignored' },
  });
});
