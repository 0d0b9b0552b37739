import { expect, onTestFinished, test } from 'vitest';

import { openScreen } from '../../src/cli/work/screen.ts';

const now = () => Date.parse('2026-11-30T10:00:00Z');

function startScreen(isTTY: boolean) {
  const output: string[] = [];
  const write = (text: string) => output.push(text);
  const stdout = { isTTY, columns: 60, rows: 20, write };
  const screen = openScreen({ stdout, stderr: { write }, environment: () => ({}) }, now);
  onTestFinished(screen.close);
  return { screen, output, stdout };
}

const line = (fields: object) => `${JSON.stringify({ level: 'info', ...fields })}\n`;

test('on a terminal a line of the log is a sentence, with what a person has to know', () => {
  const { screen, output } = startScreen(true);
  const issue = 'acme/orbit#1';
  screen.write(line({ issue, msg: 'notice of the agent', notice: 'The tool Write was denied.' }));
  screen.write(line({ issue, msg: 'verdict', verdict: 'failed', detail: 'test: red' }));
  screen.write(line({ issue, msg: 'issue left', end: 'accepted', detail: '' }));
  screen.write(line({ level: 'warn', msg: 'no issue was taken', cause: 'It is away.' }));
  screen.write(line({ level: 'error', issue, msg: 'x', err: { message: 'broken \u001b[2J' } }));
  screen.write('no JSON\n');
  expect(output.filter((text) => text.endsWith('\n') && !text.startsWith('\u001b'))).toEqual([
    'acme/orbit#1 notice of the agent (The tool Write was denied.)\n',
    'acme/orbit#1 verdict: failed (test: red)\n',
    'acme/orbit#1 issue left: accepted\n',
    'warn: no issue was taken (It is away.)\n',
    'error: acme/orbit#1 x (broken [2J)\n',
    'no JSON\n',
  ]);
});

test('elsewhere the log is left as it is, and nothing is drawn', () => {
  const { screen, output } = startScreen(false);
  const text = line({ msg: 'issue left', end: 'accepted' });
  screen.write(text);
  screen.show(1, { issue: 'a/b#1', startedAt: now(), activity: 'x', spent: { tokens: 0 } });
  screen.close();
  expect(output).toEqual([text]);
});

test('rows of a line that a narrower terminal has broken are erased with it', () => {
  const { screen, output, stdout } = startScreen(true);
  const view = { issue: 'acme/orbit#1', startedAt: now(), spent: { tokens: 0 } };
  screen.show(1, { ...view, activity: 'a word and another one, which is long' });
  screen.write('first\n');
  expect(output.join('')).toContain('which is long');
  expect(output.join('')).not.toContain('\u001b[2K\u001b[1A\u001b[2K\u001b[1A');
  stdout.columns = 25;
  const before = output.length;
  screen.write('second\n');
  // Fifty characters are three rows now: two more than were written.
  expect(output[before]).toBe('\u001b[2K\u001b[1A'.repeat(2));
});
