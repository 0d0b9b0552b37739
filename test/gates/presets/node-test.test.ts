import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, test } from 'vitest';

import { proposeGatesFile } from '../../../src/gates/gates-file/init/init.ts';
import { gatesFilePath } from '../../../src/gates/gates-file/schema.ts';
import { runGates } from '../../../src/gates/run-gates.ts';

const sound = {
  'package.json':
    '{ "private": true, "type": "module", "scripts": { "test": "node --test test/*.test.js" } }',
  'src/sums.js':
    'export function add(a, b) {\n  return a + b;\n}\n\nexport function half(a) {\n  return a / 2;\n}\n',
  'test/sums.test.js':
    "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { add, half } from '../src/sums.js';\n\ntest('adds', () => {\n  assert.equal(add(1, 2), 3);\n});\n\ntest('halves', () => {\n  assert.equal(half(4), 2);\n});\n",
};

/** The gates of the proposed file on the tree, with the runner of the Node that the search path has. */
async function gatesOn(files: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(path.join(await realpath(tmpdir()), 'gates-node-test-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
      await writeFile(path.join(directory, file), text);
    }
    const { file } = await proposeGatesFile(directory);
    await mkdir(path.join(directory, '.mosaic'));
    await writeFile(path.join(directory, gatesFilePath), JSON.stringify(file));
    // Nothing is to be installed, and the registry may be out of reach.
    const { gates } = await runGates({ directory, install: false });
    return Object.fromEntries(gates.map((result) => [result.gate, result]));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('a project of node:test passes by its reports', async () => {
  const { test, coverage } = await gatesOn(sound);
  expect(test).toMatchObject({
    status: 'passed',
    judgedBy: 'report',
    details: { total: 2, passed: 2 },
  });
  expect(coverage).toMatchObject({ status: 'passed', judgedBy: 'report' });
});

test('a red test fails, at its line', async () => {
  const red = sound['test/sums.test.js'].replace('half(4), 2', 'half(4), 3');
  const { test } = await gatesOn({ ...sound, 'test/sums.test.js': red });
  expect(test).toMatchObject({
    status: 'failed',
    details: { total: 2, failed: 1 },
    findings: [{ file: 'test/sums.test.js', line: 10 }],
  });
});

test('code that no test runs fails the coverage alone', async () => {
  const more = `${sound['src/sums.js']}\nexport function never(a) {\n  const b = a;\n  const c = b;\n  return c;\n}\n`;
  const { test, coverage } = await gatesOn({ ...sound, 'src/sums.js': more });
  expect(test).toMatchObject({ status: 'passed' });
  expect(coverage).toMatchObject({ status: 'failed' });
  expect(coverage?.findings.map(({ file }) => file)).toContain('src/sums.js');
});

test('no file of tests fails', async () => {
  const { 'package.json': json, 'src/sums.js': source } = sound;
  const { test } = await gatesOn({ 'package.json': json, 'src/sums.js': source });
  expect(test?.passed).toBe(false);
});
