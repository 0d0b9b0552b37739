import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Verdict, VerificationJob } from '../../src/issue/verification.ts';
import { createRepository, type Files, type TestRepository } from './support/repository.ts';
import { startService, type FakeService } from './support/service.ts';
import { containing, matching } from '../support/matching.ts';
import { startVerifier } from './support/verifier.ts';

const directory = mkdtempSync(join(tmpdir(), 'verifier-test-'));
let repository: TestRepository;
let service: FakeService;
let verifier: Awaited<ReturnType<typeof startVerifier>>;

beforeAll(async () => {
  repository = createRepository();
  service = await startService(repository.bare);
  verifier = await startVerifier(service, directory);
});
afterAll(async () => {
  await verifier.close();
  await service.close();
  repository[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** The verdict on a commit; whatever it is, nothing is left of the work. */
async function verdictOn(job: Partial<VerificationJob> & Pick<VerificationJob, 'commit'>) {
  const { verificationId } = service.enqueue(job);
  expect(await verifier.next()).toBe(true);
  expect(readdirSync(join(directory, '1', 'work'))).toEqual([]);
  const verdict = service.verdicts.get(verificationId);
  if (verdict === undefined) throw new Error(`no verdict: ${verifier.lines.join('')}`);
  return verdict;
}

async function verdictOnChange(changes: Files): Promise<Verdict> {
  return verdictOn({ commit: repository.push('change', changes), branch: 'change' });
}

const twice = { 'src/twice.js': 'export const twice = (a) => a + a;\n' };

it('passes a change with its gates, bound to base and tree', async () => {
  const verdict = await verdictOnChange(twice);

  expect(verdict).toMatchObject({
    outcome: 'passed',
    cause: { code: 'gates_passed' },
    base: repository.first,
    tree: repository.git('rev-parse', 'change^{tree}'),
    configHash: matching(/^[0-9a-f]{64}$/),
    environment: matching(/^node 24.*, git 2.*sandbox none$/),
    findings: '',
    fingerprint: null,
  });
  expect(verdict.gates.map(({ gate, status }) => `${gate} ${status}`)).toEqual([
    'integrity passed',
    'unit passed',
  ]);
});

it('merges onto the present head of the base', async () => {
  const commit = repository.push('old', twice);
  repository.git('checkout', '--quiet', 'main');
  repository.push('main', { 'README.md': 'New on main.\n' });

  const verdict = await verdictOn({ commit });

  expect(verdict).toMatchObject({ outcome: 'passed', base: repository.git('rev-parse', 'main') });
  expect(verdict.tree).not.toBe(repository.git('rev-parse', 'old^{tree}'));
});

it('fails a red test with a list and a fingerprint that do not change', async () => {
  const red = { 'src/add.js': 'export const add = (a, b) => a - b;\n' };
  const first = await verdictOnChange(red);

  expect(first).toMatchObject({ outcome: 'failed', cause: { code: 'gates_failed' } });
  expect(first.findings).toContain('## unit: failed');
  expect(first.findings).toContain('test/add.test.js');
  expect(first.findings).not.toContain(directory);
  expect(JSON.stringify(first.report)).not.toContain(directory);
  expect(first.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect((await verdictOnChange(red)).fingerprint).toBe(first.fingerprint);
});

it('names the paths of a conflict', async () => {
  const from = repository.first;
  const commit = repository.push('conflict', { 'README.md': 'Otherwise.\n' }, from);
  repository.push('main', { 'README.md': 'Again new on main.\n' });

  expect(await verdictOn({ commit })).toMatchObject({
    outcome: 'failed',
    cause: { code: 'merge_conflict', message: containing('README.md') },
    tree: null,
  });
});

it('refuses a commit that changes nothing', async () => {
  const empty = repository.push('empty', {});
  const base = repository.git('rev-parse', 'main');

  for (const commit of [empty, base, repository.first])
    expect(await verdictOn({ commit })).toMatchObject({
      outcome: 'failed',
      cause: { code: 'nothing_changed' },
      gates: [],
    });
});

it('refuses a history of its own', async () => {
  repository.git('checkout', '--quiet', '--orphan', 'other');
  repository.git('commit', '--quiet', '--message', 'other');
  repository.git('push', '--quiet', 'origin', 'other');
  const commit = repository.git('rev-parse', 'HEAD');
  repository.git('checkout', '--quiet', '--force', 'main');

  expect(await verdictOn({ commit })).toMatchObject({
    outcome: 'failed',
    cause: { code: 'unrelated_history' },
  });
});

it('refuses a commit that is not there, or not on its branch any more', async () => {
  const pushedOver = repository.push('moving', twice);
  repository.push('moving', { 'src/thrice.js': 'export const thrice = (a) => 3 * a;\n' });

  for (const job of [
    { commit: 'c0ffee'.padEnd(40, '0') },
    { commit: pushedOver, branch: 'moving' },
    { commit: pushedOver, branch: 'deleted' },
  ])
    expect(await verdictOn(job)).toMatchObject({
      outcome: 'failed',
      cause: { code: 'commit_not_found' },
    });
});

it('fetches nothing twice', async () => {
  const commit = repository.push('cached', twice);
  await verdictOn({ commit });
  const before = service.calls.length;

  await verdictOn({ commit });
  const packs = service.calls.slice(before).filter(({ path }) => path.endsWith('-upload-pack'));
  // The list of branches, and no pack.
  expect(packs).toHaveLength(1);
});

it('says that the base branch is not there, as an error of ours', async () => {
  const commit = repository.push('change', twice);

  expect(await verdictOn({ commit, baseBranch: 'nowhere' })).toMatchObject({
    outcome: 'error',
    cause: { code: 'git_failed', message: containing('nowhere') },
    base: null,
  });
});
