import { expect, test } from 'vitest';

import type { AgentExit } from '../../../src/work/adapters/adapter.ts';
import { createCommand } from '../../../src/work/adapters/command.ts';

const start = { prompt: 'Fix it.', home: '/home/x', directory: '/repo', resume: false };

function play(lines: readonly string[], exit: Partial<AgentExit> = {}) {
  const reader = createCommand(['agent']).createReader();
  const events = lines.flatMap((line) => reader.read(line));
  return { events, end: reader.judge({ code: 0, signal: null, stderr: '', ...exit }) };
}

test('gets the prompt on standard input and in a file, and where to leave a handoff', () => {
  expect(createCommand(['agent', '--fast']).start({ ...start, model: 'm' })).toEqual({
    ...{ command: 'agent', args: ['--fast'], input: 'Fix it.' },
    environment: {
      MOSAIC_PROMPT_FILE: '/home/x/prompt.md',
      MOSAIC_HANDOFF_FILE: '/home/x/handoff.md',
      MOSAIC_AGAIN: '0',
      MOSAIC_MODEL: 'm',
    },
    files: { 'prompt.md': 'Fix it.' },
  });
});

test('a relative path is one of the operator, not of the repository under work', () => {
  expect(createCommand(['./agent.sh']).start(start).command).toBe(`${process.cwd()}/agent.sh`);
});

const exits: readonly (readonly [Partial<AgentExit>, string])[] = [
  [{ code: 0 }, 'completed'],
  [{ code: 1 }, 'crashed'],
  [{ code: 69 }, 'api_unavailable'],
  [{ code: 75 }, 'limited'],
  [{ code: 77 }, 'key_refused'],
  [{ code: 78 }, 'setup_fault'],
  [{ code: 127 }, 'setup_fault'],
  [{ code: 143 }, 'killed'],
  [{ code: null, signal: 'SIGKILL' }, 'killed'],
  [{ code: null, startProblem: 'There is no program.' }, 'setup_fault'],
];

test.each(exits)('%o: %s', (exit, outcome) => {
  expect(play([], exit).end.outcome).toBe(outcome);
});

test('its output is its last words, its complaints are in the message', () => {
  const { end } = play(['I looked at it.', '{"not":"figures"}'], { code: 3, stderr: 'No idea.\n' });
  expect(end).toEqual({
    ...{ outcome: 'crashed', message: 'Exit code 3: it failed. No idea.' },
    text: 'I looked at it.\n{"not":"figures"}',
  });
  expect(play(Array<string>(3_000).fill('many words')).end.text.length).toBeLessThan(20_001);
});

test('a line with figures is a report, and no words', () => {
  const { events, end } = play([
    '{"contextUsed":50000,"contextLimit":200000,"tokens":70000,"costUsd":0.2}',
    '{"contextUsed":-1}',
    '{',
  ]);
  expect(events).toEqual([
    { kind: 'context', used: 50_000, window: 200_000 },
    { kind: 'spent', spent: { tokens: 70_000, costUsd: 0.2 } },
  ]);
  expect(end.text).toBe('{"contextUsed":-1}\n{');
});
