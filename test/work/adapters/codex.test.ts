import { readFileSync } from 'node:fs';

import { parse } from 'smol-toml';
import { expect, test } from 'vitest';

import type { AgentExit, AgentOutcome } from '../../../src/work/adapters/adapter.ts';
import { createCodex } from '../../../src/work/adapters/codex.ts';

const start = { prompt: 'Mend it.', home: '/home/x', directory: '/re "po"', resume: false };

/** Plays a recording of version 0.171.0 against a scripted model. */
function play(name: string, exit: Partial<AgentExit> = {}, codex = createCodex()) {
  const file = new URL(`../../fixtures/codex/${name}.jsonl`, import.meta.url);
  const reader = codex.createReader();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const events = lines.flatMap((line) => reader.read(line));
  return { events, end: reader.judge({ code: 0, signal: null, stderr: '', ...exit }) };
}

test('tells session, tools and what was spent, but no context', () => {
  const codex = createCodex();
  const { events, end } = play('fix-and-commit', {}, codex);
  expect(events).toMatchObject([
    { kind: 'session', session: end.session },
    { kind: 'working' },
    { kind: 'tool_started', id: 'item_1', name: 'command_execution' },
    { kind: 'tool_ended', id: 'item_1' },
    { kind: 'tool_started', id: 'item_2', name: 'file_change' },
    { kind: 'tool_ended', id: 'item_2' },
    { kind: 'tool_started', id: 'item_3', name: 'command_execution' },
    { kind: 'tool_ended', id: 'item_3' },
    { kind: 'spent', spent: { tokens: 7040 } },
  ]);
  expect(end).toMatchObject({ outcome: 'completed', text: 'Fixed and committed.' });
  expect(codex.can.liveContext).toBe(false);

  // Its own figures are sums over the session: 7040 were told before.
  const again = play('resumed', {}, codex);
  expect(again.end).toMatchObject({ session: end.session, text: 'Second prompt answered.' });
  expect(again.events.at(-1)).toEqual({ kind: 'spent', spent: { tokens: 4010 } });
});

test.each<readonly [string, AgentOutcome, string]>([
  ['key-refused', 'key_refused', '401 Unauthorized: Incorrect API key provided'],
  ['limited', 'limited', '429 Too Many Requests'],
  ['no-money', 'no_money', 'Quota exceeded'],
  ['server-fault', 'api_unavailable', 'high demand'],
  ['context-full', 'context_full', 'ran out of room'],
  ['unknown-model', 'setup_fault', 'gpt-none'],
])('names the end of %s', (name, outcome, words) => {
  const { events, end } = play(name, { code: 1 });
  expect(end.outcome).toBe(outcome);
  expect(end.message).toContain(words);
  // The address that was called is a secret of the run.
  expect(JSON.stringify([events, end])).not.toMatch(/SECRET|http:/);
});

test('without a commit or a push it says that it is done, and the commits tell', () => {
  expect(play('no-commit').end.outcome).toBe('completed');
  expect(play('push-refused').end.outcome).toBe('completed');
});

test('names a start that failed, an end without a word, and a signal', () => {
  const reader = createCodex().createReader();
  expect(['', '{', '{"type":1}', 'null', '{"type":"item.started"}'].flatMap(reader.read)).toEqual(
    [],
  );
  const stderr = 'Error: no rollout found for thread id 1';
  expect(reader.judge({ code: 1, signal: null, stderr })).toMatchObject({
    outcome: 'setup_fault',
    message: `Codex did not start: ${stderr}.`,
  });
  const [first = ''] = readFileSync(
    new URL('../../fixtures/codex/fix-and-commit.jsonl', import.meta.url),
    'utf8',
  ).split('\n');
  reader.read(first);
  expect(reader.judge({ code: 0, signal: null, stderr: '' }).outcome).toBe('crashed');
  expect(reader.judge({ code: 143, signal: null, stderr: '' }).outcome).toBe('killed');
});

test('neither prompt nor address is an argument, and no setting of the repository counts', () => {
  const apiUrl = 'http://127.0.0.1:1/secret';
  const { args, input, files } = createCodex().start({ ...start, model: 'gpt-6', apiUrl });
  expect(args).toEqual(['exec', '--json', '--model', 'gpt-6', '-']);
  expect(input).toBe('Mend it.');
  expect(parse(files['.codex/config.toml'] ?? '')).toMatchObject({
    ...{ approval_policy: 'never', sandbox_mode: 'danger-full-access' },
    model_providers: { mosaic: { base_url: apiUrl, wire_api: 'responses' } },
    projects: { '/re "po"': { trust_level: 'untrusted' } },
  });
  expect(files['.codex/rules/default.rules']).toContain('"push"');

  const again = createCodex().start({ ...start, session: 's-1', resume: true });
  expect(again.args).toEqual(['exec', '--json', 'resume', 's-1', '-']);
  const trusting = createCodex().start({ ...start, projectSettings: true });
  expect(trusting.args).toContain('--trust');
  expect(parse(trusting.files['.codex/config.toml'] ?? '')).not.toHaveProperty('projects');
});
