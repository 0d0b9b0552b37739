import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { createRepository, write, type Files, type TestRepository } from './support/repository.ts';
import { startService, type FakeService } from './support/service.ts';
import { startVerifier } from './support/verifier.ts';

const directory = mkdtempSync(join(tmpdir(), 'verifier-packages-'));
let repository: TestRepository;
let service: FakeService;
let verifier: Awaited<ReturnType<typeof startVerifier>>;

/** A project with one package, which lies in the repository as a tarball: nothing is downloaded. */
const project: Files = {
  'package.json': JSON.stringify({
    ...{ name: 'tiny', type: 'module', private: true },
    dependencies: { dep: 'file:dep.tgz' },
  }),
  'package-lock.json': JSON.stringify({
    ...{ name: 'tiny', lockfileVersion: 3, requires: true },
    packages: {
      '': { name: 'tiny', dependencies: { dep: 'file:dep.tgz' } },
      'node_modules/dep': { version: '1.0.0', resolved: 'file:dep.tgz' },
    },
  }),
  'check.js': "import { word } from 'dep';\nconsole.error(word);\nprocess.exitCode = 1;\n",
  '.mosaic/gates.json': JSON.stringify({
    install: ['npm ci --ignore-scripts --offline'],
    gates: { check: { command: 'node check.js' } },
  }),
};

/** Puts a package with this code in place of a tarball. */
function pack(code: string, file = 'dep.tgz'): void {
  const place = mkdtempSync(join(tmpdir(), 'verifier-pack-'));
  write(place, {
    'package/package.json':
      '{ "name": "dep", "version": "1.0.0", "type": "module", "main": "index.js" }',
    'package/index.js': code,
  });
  execFileSync('tar', ['-czf', join(repository.work, file), '-C', place, 'package']);
  rmSync(place, { recursive: true });
}

beforeAll(async () => {
  repository = createRepository(project);
  pack("export const word = 'of the base';\n");
  repository.push('main', {});
  service = await startService(repository.bare);
  verifier = await startVerifier(service, directory, { sandbox: 'auto' });
});
afterAll(async () => {
  await verifier.close();
  await service.close();
  repository[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function verdictOn(commit: string) {
  const { verificationId } = service.enqueue({ commit });
  await verifier.next();
  const verdict = service.verdicts.get(verificationId);
  if (verdict === undefined) throw new Error(`no verdict: ${verifier.lines.join('')}`);
  return verdict;
}

it(
  'installs the packages of the base once, and shows them to the commit alone',
  { timeout: 90_000 },
  async () => {
    const first = await verdictOn(repository.push('first', { 'README.md': 'First.\n' }));
    const installed = readdirSync(join(directory, '1', 'packages'));
    repository.git('checkout', '--quiet', '-B', 'poisoned', 'main');
    pack("export const word = 'of the commit';\n");
    repository.git('commit', '--quiet', '--all', '--message', 'poison');
    repository.git('push', '--quiet', 'origin', 'poisoned');
    const poisoned = repository.git('rev-parse', 'HEAD');
    repository.git('checkout', '--quiet', '--force', 'main');
    const second = await verdictOn(poisoned);

    for (const { findings } of [first, second]) expect(findings).toContain('of the base');
    expect(installed).toHaveLength(1);
    expect(readdirSync(join(directory, '1', 'packages'))).toEqual(installed);
    // The steps ran apart from the commit.
    expect(first.gates.map(({ gate }) => gate)).not.toContain('prepare');
  },
);

it('says which changes of the commit the gates do not use', async () => {
  const commit = repository.push('manifest', {
    'package.json': '{ "name": "tiny", "type": "module", "scripts": { "preinstall": "exit 1" } }\n',
  });

  expect((await verdictOn(commit)).findings).toContain(
    'The gates do not use your changes to package.json:',
  );
});

it('is an error of ours when the packages of the base cannot be installed', async () => {
  repository.push('broken', { 'package-lock.json': '{}\n' });
  const commit = repository.push('on-broken', { 'README.md': 'x\n' }, 'broken');
  const { verificationId } = service.enqueue({ commit, baseBranch: 'broken' });
  await verifier.next();

  expect(service.verdicts.get(verificationId)).toMatchObject({
    outcome: 'error',
    cause: { code: 'gates_error' },
  });
  expect(readdirSync(join(directory, '1', 'packages'))).toHaveLength(1);
});

it('runs install steps in the checkout where the project has scripts for them', async () => {
  repository.push('scripts', {
    'package.json': JSON.stringify({
      ...{ name: 'tiny', type: 'module', dependencies: { dep: 'file:dep.tgz' } },
      scripts: { postinstall: "node -e \"require('fs').writeFileSync('made.txt', 'made')\"" },
    }),
    '.mosaic/gates.json': JSON.stringify({
      install: ['npm ci --offline'],
      gates: { check: { command: 'test -f made.txt' } },
    }),
  });
  const commit = repository.push('on-scripts', { 'README.md': 'x\n' }, 'scripts');
  const { verificationId } = service.enqueue({ commit, baseBranch: 'scripts' });
  await verifier.next();

  expect(service.verdicts.get(verificationId)).toMatchObject({ outcome: 'passed' });
});

it('shows the packages of a workspace as well', async () => {
  pack("export const word = 'of the workspace';\n", 'other.tgz');
  const workspace = { name: 'a', version: '1.0.0', dependencies: { dep: 'file:../../other.tgz' } };
  const top = { name: 'tiny', workspaces: ['packages/a'], dependencies: { dep: 'file:dep.tgz' } };
  repository.push('workspaces', {
    'package.json': JSON.stringify({ ...top, type: 'module' }),
    'package-lock.json': JSON.stringify({
      ...{ name: 'tiny', lockfileVersion: 3, requires: true },
      packages: {
        '': top,
        'node_modules/a': { resolved: 'packages/a', link: true },
        'node_modules/dep': { version: '1.0.0', resolved: 'file:dep.tgz' },
        'packages/a': workspace,
        'packages/a/node_modules/dep': { version: '1.0.0', resolved: 'file:other.tgz' },
      },
    }),
    'packages/a/package.json': JSON.stringify({ ...workspace, type: 'module' }),
    'packages/a/check.js':
      "import { word } from 'dep';\nconsole.error(word);\nprocess.exitCode = 1;\n",
    '.mosaic/gates.json': JSON.stringify({
      install: ['npm ci --ignore-scripts --offline'],
      gates: { check: { command: 'node packages/a/check.js' } },
    }),
  });
  const commit = repository.push('in-workspaces', { 'README.md': 'x\n' }, 'workspaces');
  const { verificationId } = service.enqueue({ commit, baseBranch: 'workspaces' });
  await verifier.next();

  expect(service.verdicts.get(verificationId)?.findings).toContain('of the workspace');
});
