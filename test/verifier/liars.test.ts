import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Verdict } from '../../src/issue/verification.ts';
import { defaultLimits } from '../../src/verifier/verify.ts';
import {
  addTest,
  createRepository,
  gatesFile,
  project,
  type Files,
  type TestRepository,
} from './support/repository.ts';
import { serviceToken, startService, type FakeService } from './support/service.ts';
import { startVerifier } from './support/verifier.ts';

const mebibyte = 1024 ** 2;
const limits = {
  programs: { ...defaultLimits.programs, memoryBytes: 400 * mebibyte, fileBytes: 70 * mebibyte },
  disk: { bytes: 100 * mebibyte, reserve: mebibyte },
};

const directory = mkdtempSync(join(tmpdir(), 'verifier-liars-'));
let repository: TestRepository;
let service: FakeService;
let verifier: Awaited<ReturnType<typeof startVerifier>>;

beforeAll(async () => {
  repository = createRepository({
    ...project,
    'package-lock.json': JSON.stringify({
      name: 'tiny',
      lockfileVersion: 3,
      packages: { '': { name: 'tiny' } },
    }),
  });
  service = await startService(repository.bare);
  verifier = await startVerifier(service, directory, { sandbox: 'auto', limits });
});
afterAll(async () => {
  await verifier.close();
  await service.close();
  repository[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function verdictOn(changes: Files, baseBranch = 'main'): Promise<Verdict> {
  const commit = repository.push('liar', changes, baseBranch);
  const { verificationId } = service.enqueue({ commit, branch: 'liar', baseBranch });
  await verifier.next();
  expect(readdirSync(join(directory, '1', 'work'))).toEqual([]);
  const verdict = service.verdicts.get(verificationId);
  if (verdict === undefined) throw new Error(`no verdict: ${verifier.lines.join('')}`);
  return verdict;
}

/** A test file with this code in front of a test that passes. */
function testWith(code: string): string {
  return `${code}\nimport { test } from 'node:test';\ntest('is fine', () => {});\n`;
}

const red = 'export const add = () => 0;\n';

it.each<[string, Files, RegExp]>([
  [
    'a forged report beside a red test',
    {
      'src/add.js': red,
      'junit.xml': '<testsuites tests="1"><testcase name="adds"/></testsuites>\n',
      'test/forge.test.js': testWith(
        "import { writeFileSync } from 'node:fs';\nwriteFileSync('junit.xml', '<testsuites tests=\"1\"><testsuite><testcase name=\"adds\"/></testsuite></testsuites>');",
      ),
    },
    /unit: (error|failed)/,
  ],
  [
    'a test that is gone',
    { 'test/add.test.js': null, 'test/other.test.js': testWith('') },
    /integrity: failed/,
  ],
  [
    'a test that is skipped',
    { 'src/add.js': red, 'test/add.test.js': addTest.replace("test('adds'", "test.skip('adds'") },
    /integrity: failed/,
  ],
  [
    'a gates file that runs nothing, over red',
    {
      'src/add.js': red,
      '.mosaic/gates.json': JSON.stringify({ gates: { unit: { command: 'true' } } }),
    },
    /integrity: failed[\s\S]*unit: failed/,
  ],
  [
    'a lockfile from elsewhere',
    {
      'package-lock.json': JSON.stringify({
        name: 'tiny',
        lockfileVersion: 3,
        packages: {
          '': { name: 'tiny' },
          'node_modules/left-pad': {
            version: '1.3.0',
            resolved: 'https://packages.evil.test/left-pad/-/left-pad-1.3.0.tgz',
            integrity: 'sha512-AAAA',
          },
        },
      }),
    },
    /lockfile-registry/,
  ],
  [
    'packages that are committed, over red',
    {
      'src/add.js': red,
      'node_modules/.bin/node': '#!/bin/sh\nexit 0\n',
      'package.json': '{ "name": "tiny", "type": "module", "scripts": { "test": "true" } }\n',
    },
    /unit: failed/,
  ],
  [
    'a storm of processes',
    {
      'test/storm.test.js': testWith(
        "import { spawn } from 'node:child_process';\nfor (let i = 0; i < 600; i++) spawn('sleep', ['15']);\nawait new Promise((done) => setTimeout(done, 15000));",
      ),
    },
    /512 processes/,
  ],
  [
    'memory without end',
    {
      'test/memory.test.js': testWith(
        'const all = [];\nfor (let i = 0; i < 800; i++) { all.push(Buffer.alloc(1 << 20, 1)); await 0; }\nawait new Promise((done) => setTimeout(done, 15000));',
      ),
    },
    /bytes of memory/,
  ],
])('fails %s', async (_, changes, expected) => {
  const verdict = await verdictOn(changes);

  expect(verdict).toMatchObject({ outcome: 'failed', cause: { code: 'gates_failed' } });
  expect(verdict.findings).toMatch(expected);
  expect(verdict.fingerprint).not.toBeNull();
});

it('fails an endless test', async () => {
  repository.push('short', { '.mosaic/gates.json': gatesFile(2) });

  const verdict = await verdictOn({ 'test/endless.test.js': testWith('for (;;) {}') }, 'short');

  expect(verdict).toMatchObject({ outcome: 'failed', cause: { code: 'gates_failed' } });
  expect(verdict.findings).toContain('## unit: timeout');
});

it('stops a flood of output', async () => {
  repository.push('talking', {
    'talk.js': "console.log('quiet');\n",
    '.mosaic/gates.json': JSON.stringify({ gates: { talk: { command: 'node talk.js' } } }),
  });
  const flood =
    "import { writeSync } from 'node:fs';\nconst text = 'x'.repeat(1 << 20);\nfor (let i = 0; i < 2048; i++) writeSync(1, text);\n";

  const verdict = await verdictOn({ 'talk.js': flood }, 'talking');

  expect(verdict).toMatchObject({ outcome: 'failed', cause: { code: 'gates_failed' } });
  // Whichever limit it meets first: that of the output, or that of a file.
  expect(verdict.findings).toMatch(/wrote more than \d+ bytes|EFBIG/);
});

it('stops what fills the disk, and says so', async () => {
  const verdict = await verdictOn({
    'test/disk.test.js': testWith(
      "import { writeFileSync } from 'node:fs';\nfor (let i = 0; ; i++) writeFileSync(`filler-${i}`, Buffer.alloc(1 << 24, 1));",
    ),
  });

  expect(verdict).toMatchObject({ outcome: 'failed', cause: { code: 'gates_failed' } });
  expect(verdict.cause.message).toMatch(/wrote more than it may/);
});

it('limits one file', async () => {
  const verdict = await verdictOn({
    'test/file.test.js': testWith(
      "import { writeFileSync } from 'node:fs';\nwriteFileSync('large', Buffer.alloc(80 << 20, 1));",
    ),
  });

  expect(verdict).toMatchObject({ outcome: 'failed', cause: { code: 'gates_failed' } });
  expect(verdict.findings).toMatch(/unit: failed/);
});

it('shows nothing of the verifier to the code under check', async () => {
  const look = `
import { readdirSync, readFileSync } from 'node:fs';
const seen = readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => {
  try { return readFileSync(\`/proc/\${pid}/environ\`, 'utf8'); } catch { return ''; }
}).join('');
const files = ['../../checkout/.git/config', ${JSON.stringify(join(directory, '1', 'lock'))}].map((path) => {
  try { return readFileSync(path, 'utf8'); } catch { return 'hidden'; }
});
import { test } from 'node:test';
for (const line of [seen.includes('VIT' + 'EST') ? 'leaks' : 'keeps', files.join(), Object.keys(process.env).filter((name) => !/CACHE|HOME|_DIR|ROOT/.test(name)).sort().join()])
  test(line, () => { throw new Error('seen'); });
`;
  const verdict = await verdictOn({ 'test/look.test.js': look });
  const text = JSON.stringify(verdict);

  expect(verdict.outcome).toBe('failed');
  expect(text).not.toContain(serviceToken);
  expect(verdict.findings).not.toContain('VITEST');
  // Without a sandbox the environment of other processes can be read.
  if (verifier.sandbox === 'none') return;
  expect(verdict.findings).toContain('keeps');
  if (verifier.sandbox === 'bwrap') expect(verdict.findings).toContain('hidden,hidden');
});
