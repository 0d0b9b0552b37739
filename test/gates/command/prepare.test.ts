import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { commitAll, projectWith, runFile } from '../support/gates-file.ts';

/** Puts a program `tool` into node_modules, as installing would; it wants what the build writes. */
const install = `
const { mkdirSync, writeFileSync } = require('node:fs');
mkdirSync('node_modules/.bin', { recursive: true });
writeFileSync('node_modules/.bin/tool', '#!/bin/sh\\ntest -f dist/built.txt', { mode: 0o755 });`;
const build = `
require('node:fs').mkdirSync('dist'); require('node:fs').writeFileSync('dist/built.txt', '');`;
const files = { 'install.cjs': install, 'build.cjs': build };
const steps = { install: ['node install.cjs'], build: [['node', 'build.cjs']] };
const gates = { mine: { command: 'tool' } };

test('steps run in a private copy before all gates, which see what they left', async () => {
  const directory = projectWith({ ...steps, gates }, files);
  const { report, result } = await runFile(directory);
  expect(report.gates.map(({ gate, status }) => [gate, status])).toEqual([
    ['prepare', 'passed'],
    ['mine', 'passed'],
  ]);
  expect(result('prepare')).toMatchObject({
    message: '1 install step and 1 build step ended with exit code 0.',
    details: { install: 1, build: 1 },
    counts: true,
  });
  for (const left of ['node_modules', 'dist'])
    expect(existsSync(join(directory, left))).toBe(false);
});

test('with install steps the packages of the checkout are not seen', async () => {
  const directory = projectWith(
    { install: ['true'], gates: { mine: { command: 'test ! -e node_modules' } } },
    { 'node_modules/left-over/index.js': '' },
  );
  expect((await runFile(directory)).report.verdict).toBe('passed');
});

test('build steps alone use the packages of the checkout', async () => {
  const directory = projectWith(
    { build: ['test -e node_modules/dep/index.js'], gates: { mine: { command: 'true' } } },
    { 'node_modules/dep/index.js': '' },
  );
  expect((await runFile(directory)).report.verdict).toBe('passed');
});

test.each([
  [
    { install: ['true', 'echo no lockfile >&2; exit 4'] },
    'error',
    'echo no lockfile >&2; exit 4 ended with exit code 4: no lockfile',
  ],
  [
    { build: ['echo wrong type; exit 2'] },
    'failed',
    'echo wrong type; exit 2 ended with exit code 2: wrong type',
  ],
  [
    { install: [{ command: 'sleep 60', timeoutSeconds: 1 }] },
    'timeout',
    'sleep 60 did not end within 1 s and was stopped.',
  ],
])(
  'a step that does not succeed is told, and the gates are skipped: %o',
  async (failing, status, message) => {
    const directory = projectWith({ ...failing, gates });
    await commitAll(directory);
    const { report, result } = await runFile(directory, { base: 'main' });
    expect(result('prepare')).toMatchObject({ status, message });
    expect(result('mine')).toMatchObject({
      status: 'skipped',
      counts: true,
      message: 'Not run: prepare did not pass.',
    });
    expect(result('integrity')?.status).toBe('passed');
    expect(report.verdict).toBe(status);
  },
);

test('the deadline of the caller is that of the steps that name none', async () => {
  const patient = { command: 'sleep 0.4', timeoutSeconds: 60 };
  const directory = projectWith({ install: [patient, 'sleep 60'], gates });
  const { result } = await runFile(directory, { timeoutMs: 200 });
  expect(result('prepare')?.status).toBe('timeout');
  expect(result('prepare')?.message).toMatch(/^sleep 60 did not end/);
});

test('an install that does not reach its registry gets a hint', async () => {
  const { result } = await runFile(
    projectWith({ install: ['echo ECONNREFUSED >&2; exit 1'], gates }),
  );
  expect(result('prepare')?.message).toBe(
    'echo ECONNREFUSED >&2; exit 1 ended with exit code 1: ECONNREFUSED (Steps see no variable of yours: pass proxies, addresses of registries and tokens by name, such as --pass-env HTTPS_PROXY,NO_PROXY.)',
  );
});

test('steps that are left out do not count, and what is installed is used', async () => {
  const directory = projectWith({ install: ['exit 1'], gates: { mine: { command: 'true' } } });
  const { report, result } = await runFile(directory, { install: false });
  expect(report.verdict).toBe('passed');
  expect(result('prepare')).toMatchObject({
    status: 'skipped',
    counts: false,
    message: 'The step of the gates file is left out: what is installed is used.',
  });
});
