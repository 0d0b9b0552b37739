import { expect, test } from 'vitest';

import { answers, emptyAnswer, startClaude, type ClaudeScript } from '../../support/claude.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { visibleData } from './visible-data.ts';
import { startService } from '../../support/service.ts';

/** In everything the scripted Claude makes up. */
const mark = 'zqinvented';
const inventedNumbers = [987_654_321_012_341, 987_654_321_012_342];
const markup = `<script>${mark}</script> [${mark}](javascript:${mark}) \u001b[31m${mark}\u202e @${mark}`;

const body = 'It needs #7 first, and then #8.\n\nNothing else.';

const lies = {
  declared_context_tokens: 1e300,
  declared_context_sentence: 99,
  declared_difficulty: markup,
  declared_difficulty_sentence: markup,
  declared_agent: mark,
  declared_agent_sentence: 2,
  estimated_context_tokens: 1e300,
  estimated_difficulty: mark,
  files: -5,
  complexity: `${mark}\nmedium`,
  tests: [markup],
  docs: { [mark]: markup },
  relations: [
    ...inventedNumbers.flatMap((number) => [
      { ref: `#${number}`, relation: 'blocks', sentences: [2] },
      { ref: `#${number}`, relation: 'blocked_by', sentences: [mark] },
    ]),
    { ref: '#7', relation: 'blocked_by', sentences: [2] },
    { ref: '#8', relation: 'blocked_by', sentences: [99] },
    { ref: '#8', relation: 'blocked_by', sentences: [`and then #8 ${markup}`] },
    { ref: '#8', relation: mark, sentences: [2] },
    { ref: mark, relation: 'blocks', sentences: [2], [mark]: markup },
    { ref: '#5', relation: 'blocks', sentences: [2] },
    mark,
  ],
  [mark]: markup,
  __proto__: { [mark]: markup },
};

function sends(status: number, headers: Record<string, string>, text: string): ClaudeScript {
  return (_call, response) => {
    response.writeHead(status, headers);
    response.end(text);
  };
}

const json = { 'content-type': 'application/json', 'request-id': mark, 'x-note': mark };
const marked = { type: mark, message: markup, [mark]: markup };

const lyingEverywhere = JSON.stringify({
  id: mark,
  model: mark,
  role: mark,
  [mark]: markup,
  content: [
    { type: 'thinking', thinking: markup, signature: mark },
    { type: mark, text: markup },
    { type: 'text', text: JSON.stringify(lies), citations: [mark] },
  ],
  stop_reason: 'end_turn',
  stop_sequence: mark,
  usage: { input_tokens: 987_654_321_012_343, output_tokens: -1, note: mark },
});

test.each<[string, ClaudeScript, string]>([
  ['an answer full of lies', answers(lies), 'partial'],
  ['a reply full of lies', sends(200, json, lyingEverywhere), 'partial'],
  [
    'an unknown agent only',
    answers({ ...emptyAnswer, declared_agent: mark, declared_agent_sentence: 2 }),
    'partial',
  ],
  [
    'invented numbers only',
    answers({ ...emptyAnswer, relations: lies.relations.slice(0, 4) }),
    'partial',
  ],
  ['text instead of an answer', answers(markup), 'fallback'],
  ['an unknown reason to stop', answers(lies, mark), 'fallback'],
  ['a refusal with a lecture', answers(markup, 'refusal'), 'fallback'],
  ['a cut-off answer', answers(`{"${mark}`, 'max_tokens'), 'fallback'],
  ['a page instead of JSON', sends(200, { 'content-type': 'text/html' }, markup), 'fallback'],
  ['a page sent as JSON', sends(200, json, markup), 'fallback'],
  ['a refused request', sends(400, json, JSON.stringify({ error: marked })), 'fallback'],
  ['a refused key', sends(401, json, JSON.stringify(marked)), 'fallback'],
  ['an error page', sends(500, json, markup), 'fallback'],
  ['too many calls', sends(429, { ...json, 'retry-after': mark }, markup), 'fallback'],
  ['a redirect', sends(302, { location: `http://127.0.0.1:1/${mark}` }, markup), 'fallback'],
])('nothing that a hostile Claude makes up is stored, shown or logged: %s', async (...row) => {
  const [, script, outcome] = row;
  const claude = await startClaude(script);
  const service = await startService({ claude });
  expect(await service.send(signedRequest(issuePayload({ title: 'A title', body })))).toMatchObject(
    { status: 200 },
  );
  await service.idle();
  expect(claude.calls.length).toBeGreaterThan(0);
  expect(await service.plan('acme/orbit#5')).toMatchObject({ reading: { outcome } });
  const { text, files } = await visibleData(service, ['acme/orbit#5']);
  expect(text).toContain('needs #7 first');
  expect(files).toContain('needs #7 first');
  for (const invented of [mark, 'javascript:', '98765432101234', 'key-of-the-tests']) {
    expect(text).not.toContain(invented);
    expect(files.includes(invented), `${invented} in a file`).toBe(false);
  }
  for (const invented of ['\\u001b', '\u202e', '1e+300', 'script>'])
    expect(text).not.toContain(invented);
});

test('a lying answer can change a plan only within bounds', async () => {
  const claude = await startClaude(answers(lies));
  const service = await startService({ claude });
  expect(await service.send(signedRequest(issuePayload({ title: 'A title', body })))).toMatchObject(
    { status: 200 },
  );
  await service.idle();
  const plan = await service.plan('acme/orbit#5');
  expect(plan).toMatchObject({
    reading: {
      estimatedContext: { value: 1_000_000, source: 'model' },
      difficulty: { value: 'unknown', source: 'default' },
      assignedAgent: { value: null, source: 'default' },
      factors: { files: 0, complexity: null, tests: null, docs: null },
    },
    blocks: [],
  });
  expect(plan?.blockedBy.map(({ ref }) => ref)).toEqual(['acme/orbit#7']);
});
