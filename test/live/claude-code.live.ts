import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished } from 'vitest';

import { runCommandLine } from '../../src/cli/command-line.ts';
import { canary, expectNothingLeft } from './support/agent-world.ts';
import { bash, claudeTest } from './support/claude-world.ts';

const fix = "sed -i 's/a - b/a + b/' sum.mjs && node --test";
const fixAndCommit = {
  turns: [
    { text: 'The sign is wrong.', tools: [bash(fix)], context: 0.12 },
    { expect: 'pass 1', tools: [bash("git commit -qam 'Add instead of subtract'")], context: 0.13 },
    { text: 'Fixed and committed.', context: 0.15 },
  ],
};

claudeTest(
  'fixes and commits',
  fixAndCommit,
  async ({ start, commits, status, isGreen, asked }) => {
    const { running, progress, tree } = await start();
    const end = await running.ended;
    expect(end).toMatchObject({ outcome: 'completed', text: 'Fixed and committed.' });
    expect(progress.at(-1)).toMatchObject({ used: 30_000, window: 1_000_000, compactsAt: 967_000 });
    expect(progress.at(-1)?.spent.costUsd).toBeGreaterThan(0);
    expect([commits(), status(), isGreen()]).toEqual([2, '', true]);
    expect(await asked()).toContain('Issue 1: sum() subtracts.');
    expectNothingLeft(tree);
  },
);

claudeTest('does the same in a sandbox', fixAndCommit, async ({ start, commits }) => {
  const { running, tree } = await start({ sandbox: 'bwrap' });
  expect((await running.ended).outcome).toBe('completed');
  expect(commits()).toBe(2);
  expectNothingLeft(tree);
});

const look =
  'env; tr "\\0" "\\n" < /proc/$PPID/environ; for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; done; cat ~/.claude.json ~/claude-settings.json';
const lookAround = {
  turns: [{ tools: [bash(`{ ${look}; } > ~/seen 2>&1; cat ~/seen`)] }, { text: 'Nothing.' }],
};

claudeTest(
  'cannot find a secret of the runner',
  lookAround,
  async ({ start, home, asked, filesWith }) => {
    const { running } = await start();
    await running.ended;
    const seen = readFileSync(join(home, 'seen'), 'utf8');
    expect(seen).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:');
    expect(seen).not.toContain(canary);
    expect(await asked()).not.toContain(canary);
    expect(filesWith('ANTHROPIC_BASE_URL').length).toBeGreaterThan(0);
    expect(filesWith(canary)).toEqual([]);
  },
);

const handOver = {
  window: 1_000_000,
  turns: [
    { tools: [bash('echo 1 >> notes.txt')], context: 0.5 },
    { tools: [bash('sleep 1')], context: 0.951 },
    {
      expect: 'rotate',
      tools: [bash("git add -A && git commit -qm 'wip: step 1'")],
      context: 0.953,
    },
    { text: 'Step 1 is done; the test is next.', context: 0.955 },
  ],
};

claudeTest(
  'hands over when it is asked in mid-turn',
  handOver,
  async ({ start, commits, status }) => {
    let asked = false;
    const { running } = await start({
      onProgress({ used = 0 }) {
        if (used < 950_000 || asked) return;
        asked = true;
        expect(
          running.say('The coordinator will rotate this session. Commit, and end your turn.'),
        ).toBe(true);
      },
    });
    expect(await running.ended).toMatchObject({
      ...{ outcome: 'completed', text: 'Step 1 is done; the test is next.' },
    });
    expect([asked, commits(), status()]).toEqual([true, 2, '']);
  },
);

const refused = {
  turns: [
    { tools: [bash("echo '// sums' >> sum.mjs && git commit -qam 'Mend sum'")] },
    { text: 'Done: sum() is mended.' },
    { expect: 'red', tools: [bash(`${fix} && git commit -qam 'Really mend sum'`)] },
    { text: 'Now it is green.' },
  ],
};

claudeTest(
  'goes on with a session after a refusal',
  refused,
  async ({ start, commits, isGreen }) => {
    const first = await start();
    const { session = '' } = await first.running.ended;
    expect([commits(), isGreen()]).toEqual([2, false]);
    const second = await start({ session, resume: true, prompt: 'The gate test is red: fix it.' });
    expect(await second.running.ended).toMatchObject({ outcome: 'completed', session });
    expect([commits(), isGreen()]).toEqual([3, true]);
    expect(second.progress.at(-1)?.spent.tokens).toBeLessThan(200_000);
  },
);

const denied = {
  turns: [
    { tools: [bash('git push origin HEAD')] },
    { tools: [{ name: 'WebFetch', input: { url: 'http://example.com', prompt: 'x' } }] },
    { text: 'I fixed it and committed.' },
  ],
};

claudeTest('tells what it was denied', denied, async ({ start, commits }) => {
  const { running } = await start();
  const { outcome, message } = await running.ended;
  expect([outcome, commits()]).toEqual(['permission_denied', 1]);
  expect(message).toContain('Bash');
  expect(message).toContain('WebFetch');
});

