import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { playScene } from '../support/work-scene.ts';
import { canary, expectNothingLeft } from './support/agent-world.ts';
import { agentTest, sceneTest, type Answer } from './support/scripted-agents.ts';

const both = ['codex', 'opencode'] as const;

const fix = "sed -i 's/a - b/a + b/' sum.mjs && node --test";
const fixAndCommit: readonly Answer[] = [
  { text: 'The sign is wrong.', command: fix },
  { expect: 'pass 1', command: "git commit -qam 'Add instead of subtract'" },
  { text: 'Fixed and committed.' },
];

for (const sandbox of ['none', 'bwrap'] as const)
  agentTest(both, `fixes and commits, sandbox ${sandbox}`, fixAndCommit, async (world) => {
    const { running, progress, tree } = await world.start({ sandbox });
    const end = await running.ended;
    expect(end).toMatchObject({ outcome: 'completed', text: 'Fixed and committed.' });
    expect(progress.at(-1)?.spent.tokens).toBeGreaterThan(0);
    // Codex tells sums alone.
    expect(progress.some(({ used }) => used !== undefined)).toBe(world.name === 'opencode');
    expect(progress.some(({ tool }) => tool !== undefined)).toBe(true);
    expect([world.commits(), world.status(), world.isGreen()]).toEqual([2, '', true]);
    expect(await world.asked()).toContain('Issue 1: sum() subtracts.');
    expectNothingLeft(tree);
  });

const refused: readonly Answer[] = [
  { command: "echo '// sums' >> sum.mjs && git commit -qam 'Mend sum'" },
  { text: 'Done: sum() is mended.' },
  { expect: 'is red', command: `${fix} && git commit -qam 'Really mend sum'` },
  { text: 'Now it is green.' },
];

agentTest(both, 'goes on with a session after a refusal', refused, async (world) => {
  const first = await world.start();
  const { session = '' } = await first.running.ended;
  expect([world.commits(), world.isGreen()]).toEqual([2, false]);
  const second = await world.start({ session, resume: true, prompt: 'The gate test is red.' });
  expect(await second.running.ended).toMatchObject({ outcome: 'completed', session });
  expect([world.commits(), world.isGreen()]).toEqual([3, true]);
  const [before, after] = [first, second].map(({ progress }) => progress.at(-1)?.spent.tokens ?? 0);
  // The tokens of the first run do not count once more.
  expect(after).toBeLessThan((before ?? 0) * 1.5);
});

const look =
  'env; tr "\\0" "\\n" < /proc/$PPID/environ; for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; done; cat ~/.codex/config.toml ~/opencode.json';
const lookAround: readonly Answer[] = [
  { command: `{ ${look}; } > ~/seen 2>&1; cat ~/seen` },
  { text: 'Nothing.' },
];

agentTest(both, 'cannot find a secret of the runner', lookAround, async (world) => {
  const { running } = await world.start();
  await running.ended;
  expect(readFileSync(join(world.home, 'seen'), 'utf8')).toMatch(
    /_BASE_URL=http:\/\/127\.0\.0\.1:/,
  );
  expect(world.filesWith(canary)).toEqual([]);
});

const push: readonly Answer[] = [
  { command: 'git push ../elsewhere.git HEAD' },
  { text: 'I could not push.' },
];

agentTest(both, 'does not push', push, async (world) => {
  const elsewhere = join(world.directory, 'elsewhere.git');
  world.git('init', '--quiet', '--bare', elsewhere);
  const { running } = await world.start();
  const end = await running.ended;
  expect([end.outcome, world.commits()]).toEqual(['completed', 1]);
  expect(world.git('--git-dir', elsewhere, 'for-each-ref')).toBe('');
});

const long: readonly Answer[] = [
  { command: 'touch ~/runs; setsid sleep 300 & sleep 300' },
  { text: 'Late.' },
];

for (const sandbox of ['none', 'bwrap'] as const)
  agentTest(
    both,
    `leaves nothing behind when it is stopped, sandbox ${sandbox}`,
    long,
    async (world) => {
      const { running, tree } = await world.start({ sandbox });
      const runs = join(world.home, 'runs');
      await expect.poll(() => existsSync(runs), { timeout: 60_000 }).toBe(true);
      // The agent, a shell and two sleeps; the wrapper of npm is one more.
      await expect.poll(() => tree.members().length, { timeout: 20_000 }).toBeGreaterThan(3);
      await running.stop();
      expect((await running.ended).outcome).toBe('killed');
      expectNothingLeft(tree);
    },
  );

