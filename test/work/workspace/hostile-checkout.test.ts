import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { WorkspaceError } from '../../../src/work/workspace/workspace-error.ts';
import { endGitLeftBehind } from '../../../src/work/left-behind.ts';
import { createWorkspace } from '../../../src/work/workspace/workspace.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { createRepository } from '../../verifier/support/repository.ts';
import { agent, edit, signal, start, variables } from './workspace-stage.ts';

test('a .git that is a link to another repository of the machine is not read', async () => {
  using stage = start();
  using secret = createRepository({ 'secret.txt': 'secret\n' });
  const { directory, ...checkout } = await stage.open();
  rmSync(join(directory, '.git'), { recursive: true });
  symlinkSync(join(secret.work, '.git'), join(directory, '.git'));
  await expect(checkout.find()).rejects.toThrow(WorkspaceError);
  const again = await stage.open();
  expect(again.start).toBe(stage.repository.first);
  expect(existsSync(join(secret.work, '.git', 'config'))).toBe(true);
}, 30_000);

/** A folder whose path is too long for a call of the system, which an agent can make step by step. */
function makeDeep(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const script = `import os\nfor _ in range(100):\n  os.mkdir('${'x'.repeat(200)}'); os.chdir('${'x'.repeat(200)}')`;
  execFileSync('python3', ['-c', script], { cwd: directory });
}

test.each(['.git/deep', '.git/objects/deep', 'deep'])(
  'a path that is too long for the system in %s holds nothing up',
  async (path) => {
    using stage = start();
    const { directory, ...checkout } = await stage.open();
    edit(directory, 'src/queue.js', 'queue\n');
    makeDeep(join(directory, path));
    await checkout.commitAll('wip').catch((error: unknown) => {
      expect(error).toBeInstanceOf(WorkspaceError);
    });
    const again = await stage.open();
    expect(existsSync(join(again.directory, 'package.json'))).toBe(true);
  },
  30_000,
);

test('a list of other objects that is too long to be read is refused', async () => {
  using stage = start();
  using secret = createRepository({ 'secret.txt': 'secret\n' });
  const { directory, ...checkout } = await stage.open();
  const alternates = join(directory, '.git/objects/info/alternates');
  appendFileSync(alternates, `#${'x'.repeat(17 * 1024 * 1024)}\n${secret.bare}/objects\n`);
  edit(directory, '.git/refs/heads/other', `${secret.first}\n`);
  edit(directory, '.git/HEAD', 'ref: refs/heads/other\n');
  await expect(checkout.find()).rejects.toThrow(WorkspaceError);
}, 30_000);

test('a file whose name is not UTF-8 is committed', async () => {
  using stage = start();
  const { directory, ...checkout } = await stage.open();
  const name = Buffer.concat([Buffer.from(`${directory}/caf`), Buffer.from([0xe9])]);
  writeFileSync(name, 'latin\n');
  const head = await checkout.commitAll('wip');
  expect(agent(directory, 'status', '--porcelain')).toBe('');
  expect(agent(directory, 'show', '--format=', '--name-only', head)).toContain('caf');
}, 30_000);

test('what an agent had in a stash is not deleted, and the next one finds it', async () => {
  using stage = start();
  const workspace = createWorkspace({ ...stage.options, keptCheckouts: 0 });
  const { directory, ...checkout } = await stage.open();
  edit(directory, 'src/add.js', 'export const add = 3;\n');
  agent(directory, 'stash', '--quiet');
  await workspace.prune(signal);
  expect(existsSync(directory)).toBe(true);
  expect(checkout.kept).toEqual([]);
  const { kept } = await stage.open();
  expect(kept).toHaveLength(1);
  expect(agent(directory, 'show', `${kept[0] ?? ''}:src/add.js`)).toBe('export const add = 3;');
}, 30_000);

test('what an agent committed is kept when it was stopped in the middle of a rebase', async () => {
  using stage = start();
  const { directory, start: base } = await stage.open();
  edit(directory, 'src/queue.js', 'queue\n');
  agent(directory, 'add', '.');
  agent(directory, 'commit', '--quiet', '-m', 'Add a queue');
  const tip = agent(directory, 'rev-parse', 'HEAD');
  agent(directory, 'checkout', '--quiet', '--detach', base);
  edit(directory, 'src/other.js', 'other\n');
  agent(directory, 'add', '.');
  agent(directory, 'commit', '--quiet', '-m', 'Other');
  const { kept } = await stage.open();
  expect(agent(directory, 'rev-parse', ...kept)).toBe(tip);
  // They are no news a second time.
  expect((await stage.open()).kept).toEqual(kept);
}, 30_000);

test('a repository inside of the files keeps an old checkout', async () => {
  using stage = start();
  const workspace = createWorkspace({ ...stage.options, keptCheckouts: 0 });
  const { directory } = await stage.open();
  mkdirSync(join(directory, 'inner'));
  agent(join(directory, 'inner'), 'init', '--quiet');
  edit(directory, 'inner/x.js', 'x\n');
  await workspace.prune(signal);
  expect(existsSync(join(directory, 'inner/x.js'))).toBe(true);
}, 30_000);

