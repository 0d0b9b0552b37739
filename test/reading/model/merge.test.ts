import fc from 'fast-check';
import { expect, test } from 'vitest';

import { warningText } from '../../../src/issue/warning-sentences.ts';
import { readingSchema } from '../../../src/issue/reading.ts';
import { groundAnswer } from '../../../src/reading/model/grounding.ts';
import { answerSchema } from '../../../src/reading/model/question.ts';
import { emptyAnswer } from '../../support/claude.ts';
import { findMentions } from '../../support/mentions.ts';
import {
  agentNames,
  claims,
  codes,
  declaredBody,
  issue,
  reading,
} from '../../support/merge-answers.ts';

test('declared values stand and a model that reads otherwise leaves a warning for each', () => {
  const text = issue(declaredBody);
  const other = {
    estimated_context_tokens: 90_000,
    difficulty: 'high',
    assigned_agent: 'opus',
    files: 40,
    complexity: 'high',
    tests: 'high',
    docs: 'heavy',
  };
  expect(reading(text, other)).toMatchObject({
    outcome: 'complete',
    model: 'a-model',
    estimatedContext: { value: 46_800, source: 'declared' },
    difficulty: { value: 'low', source: 'declared' },
    assignedAgent: { value: 'sonnet', source: 'declared' },
    factors: { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
  });
  const ofDisagreement = reading(text, other).warnings.filter(({ code }) =>
    code.endsWith('_disagrees'),
  );
  expect(ofDisagreement.map((warning) => `${warning.code}: ${warningText(warning)}`))
    .toMatchInlineSnapshot(`
    [
      "size_disagrees: The text declares size 46,800 tokens, Claude reads 90,000 tokens: the text counts.",
      "difficulty_disagrees: The text declares difficulty low, Claude reads high: the text counts.",
      "agent_disagrees: The text declares agent sonnet, Claude reads opus: the text counts.",
      "files_disagrees: The text declares files 3, Claude reads 40: the text counts.",
      "complexity_disagrees: The text declares complexity medium, Claude reads high: the text counts.",
      "tests_disagrees: The text declares tests low, Claude reads high: the text counts.",
      "docs_disagrees: The text declares docs light, Claude reads heavy: the text counts.",
    ]
  `);
});

test('a model that agrees with the text, or nearly in size, leaves no warning', () => {
  const text = issue(declaredBody);
  const same = {
    estimated_context_tokens: 50_000,
    difficulty: 'low',
    assigned_agent: 'sonnet',
    files: 3,
  };
  expect(codes(text, same)).toEqual(codes(text, {}));
});

test('the model fills what the text does not say, marked as its own', () => {
  const answer = {
    estimated_context_tokens: 30_000,
    difficulty: 'high',
    assigned_agent: 'opus',
    files: 4,
    complexity: 'high',
    tests: 'medium',
    docs: 'none',
  };
  expect(reading(issue('Rewrite the parser, with Opus please.'), answer)).toMatchObject({
    outcome: 'complete',
    estimatedContext: { value: 30_000, source: 'model', evidence: null },
    difficulty: { value: 'high', source: 'model', evidence: null },
    assignedAgent: { value: 'opus', source: 'model', evidence: null },
    factors: { files: 4, complexity: 'high', tests: 'medium', docs: 'none' },
    warnings: [],
  });
});

test('factors of the model give the size by the formula when nobody names a size', () => {
  const answer = { files: 3, complexity: 'medium', tests: 'low', docs: 'light' };
  expect(reading(issue('Rewrite the parser.'), answer).estimatedContext).toEqual({
    value: 62_400,
    source: 'formula',
    evidence: null,
  });
});

test('an agent that the text does not name is not its recommendation', () => {
  const answer = { assigned_agent: 'opus' };
  for (const body of ['Rewrite the parser.', 'Rewrite the octopus.', 'a <!-- opus --> b'])
    expect(reading(issue(body), answer).assignedAgent.source).toBe('default');
  expect(reading(issue('', { title: 'For Opus' }), answer).assignedAgent.value).toBe('opus');
});

test('an agent that is not configured is dropped', () => {
  const text = issue('Use gpt, __proto__ or OPUS.');
  for (const agent of ['gpt', 'OPUS', 'opus ', '', '__proto__'])
    expect(reading(text, { assigned_agent: agent }).assignedAgent).toMatchObject({
      value: null,
      source: 'default',
    });
});

test('an answer that says nothing is partial and the issue still says that nothing was readable', () => {
  const text = issue('Hello.');
  expect(reading(text, {})).toMatchObject({
    outcome: 'partial',
    difficulty: { value: 'unknown', source: 'default' },
    warnings: [{ code: 'nothing_readable' }],
  });
  expect(codes(text, { files: 2 })).toEqual([]);
});

test.each([
  [1e300, 1_000_000, 1_000],
  [-5, 1_000, 0],
  [3.7, 1_000, 4],
  [46_800.4, 46_800, 1_000],
])('%d tokens and files become %d and %d', (said, tokens, files) => {
  const { estimatedContext, factors } = reading(issue(''), {
    estimated_context_tokens: said,
    files: said,
  });
  expect(estimatedContext).toMatchObject({ value: tokens, source: 'model' });
  expect(factors.files).toBe(files);
});

test.each([Number.NaN, Infinity, '9', true, {}])('%s is no number of tokens or files', (said) => {
  const { estimatedContext, factors } = reading(issue(''), {
    estimated_context_tokens: said,
    files: said,
  });
  expect(estimatedContext.source).toBe('default');
  expect(factors.files).toBeNull();
});

test('a disagreement about a dependency is said in words, with both readings', () => {
  const text = issue('Blocked by #7.');
  const said = [
    claims(['#7', 'blocks', 'Blocked by #7.']),
    claims(['#7', 'neither', null]),
    claims(['#7', 'blocked_by', 'Blocked by #7.']),
  ].map((answer) => reading(text, answer).warnings.map(warningText));
  expect(said).toMatchInlineSnapshot(`
    [
      [
        "The text says that this issue waits for #7, Claude that #7 waits for this issue: the text counts.",
      ],
      [
        "The text says that this issue waits for #7, Claude that neither waits for the other: the text counts.",
      ],
      [],
    ]
  `);
});

/** Any JSON-like value; every string in it carries a mark that must not come out again. */
const marked = fc.anything({
  key: fc.string().map((text) => `zq${text}`),
  maxDepth: 2,
  values: [
    fc.string().map((text) => `zq${text}`),
    fc.double(),
    fc.integer(),
    fc.constantFrom(3, 4, 5, 6, -5, 1e300, 3.7, null, true),
  ],
});
const anyRelation = fc.record({
  ref: fc.oneof(marked, fc.constantFrom('#3', '#4', '#5', '#6', '#9', 'acme/lib#4')),
  relation: fc.constantFrom('blocks', 'blocked_by', 'neither', 'zq'),
  quote: fc.oneof(marked, fc.constantFrom('Blocked by #3', 'then #4', 'blocks #4', 'see #3', '#')),
});
const anyAnswer = fc
  .dictionary(
    fc.oneof(
      fc.constantFrom(...Object.keys(emptyAnswer)),
      fc.string().map((text) => `zq${text}`),
    ),
    fc.oneof(marked, fc.array(marked), fc.constantFrom('low', 'high', 'none', 'opus', 'haiku')),
    { maxKeys: 14 },
  )
  .chain((answer) =>
    fc
      .array(fc.oneof(marked, anyRelation))
      .map((relations) => ({ ...emptyAnswer, ...answer, relations })),
  );

test('whatever the model answers, the reading is well-formed and holds none of its text', () => {
  const bodies = ['', 'Blocked by #3, then #4, #5 and #6.', declaredBody, 'blocks #4\nsee #3'];
  fc.assert(
    fc.property(fc.constantFrom(...bodies), anyAnswer, (body, answer) => {
      const text = issue(body);
      const result = reading(text, answer);
      expect(readingSchema.parse(result)).toEqual(result);
      expect(JSON.stringify(result)).not.toContain('zq');
      for (const { number, evidence } of result.dependencies) {
        expect(body).toContain(`#${number}`);
        expect(body).toContain(evidence);
      }
      expect(result.dependencies.map(({ number }) => number)).not.toContain(5);
      const read = { issue: text, mentions: findMentions(text) };
      const kept = groundAnswer(read, answerSchema.parse(answer), agentNames);
      expect(JSON.stringify(kept)).not.toContain('zq');
      expect(answerSchema.parse(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
      expect(reading(text, kept)).toEqual(reading(text, answerSchema.parse(answer)));
    }),
    { numRuns: 500 },
  );
});