agentTest(both, 'leaves nothing behind when its first process is killed', long, async (world) => {
  const { running, tree } = await world.start();
  await expect.poll(() => tree.members().length, { timeout: 60_000 }).toBeGreaterThan(3);
  // That of npm's codex only waits for the real one, which lives on.
  process.kill(Math.min(...tree.members()), 'SIGKILL');
  expect((await running.ended).outcome).toBe('killed');
  expectNothingLeft(tree);
});

for (const [status, outcome] of [
  [401, 'key_refused'],
  [402, 'no_money'],
  [500, 'api_unavailable'],
] as const)
  agentTest(
    ['codex'],
    `ends after ${status}`,
    [{ times: 90, error: { status } }],
    async (world) => {
      const { running } = await world.start();
      expect((await running.ended).outcome).toBe(outcome);
    },
  );

agentTest(
  ['opencode'],
  'ends after 401',
  [{ times: 90, error: { status: 401 } }],
  async (world) => {
    const { running } = await world.start();
    expect((await running.ended).outcome).toBe('key_refused');
  },
);

const limit: readonly Answer[] = [{ times: 90, error: { status: 429, retryAfter: 3600 } }];

agentTest(['codex'], 'tells when a limit ends, and does not wait for it', limit, async (world) => {
  const { running } = await world.start();
  const { outcome, limitedUntil = 0 } = await running.ended;
  expect(outcome).toBe('limited');
  expect(limitedUntil / 1000).toBeCloseTo(Date.now() / 1000 + 3600, -2);
});

agentTest(['codex'], 'does not know a session that never was', [], async (world) => {
  const session = '11111111-1111-4111-8111-111111111111';
  const { running } = await world.start({ session, resume: true });
  expect((await running.ended).outcome).toBe('setup_fault');
});

const two: readonly Answer[] = [{ text: 'One.' }, { text: 'Two.' }];

agentTest(
  ['codex'],
  'runs hooks and servers of the repository when the operator wants it, and only then',
  two,
  async (world) => {
    const folder = join(world.repository, '.codex');
    mkdirSync(folder);
    const hook = { type: 'command', command: 'touch "$HOME/hook-ran"' };
    const hooks = { UserPromptSubmit: [{ hooks: [hook] }] };
    writeFileSync(join(folder, 'hooks.json'), JSON.stringify({ hooks }));
    writeFileSync(
      join(folder, 'config.toml'),
      `[mcp_servers.theirs]\ncommand = "/bin/sh"\nargs = ["-c", "touch ${world.home}/server-ran"]\n`,
    );
    const ran = () => ['hook-ran', 'server-ran'].map((name) => existsSync(join(world.home, name)));
    expect((await (await world.start()).running.ended).text).toBe('One.');
    expect(ran()).toEqual([false, false]);
    const trusting = await world.start({ projectSettings: true });
    expect((await trusting.running.ended).text).toBe('Two.');
    expect(ran()).toEqual([true, true]);
  },
);

const scene: readonly Answer[] = [
  { command: "echo 'export const add = () => 4;' > src/add.js && git commit -qam 'Add'" },
  { text: 'Done: it adds.' },
  {
    expect: '4 !== 3',
    command:
      "echo 'export const add = (a, b) => b + a;' > src/add.js && git commit -qam 'Add both numbers'",
  },
  { text: 'The test is green.' },
];

sceneTest(both, 'takes an issue by `work`, is refused, fixes it', scene, async (agent) => {
  const { output, secrets } = await playScene({
    args: ['--sandbox', 'bwrap', ...agent.args],
    environment: agent.environment,
  });
  const asked = await agent.asked();
  expect(asked).toContain('Add them.');
  const canaries = [...secrets, canary];
  expect(canaries.filter((secret) => output.includes(secret))).toEqual([]);
  // The headers of what was asked hold the real key.
  expect(secrets.filter((secret) => asked.includes(secret))).toEqual([]);
});
