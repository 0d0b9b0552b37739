import { readFileSync } from 'node:fs';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { giteaBot } from '../fake-gitea/gitea.ts';
import { commits, startVerifying } from '../support/verifying.ts';
import { startWork } from '../support/work.ts';
import { tokenOf } from '../support/workers.ts';

const recordedSchema = z.array(
  z.object({
    method: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.looseObject({ method: z.string() }).nullable(),
  }),
);
/** What Claude Code 2.1.332 sends when it connects and calls a tool. */
const recorded = recordedSchema.parse(
  JSON.parse(
    readFileSync(
      new URL('../fixtures/vectors/claude-code-mcp-requests.json', import.meta.url),
      'utf8',
    ),
  ),
);
const resultSchema = z.looseObject({
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })),
  isError: z.boolean().optional(),
});
const claimed = z.looseObject({ claimId: z.string(), token: z.string(), plan: z.unknown() });

const authorization = `Bearer ${tokenOf('worker-1')}`;

async function connect(url: string) {
  // Both revisions of the protocol: this one here, the other one as it was recorded.
  const versionNegotiation = { mode: 'auto' } as const;
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation });
  const requestInit = { headers: { authorization } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  onTestFinished(() => client.close());
  async function use(name: string, values: Record<string, unknown> = {}) {
    const { content, isError = false } = resultSchema.parse(
      await client.callTool({ name, arguments: values }),
    );
    const json: unknown = JSON.parse(content[0]?.text ?? '');
    return { isError, json };
  }
  return { client, use };
}

test('an agent takes an issue, keeps it, hands it to a fresh session, and completes it by tools', async () => {
  const { url, tell, stateOf } = await startWork();
  const { client, use } = await connect(url);
  expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual(
    ['block', 'complete', 'heartbeat', 'next_issue', 'plan_text', 'release', 'rotate'].concat([
      ...['verification', 'why'],
    ]),
  );
  expect((await use('next_issue', { wait: 0 })).json).toEqual({ claim: null, waiting: {} });
  const body = `Total estimated: 20k ${'Do it well. '.repeat(4_000)}`;
  await tell(1, { body });
  const { claimId, token } = claimed.parse((await use('next_issue')).json);
  const held = { claimId, token };
  expect(
    await use('heartbeat', { ...held, contextUsed: 800_000, spent: { tokens: 9 } }),
  ).toMatchObject({ isError: false, json: { context: { action: 'compact' } } });
  expect((await use('why', { issue: 'acme/orbit#1' })).json).toMatchObject({ assigned: 'sonnet' });
  const text = await client.callTool({ name: 'plan_text', arguments: { issue: 'acme/orbit#1' } });
  expect(JSON.stringify(text).length).toBeLessThan(26_000);
  expect(JSON.stringify(text)).toContain('[cut: ');
  expect((await use('rotate', { ...held, handoff: 'Half way.' })).json).toMatchObject({
    rotations: 1,
  });
  expect(await use('heartbeat', { claimId, token: 'wrong' })).toMatchObject({
    isError: true,
    json: { error: { code: 'claim_token_invalid' } },
  });
  expect(await use('verification', { id: 'none' })).toMatchObject({
    json: { error: { code: 'verification_off' } },
  });
  expect((await use('complete', { ...held, commit: 'ABCDEF1' })).json).toMatchObject({
    outcome: 'completed',
  });
  expect(await stateOf(1)).toBe('needs_human awaiting_verification');
  expect(await use('release', { ...held, reason: 'Late.' })).toMatchObject({
    json: { error: { code: 'stale_lease' } },
  });
  expect(await use('plan_text', { issue: 'acme/orbit#99' })).toMatchObject({
    json: { error: { code: 'not_found' } },
  });
});

