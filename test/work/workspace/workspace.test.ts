import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { WorkspaceError } from '../../../src/work/workspace/workspace-error.ts';
import { createWorkspace } from '../../../src/work/workspace/workspace.ts';
import { createRepository } from '../../verifier/support/repository.ts';
import { agent, author, edit, signal, start } from './workspace-stage.ts';

const branch = 'agent/issue-12-add-a-queue';

test('work goes from an agent to its branch, and on after the runner and the agent were killed', async () => {
  using stage = start();
  const first = await stage.open();
  const { directory } = first;
  expect(first).toMatchObject({ branch, baseBranch: 'main', start: stage.repository.first });
  expect(agent(directory, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
  expect(agent(directory, 'log', '--format=%an', '-1')).toBe('Ann');
  expect(await first.find()).toEqual({ head: first.start, isAhead: false, uncommitted: [] });

  edit(directory, 'src/queue.js', 'export const queue = [];\n');
  edit(directory, 'node_modules/x/index.js', 'ignored\n');
  expect((await first.find()).uncommitted).toEqual(['src/queue.js']);
  agent(directory, 'add', '.');
  agent(directory, 'commit', '--quiet', '-m', 'Add a queue');
  const { head, isAhead } = await first.find();
  expect({ isAhead, author: agent(directory, 'log', '--format=%ae', '-1') }).toEqual({
    ...{ isAhead: true, author: author.email },
  });
  expect(await first.push()).toEqual({ kind: 'pushed', commit: head });
  expect(stage.remote('rev-parse', branch)).toBe(head);

  // Killed in the middle: detached, with a lock, uncommitted and staged files, in another process of the runner.
  agent(directory, 'checkout', '--quiet', '--detach');
  edit(directory, 'src/queue.js', 'export const queue = [1];\n');
  edit(directory, 'half.txt', 'half\n');
  agent(directory, 'add', 'half.txt');
  writeFileSync(join(directory, '.git', 'index.lock'), '');
  rmSync(join(directory, 'test/add.test.js'));
  const second = await stage.open();
  expect(second.directory).toBe(directory);
  const log = agent(directory, 'log', '--format=%s', '-2').split('\n');
  expect(log).toEqual(['wip: files that an agent left when it was stopped', 'Add a queue']);
  expect(agent(directory, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
  const changed = agent(directory, 'show', '--format=', '--name-status', 'HEAD').split('\n');
  expect(changed).toEqual(['A\thalf.txt', 'M\tsrc/queue.js', 'D\ttest/add.test.js']);
  expect(await second.push()).toEqual({ kind: 'pushed', commit: second.start });
}, 30_000);

test('what others pushed to the branch is merged, or left to the agent when it conflicts', async () => {
  using stage = start();
  const { directory, ...checkout } = await stage.open();
  edit(directory, 'src/mine.js', 'mine\n');
  agent(directory, 'add', '.');
  agent(directory, 'commit', '--quiet', '-m', 'Mine');
  await checkout.find();
  const theirs = stage.repository.push(branch, { 'src/theirs.js': 'theirs\n' });
  const pushed = await checkout.push();
  expect(pushed.kind).toBe('pushed');
  expect(readFileSync(join(directory, 'src/theirs.js'), 'utf8')).toBe('theirs\n');
  expect(agent(directory, 'log', '--format=%P', '-1').split(' ')).toContain(theirs);
  expect(agent(directory, 'status', '--porcelain')).toBe('');

  edit(directory, 'src/theirs.js', 'not theirs\n');
  agent(directory, 'commit', '--quiet', '--all', '-m', 'Change theirs');
  const { head } = await checkout.find();
  stage.repository.git('fetch', '--quiet', 'origin', branch);
  const other = stage.repository.push(branch, { 'src/theirs.js': 'still\n' }, 'FETCH_HEAD');
  expect(await checkout.push()).toEqual({ kind: 'conflict' });
  expect(stage.remote('rev-parse', branch)).toBe(other);
  expect(agent(directory, 'rev-parse', 'HEAD', `origin/${branch}`).split('\n')).toEqual([
    ...[head, other],
  ]);
}, 30_000);

test('nothing that an agent wrote into its repository runs in the git of the runner', async () => {
  using stage = start({
    'a.txt': 'a\n',
    '.gitattributes': '*.txt filter=evil diff=evil merge=evil\n',
  });
  const { directory, ...checkout } = await stage.open();
  const trap = join(stage.directory, 'trap.sh');
  const sprung = join(stage.directory, 'sprung');
  writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> ${sprung}\ncat\n`);
  chmodSync(trap, 0o755);
  const settings = {
    'core.fsmonitor': trap,
    'core.sshCommand': trap,
    'core.hooksPath': join(stage.directory, 'hooks'),
    'core.editor': trap,
    'credential.helper': `!${trap}`,
    'filter.evil.clean': trap,
    'filter.evil.smudge': trap,
    'filter.evil.process': trap,
    'diff.evil.textconv': trap,
    'merge.evil.driver': trap,
    'gpg.program': trap,
    'commit.gpgSign': 'true',
    'uploadpack.packObjectsHook': trap,
    'url.ext::sh.insteadOf': stage.repository.bare,
    'remote.origin.url': `ext::${trap}`,
    'remote.origin.promisor': 'true',
    'remote.origin.pushurl': `ext::${trap}`,
    'alias.update-index': `!${trap}`,
  };
  edit(directory, 'a.txt', 'b\n');
  agent(directory, 'commit', '--quiet', '--all', '-m', 'Change');
  for (const [name, value] of Object.entries(settings)) agent(directory, 'config', name, value);
  for (const hooks of [join(stage.directory, 'hooks'), join(directory, '.git/hooks')]) {
    mkdirSync(hooks, { recursive: true });
    for (const hook of ['pre-push', 'post-checkout', 'reference-transaction', 'post-index-change'])
      symlinkSync(trap, join(hooks, hook));
  }
  // A repository inside the files, whose configuration a look into it would obey.
  mkdirSync(join(directory, 'nested'));
  agent(join(directory, 'nested'), 'init', '--quiet');
  agent(join(directory, 'nested'), 'config', 'core.fsmonitor', trap);
  edit(directory, 'nested/x.txt', 'x\n');
  edit(directory, 'a.txt', 'c\n');
  rmSync(sprung, { force: true });

  expect((await checkout.find()).uncommitted).toEqual(['a.txt']);
  await checkout.commitAll('wip: all');
  expect((await checkout.push()).kind).toBe('pushed');
  stage.repository.push(branch, { 'a.txt': 'd\n' });
  await stage.open();
  expect(existsSync(sprung)).toBe(false);
  expect(readFileSync(join(directory, '.git/config'), 'utf8')).not.toContain('trap');
}, 30_000);

test('objects that lie elsewhere on the machine are not taken over, and the checkout is kept aside', async () => {
  using stage = start();
  using secret = createRepository({ 'secret.txt': 'secret\n' });
  const { directory, ...checkout } = await stage.open();
  const alternates = join(directory, '.git/objects/info/alternates');
  writeFileSync(alternates, `${readFileSync(alternates, 'utf8')}${secret.bare}/objects\n`);
  agent(directory, 'update-ref', 'HEAD', secret.first);
  await expect(checkout.find()).rejects.toThrow(WorkspaceError);
  const again = await stage.open();
  expect(again.start).toBe(stage.repository.first);
  expect(existsSync(join(again.directory, 'secret.txt'))).toBe(false);
}, 30_000);

test('an old checkout is deleted when its work is pushed, and kept while it is not', async () => {
  using stage = start();
  const { directory, ...checkout } = await stage.open();
  const workspace = createWorkspace({ ...stage.options, keptCheckouts: 0 });
  edit(directory, 'src/queue.js', 'queue\n');
  await workspace.prune(signal);
  expect(existsSync(directory)).toBe(true);
  await checkout.commitAll('wip: queue');
  await workspace.prune(signal);
  expect(existsSync(directory)).toBe(true);
  const { head } = await checkout.find();
  await checkout.push();
  await workspace.prune(signal);
  expect(existsSync(directory)).toBe(false);
  expect((await stage.open()).start).toBe(head);
}, 30_000);