test('work on the branch goes on where the agent looked at an older commit', async () => {
  using stage = start();
  const { directory } = await stage.open();
  for (const n of ['1', '2', '3']) {
    edit(directory, 'src/queue.js', `${n}\n`);
    agent(directory, 'add', '.');
    agent(directory, 'commit', '--quiet', '-m', `Step ${n}`);
  }
  agent(directory, 'checkout', '--quiet', 'HEAD~2');
  const second = await stage.open();
  expect(agent(directory, 'log', '--format=%s', second.start)).toContain('Step 3');
}, 30_000);

test('a branch without its objects does not hide what is checked out', async () => {
  using stage = start();
  const { directory, ...checkout } = await stage.open();
  agent(directory, 'checkout', '--quiet', '--detach');
  edit(directory, '.git/refs/heads/agent/issue-12-add-a-queue', `${'e'.repeat(40)}\n`);
  expect(await checkout.find()).toMatchObject({ head: stage.repository.first });
  expect((await stage.open()).start).toBe(stage.repository.first);
}, 30_000);

test('an old checkout is not deleted under the job that begins to use it', async () => {
  using stage = start();
  const first = await stage.open();
  const { directory } = first;
  first[Symbol.dispose]();
  const workspace = createWorkspace({ ...stage.options, keptCheckouts: 0 });
  for (let round = 0; round < 3; round += 1) {
    const [checkout] = await Promise.all([
      workspace.open(stage.place, { stop: signal, signal }),
      new Promise((resolve) => setTimeout(resolve, round * 60)).then(() => workspace.prune(signal)),
    ]);
    expect(existsSync(join(directory, 'package.json')), `round ${round}`).toBe(true);
    checkout[Symbol.dispose]();
  }
}, 30_000);

test('an issue that another job still has open is waited for', async () => {
  using stage = start();
  const workspace = createWorkspace(stage.options);
  const first = await workspace.open(stage.place, { stop: signal, signal });
  let isOpen = false;
  const second = workspace.open(stage.place, { stop: signal, signal }).then((checkout) => {
    isOpen = true;
    return checkout;
  });
  edit(first.directory, 'src/queue.js', 'queue\n');
  const other = workspace.open({ ...stage.place, number: 13 }, { stop: signal, signal });
  (await other)[Symbol.dispose]();
  expect(isOpen).toBe(false);
  const head = await first.commitAll('wip');
  first[Symbol.dispose]();
  expect((await second).start).toBe(head);
}, 30_000);

test('an operator whose git refuses bare repositories that nobody named', async () => {
  using stage = start();
  const home = temporaryDirectory();
  writeFileSync(join(home, '.gitconfig'), '[safe]\n\tbareRepository = explicit\n');
  const { start: commit } = await stage.open({ environment: { ...variables, HOME: home } });
  expect(commit).toBe(stage.repository.first);
}, 30_000);

test('the git that a killed runner left behind is ended', async () => {
  using stage = start();
  const asked = Promise.withResolvers<undefined>();
  const server = createServer(() => asked.resolve(undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const remote = { id: 2, url: `http://127.0.0.1:${port}/acme/orbit.git` };
  const workspace = createWorkspace(stage.options);
  const opened = workspace.open({ ...stage.place, remote }, { stop: signal, signal });
  const failed = expect(opened).rejects.toThrow(WorkspaceError);
  await asked.promise;
  await endGitLeftBehind(stage.directory);
  await failed;
  server.closeAllConnections();
  server.close();
}, 30_000);

test('a base branch below the name of an older one is fetched', async () => {
  using stage = start();
  await stage.open();
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', stage.repository.bare, ...args]);
  git('branch', '-m', 'main', 'release');
  git('symbolic-ref', 'HEAD', 'refs/heads/release');
  await stage.open();
  git('branch', '-m', 'release', 'tmp');
  git('branch', '-m', 'tmp', 'release/2');
  git('symbolic-ref', 'HEAD', 'refs/heads/release/2');
  expect((await stage.open()).baseBranch).toBe('release/2');
}, 30_000);

test('words of a server cannot reach the terminal as they are', async () => {
  using stage = start();
  const checkout = await stage.open();
  const hook = join(stage.repository.bare, 'hooks/pre-receive');
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\nprintf "\\033]0;owned\\007no\\n" >&2\nexit 1\n', { mode: 0o755 });
  edit(checkout.directory, 'src/queue.js', 'queue\n');
  await checkout.commitAll('wip');
  const error: unknown = await checkout.push().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkspaceError);
  expect(String(error)).toContain('no');
  // eslint-disable-next-line no-control-regex
  expect(String(error)).not.toMatch(/[\x00-\x1f]/);
}, 30_000);
