import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { searchPath } from '../../support/process.ts';
import { startWorkScene } from '../../support/work-scene.ts';

/**
 * In the place of Claude Code: every session fills its context to 95 % of 1,000,000 with its first answer, leaves a
 * commit, and answers the request for a handoff with one of its own.
 */
const program = `#!${process.execPath}
const { execFileSync } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const session = process.argv[process.argv.indexOf('--session-id') + 1];
const say = (event) => console.log(JSON.stringify({ session_id: session, ...event }));
const record = (entry) => appendFileSync(join(__dirname, 'record.jsonl'), JSON.stringify(entry) + '\\n');
const input = require('node:readline').createInterface({ input: process.stdin });
let messages = 0;
input.on('line', (line) => {
  const { text } = JSON.parse(line).message.content[0];
  messages += 1;
  if (messages === 1) {
    record({ session, prompt: text, args: process.argv.slice(2) });
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '--message', 'Step of ' + session]);
    say({ type: 'system', subtype: 'init', model: 'claude-opus-5-5' });
    const usage = { input_tokens: 3, cache_creation_input_tokens: 0, cache_read_input_tokens: 950_000 };
    const content = [{ type: 'tool_use', id: 't1', name: 'Bash', input: {} }];
    say({ type: 'assistant', parent_tool_use_id: null, message: { id: 'm1', model: 'claude-opus-5-5', content, usage } });
  } else {
    say({ type: 'result', is_error: false, terminal_reason: 'completed', result: 'Handoff of ' + session });
  }
});
input.on('close', () => process.exit(0));
`;

const recordSchema = z.object({ session: z.string(), prompt: z.string() });
test('five fresh sessions go on with a claim, and then the issue is for a person', async () => {
  const scene = await startWorkScene({ env: { VERIFIERS: '0' } });
  const programs = join(scene.home, 'programs');
  mkdirSync(programs);
  writeFileSync(join(programs, 'claude'), program);
  chmodSync(join(programs, 'claude'), 0o755);
  const runner = scene.startRunner(['--once', '--sandbox', 'none'], {
    PATH: `${programs}${delimiter}${searchPath}`,
    ANTHROPIC_API_KEY: 'sk-ant-of-the-test',
  });
  await runner.exit();

  const sessions = readFileSync(join(programs, 'record.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => recordSchema.parse(JSON.parse(line)));
  expect(sessions).toHaveLength(6);
  expect(new Set(sessions.map(({ session }) => session)).size).toBe(6);
  expect(sessions[0]?.prompt).not.toContain('Handoff of');
  for (const [n, { prompt }] of sessions.slice(1).entries())
    expect(prompt).toContain(`Handoff of ${sessions[n]?.session ?? ''}`);
  // One claim, and all that its sessions have committed.
  expect(runner.log().filter(({ msg }) => msg === 'issue claimed')).toHaveLength(1);
  const edges = runner.log().flatMap(({ edge }) => edge ?? []);
  expect(edges).toEqual(Array(6).fill('window'));
  expect(scene.pushed()).toEqual(sessions.map(({ session }) => `Step of ${session}`).toReversed());
  expect(await scene.stateOf()).toBe('needs_human rotations');
}, 120_000);
