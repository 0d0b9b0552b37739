import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { temporaryDirectory } from '../../support/service.ts';
import { playScene } from '../../support/work-scene.ts';

/** An agent of its own make: its first commit is red; with the findings before it, it does it right. */
const agent = `
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const prompt = readFileSync(0, 'utf8');
const [record] = process.argv.slice(2);
appendFileSync(record, JSON.stringify({ prompt, env: process.env, argv: process.argv }) + '\\n');
const isSecond = process.env.MOSAIC_ROUND === '2';
writeFileSync('src/add.js', 'export const add = (a, b) => ' + (isSecond ? 'b + a' : '4') + ';\\n');
execFileSync('git', ['commit', '--quiet', '--all', '--message', 'Add two numbers']);
console.log('Done.');
`;

test('an agent takes an issue, is refused with the findings, fixes it, and its pull request waits', async () => {
  const directory = temporaryDirectory();
  const script = join(directory, 'agent.mjs');
  const record = join(directory, 'record.jsonl');
  writeFileSync(script, agent);
  const { secrets } = await playScene({
    args: ['--sandbox', 'none', '--', process.execPath, script, record],
    environment: { ANTHROPIC_API_KEY: 'sk-ant-canary-of-the-test' },
  });

  const runs = readFileSync(record, 'utf8');
  const [first = '', second = '', ...more] = runs.trim().split('\n');
  expect(more).toEqual([]);
  expect(first).toContain('Add them.');
  expect(second).toContain('adds');
  const canaries = [...secrets, 'sk-ant-canary'];
  expect(canaries.filter((secret) => runs.includes(secret))).toEqual([]);
}, 120_000);