test('what Claude Code sends is answered in both revisions of the protocol, and GET is refused', async () => {
  const { url } = await startWork();
  const answers: unknown[] = [];
  for (const { method, headers, body } of recorded) {
    const { accept = '', 'content-type': type, ...more } = headers;
    const reply = await fetch(`${url}/mcp`, {
      method,
      headers: {
        ...{ accept, authorization },
        ...(type === undefined ? {} : { 'content-type': type }),
        ...Object.fromEntries(Object.entries(more).filter(([name]) => name.startsWith('mcp-'))),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    answers.push([body?.method ?? method, reply.status, /"(2\d{3}-\d\d-\d\d)"/.exec(text)?.[1]]);
  }
  expect(answers).toEqual([
    ['server/discover', 200, '2026-07-28'],
    ['initialize', 200, '2025-11-25'],
    ['notifications/initialized', 202, undefined],
    ['GET', 405, undefined],
    ['tools/list', 200, undefined],
    ['tools/call', 200, undefined],
  ]);
});

test('only workers may call, and no web page that a name was pointed here for', async () => {
  const env = { API_TOKENS: `w:worker:${tokenOf('worker-1')},r:reader:token-of-a-reader-0000` };
  const { url } = await startWork({ env });
  const ask = async (headers: Record<string, string>) => {
    const reply = await fetch(`${url}/mcp`, {
      method: 'POST',
      headers: {
        ...{ accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    return reply.status;
  };
  expect(await ask({ authorization })).toBe(200);
  expect(await ask({})).toBe(401);
  expect(await ask({ authorization: 'Bearer token-of-a-reader-0000' })).toBe(403);
  expect(await ask({ authorization, origin: 'http://evil.example' })).toBe(403);
  expect(await ask({ authorization, origin: url })).toBe(200);
});

test('a call that is repeated because its answer was lost has one effect and one answer', async () => {
  const service = await startVerifying({ publishes: true });
  const { gitea, take, report } = service;
  const { url, idle } = service.service;
  for (const title of ['Two', 'Three'])
    gitea.as('maria').openIssue('acme/orbit', {
      ...{ title, body: 'Difficulty: low', assignees: [giteaBot] },
    });
  await gitea.settled();
  await idle();
  const { use } = await connect(url);
  const issues: string[] = [];
  for (const key of ['7f1c', '92ab']) {
    // The second one comes while the first is on its way.
    const answers = await Promise.all([use('next_issue', { key }), use('next_issue', { key })]);
    answers.push(await use('next_issue', { key }));
    expect(new Set(answers.map(({ json }) => JSON.stringify(json))).size).toBe(1);
    issues.push(z.looseObject({ issue: z.string() }).parse(answers[0].json).issue);
  }
  expect(issues).toEqual(['acme/orbit#2', 'acme/orbit#3']);
  const held = async (key: string) => {
    const { claimId, token } = claimed.parse((await use('next_issue', { key })).json);
    return { claimId, token };
  };
  const first = await held('7f1c');
  const rotate = { ...first, handoff: 'Half way.', key: 'r1' };
  const rotated = await use('rotate', rotate);
  expect(await use('rotate', rotate)).toEqual(rotated);
  expect(rotated).toMatchObject({ isError: false, json: { rotations: 1 } });
  expect(await use('rotate', { ...rotate, handoff: 'Other.' })).toMatchObject({
    json: { error: { code: 'idempotency_key_reused' } },
  });

  const complete = { ...first, commit: commits.work, branch: 'agent/one' };
  const verifying = await use('complete', { ...complete, key: 'c1' });
  expect(verifying).toMatchObject({ json: { verification: { state: 'queued' } } });
  // Without a key it is the same verification.
  expect(await use('complete', complete)).toEqual(verifying);
  const job = await take();
  if (job === null) throw new Error('no job');
  await report(job);
  expect(await take()).toBeNull();
  expect(await use('complete', { ...complete, key: 'c1' })).toEqual(verifying);
  expect(await use('complete', complete)).toMatchObject({
    ...{ isError: false, json: { outcome: 'completed' } },
  });

  const release = { ...(await held('92ab')), reason: 'Cannot go on.', handoff: 'Half way.' };
  const released = await use('release', release);
  expect(released).toMatchObject({ isError: false, json: { outcome: 'released' } });
  expect(await use('release', release)).toEqual(released);
  // A key is of one claim, and that has ended.
  expect(await use('next_issue', { key: '92ab' })).toMatchObject({
    ...{ isError: true, json: { error: { code: 'idempotency_key_reused' } } },
  });
  expect(await use('next_issue', { key: 'e05d', wait: 0 })).toMatchObject({
    json: { issue: 'acme/orbit#3' },
  });
});
