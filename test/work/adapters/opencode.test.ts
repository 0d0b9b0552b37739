import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { AgentExit } from '../../../src/work/adapters/adapter.ts';
import { createOpencode } from '../../../src/work/adapters/opencode.ts';

const opencode = createOpencode();
const start = { prompt: 'Fix it.', home: '/home/x', directory: '/repo', resume: false };

/** Plays a recording of version 1.18.33 against a scripted model. */
function play(name: string, exit: Partial<AgentExit> = {}) {
  const file = new URL(`../../fixtures/opencode/${name}.jsonl`, import.meta.url);
  const reader = opencode.createReader();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const events = lines.flatMap((line) => reader.read(line));
  return { events, end: reader.judge({ code: 0, signal: null, stderr: '', ...exit }) };
}

test('tells session, tools, context and what was spent', () => {
  const { events, end } = play('fix-and-commit');
  expect(events.filter(({ kind }) => kind !== 'session')).toMatchObject([
    { kind: 'tool_started', name: 'bash' },
    { kind: 'tool_ended' },
    { kind: 'context', used: 24_000 },
    { kind: 'spent', spent: { tokens: 24_059 } },
    { kind: 'context', used: 26_000 },
    { kind: 'spent', spent: { tokens: 50_071 } },
  ]);
  expect(end).toMatchObject({ outcome: 'completed', text: 'Fixed and committed.' });
  expect(play('resumed').end.session).toBe(end.session);
});

test('names a refused key, a start that failed, and a signal', () => {
  expect(play('key-refused', { code: 1 }).end.outcome).toBe('key_refused');
  expect(play('resumed', { code: 143 }).end.outcome).toBe('killed');
  const reader = opencode.createReader();
  expect(['', '{', '{"type":"x"}', 'null'].flatMap(reader.read)).toEqual([]);
  const { outcome } = reader.judge({ code: 1, signal: null, stderr: 'No such option.' });
  expect(outcome).toBe('setup_fault');
});

test('the prompt is no argument, the configuration holds no key', () => {
  const { args, input, files } = opencode.start({ ...start, model: 'claude-sonnet-5-5' });
  expect(args).toEqual([
    'run',
    '--format',
    'json',
    '--auto',
    '--model',
    'anthropic/claude-sonnet-5-5',
  ]);
  expect(input).toBe('Fix it.');
  expect(files['opencode.json']).toContain('{env:ANTHROPIC_API_KEY}');
  const again = opencode.start({ ...start, model: 'm', session: 'ses_1', resume: true });
  expect(again.args.slice(-2)).toEqual(['--session', 'ses_1']);
  expect(() => opencode.start(start)).toThrow('--model');
});