const long = { turns: [{ tools: [bash('setsid sleep 300 & sleep 300')] }, { text: 'Late.' }] };

claudeTest('leaves nothing behind when it is stopped', long, async ({ start }) => {
  const tool = Promise.withResolvers<undefined>();
  const { running, tree } = await start({
    onProgress: ({ tool: name }) => name === 'Bash' && tool.resolve(undefined),
  });
  await tool.promise;
  while (tree.members().length < 3) await new Promise((resolve) => setImmediate(resolve));
  await running.stop();
  expect((await running.ended).outcome).toBe('killed');
  expectNothingLeft(tree);
});

const limit = (headers: object) => ({
  turns: [{ times: 9, error: { status: 429, retryAfter: 3600, headers } }],
});

claudeTest('tells when the limit of an API key ends', limit({}), async ({ start }) => {
  const { running } = await start();
  const { outcome, limitedUntil = 0 } = await running.ended;
  expect(outcome).toBe('limited');
  expect(limitedUntil / 1000).toBeCloseTo(Date.now() / 1000 + 3600, -2);
});

const resetsAt = Math.floor(Date.now() / 1000) + 7200;
const usage = {
  'anthropic-ratelimit-unified-status': 'rejected',
  'anthropic-ratelimit-unified-reset': `${resetsAt}`,
  'anthropic-ratelimit-unified-representative-claim': 'five_hour',
};

claudeTest('tells when the limit of a subscription ends', limit(usage), async ({ start }) => {
  const { running } = await start({ credential: 'oauth_token' });
  expect(await running.ended).toMatchObject({ outcome: 'limited', limitedUntil: resetsAt * 1000 });
});

claudeTest(
  'names a refused key, no money, and an API that does not answer',
  {
    cases: [401, 402, 500].map((status) => ({
      ...{ prompt: `Status ${status}`, turns: [{ times: 9, error: { status } }] },
    })),
  },
  async ({ start }) => {
    for (const [status, outcome] of [
      [401, 'key_refused'],
      [402, 'no_money'],
      [500, 'api_unavailable'],
    ] as const) {
      const { running } = await start({
        prompt: `Status ${status}`,
        environment: { CLAUDE_CODE_MAX_RETRIES: '1' },
      });
      expect((await running.ended).outcome).toBe(outcome);
    }
  },
);

const ok = { turns: [{ text: 'ok' }], after: 'repeat' };

claudeTest('does not know a session that never was', ok, async ({ start }) => {
  const { running } = await start({
    session: '11111111-1111-4111-8111-111111111111',
    resume: true,
  });
  expect((await running.ended).outcome).toBe('setup_fault');
});

claudeTest(
  'runs hooks of the repository when the operator wants it, and only then',
  ok,
  async ({ start, repository, home }) => {
    mkdirSync(join(repository, '.claude'));
    const hook = { type: 'command', command: 'touch "$HOME/hook-ran"' };
    const settings = { hooks: { UserPromptSubmit: [{ hooks: [hook] }] } };
    writeFileSync(join(repository, '.claude', 'settings.json'), JSON.stringify(settings));
    await (
      await start()
    ).running.ended;
    expect(existsSync(join(home, 'hook-ran'))).toBe(false);
    await (
      await start({ projectSettings: true })
    ).running.ended;
    expect(existsSync(join(home, 'hook-ran'))).toBe(true);
  },
);

claudeTest(
  'calls the hooks and the server of connect, with its variables',
  ok,
  async ({ start, repository }) => {
    const calls: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        calls.push({ path: request.url ?? '', headers: request.headers, body });
        response
          .writeHead(request.url === '/mcp' ? 405 : 200, { 'content-type': 'application/json' })
          .end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    const quiet = { write: () => undefined };
    const io = { stdout: quiet, stderr: quiet, environment: () => ({ COORDINATOR_URL: url }) };
    expect(
      await runCommandLine(['connect', 'claude', '--write', '--directory', repository], io),
    ).toBe(0);
    const { running } = await start({
      projectSettings: true,
      environment: {
        MOSAIC_TOKEN: 'worker-token',
        MOSAIC_CLAIM_ID: 'c-1',
        MOSAIC_CLAIM_TOKEN: 't-1',
      },
    });
    expect((await running.ended).outcome).toBe('completed');
    const hooks = calls.filter(({ path }) => path === '/api/v1/hooks/claude-code');
    const events = hooks.map(({ body }) => /"hook_event_name":"(\w+)"/.exec(body)?.[1]);
    expect(events).toEqual(['Stop', 'SessionEnd']);
    for (const { headers } of hooks)
      expect(headers).toMatchObject({
        ...{ authorization: 'Bearer worker-token', 'x-claim-id': 'c-1', 'x-claim-token': 't-1' },
      });
    const asked = calls.filter(({ path }) => path === '/mcp');
    expect(asked[0]?.headers.authorization).toBe('Bearer worker-token');
  },
);
