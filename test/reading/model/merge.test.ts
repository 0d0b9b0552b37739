import fc from 'fast-check';
import { expect, test } from 'vitest';

import { warningText } from '../../../src/issue/warning-sentences.ts';
import { countsAsEdge, readingSchema } from '../../../src/issue/reading.ts';
import { groundAnswer } from '../../../src/reading/model/grounding.ts';
import { answerSchema } from '../../../src/reading/model/answer.ts';
import { modelQuestion } from '../../../src/reading/model/question.ts';
import type { DependencyForm, Mention } from '../../../src/reading/mentions.ts';
import { foldedText } from '../../../src/reading/visible-text.ts';
import { emptyAnswer } from '../../support/claude.ts';
import { findMentions } from '../../support/mentions.ts';
import {
  agentNames,
  claims,
  codes,
  declaredBody,
  issue,
  reading,
  shown,
  type Claim,
} from '../../support/merge-answers.ts';

test('declared values stand and a model that reads otherwise leaves a warning for each', () => {
  const text = issue(declaredBody);
  const other = {
    estimated_context_tokens: 90_000,
    estimated_difficulty: 'high',
    declared_agent: 'opus',
    declared_agent_sentence: 1,
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
    estimated_difficulty: 'low',
    declared_agent: 'sonnet',
    declared_agent_sentence: 8,
    files: 3,
  };
  expect(codes(text, same)).toEqual(codes(text, {}));
});

test('the model fills what the text does not say, marked as its own', () => {
  const answer = {
    estimated_context_tokens: 30_000,
    estimated_difficulty: 'high',
    declared_agent: 'opus',
    declared_agent_sentence: 2,
    files: 4,
    complexity: 'high',
    tests: 'medium',
    docs: 'none',
  };
  expect(reading(issue('Rewrite the parser, with Opus please.'), answer)).toMatchObject({
    outcome: 'complete',
    estimatedContext: { value: 30_000, source: 'model', evidence: null },
    difficulty: { value: 'high', source: 'model', evidence: null },
    assignedAgent: {
      value: 'opus',
      source: 'model',
      evidence: 'Rewrite the parser, with Opus please.',
    },
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
  const answer = { declared_agent: 'opus', declared_agent_sentence: 1 };
  for (const body of ['Rewrite the parser.', 'Rewrite the octopus.', 'a <!-- opus --> b'])
    expect(reading(issue(body), answer).assignedAgent.source).toBe('default');
  expect(reading(issue('', { title: 'For Opus' }), answer).assignedAgent.value).toBe('opus');
});

test('an agent that is not configured is dropped', () => {
  const text = issue('Use gpt, __proto__ or OPUS.');
  for (const agent of ['gpt', 'OPUS', 'opus ', '', '__proto__'])
    expect(
      reading(text, { declared_agent: agent, declared_agent_sentence: 2 }).assignedAgent,
    ).toMatchObject({
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

test.each([Number.NaN, Infinity, '9 or so', true, {}])(
  '%s is no number of tokens or files',
  (said) => {
    const { estimatedContext, factors } = reading(issue(''), {
      estimated_context_tokens: said,
      files: said,
    });
    expect(estimatedContext.source).toBe('default');
    expect(factors.files).toBeNull();
  },
);

test('what the text declares by other words than the grammar knows counts with its sentence', () => {
  const text = issue('Schwierigkeitsgrad: knifflig.\n\nEtwa 30 Tsd. Tokens insgesamt.');
  const declared = {
    declared_context_tokens: 30_000,
    declared_context_sentence: 3,
    declared_difficulty: 'high',
    declared_difficulty_sentence: 2,
  };
  // Its own view beside them does not count.
  const estimated = { estimated_context_tokens: 90_000, estimated_difficulty: 'low' };
  expect(reading(text, { ...declared, ...estimated })).toMatchObject({
    outcome: 'complete',
    estimatedContext: {
      value: 30_000,
      source: 'model',
      evidence: 'Etwa 30 Tsd. Tokens insgesamt.',
    },
    difficulty: { value: 'high', source: 'model', evidence: 'Schwierigkeitsgrad: knifflig.' },
    modelContext: 30_000,
  });
});

test.each([null, 99, 0, 'x'])(
  'a declared value without a sentence (%s) is an estimate',
  (sentence) => {
    const answer = {
      declared_context_tokens: 30_000,
      declared_context_sentence: sentence,
      declared_difficulty: 'high',
      declared_difficulty_sentence: sentence,
      declared_agent: 'opus',
      declared_agent_sentence: sentence,
    };
    expect(reading(issue('Opus does it.'), answer)).toMatchObject({
      estimatedContext: { value: 30_000, source: 'model', evidence: null },
      difficulty: { value: 'high', source: 'model', evidence: null },
      assignedAgent: { value: null, source: 'default' },
    });
  },
);

test('a disagreement about a direction is said in words, and the text counts', () => {
  const text = issue('Blocked by #7 sadly.');
  const mentions = [place('phrase')];
  const turned = reading(text, claims(['#7', 'blocks', [2]]), mentions);
  expect(turned.dependencies.map(shown)).toEqual(['blocked_by #7 declared']);
  expect(turned.warnings.map(warningText)).toMatchInlineSnapshot(`
    [
      "The text says that this issue waits for #7, Claude that #7 waits for this issue: the text counts.",
    ]
  `);
});

function place(form: DependencyForm): Mention {
  const verdict = { kind: 'dependency', direction: 'blocked_by', form } as const;
  const sentence = 'Blocked by #7 sadly.';
  return { repository: null, number: 7, verdict, sentence, evidence: sentence };
}

test('a phrase that the model denies is disputed and blocks nothing, with both readings', () => {
  const text = issue('Blocked by #7 sadly.');
  const denied = reading(text, claims(['#7', 'neither', []]), [place('phrase')]);
  expect(denied.dependencies.map(shown)).toEqual(['blocked_by #7 declared disputed']);
  expect(denied.dependencies.some(countsAsEdge)).toBe(false);
  expect(denied.warnings.map(warningText)).toMatchInlineSnapshot(`
    [
      "The text says that this issue waits for #7, Claude that neither waits for the other: it is disputed and blocks nothing until a person decides.",
    ]
  `);
});

test.each<[string, DependencyForm[], Claim[]]>([
  ['nothing is said of it', ['phrase'], []],
  ['the model agrees', ['phrase'], [['#7', 'blocked_by', [2]]]],
  [
    'the model says both',
    ['phrase'],
    [
      ['#7', 'neither', []],
      ['#7', 'blocked_by', [2]],
    ],
  ],
  ['it is the template', ['template'], [['#7', 'neither', []]]],
  ['it is the template and a phrase', ['phrase', 'template'], [['#7', 'neither', []]]],
])('a dependency of the text counts where %s', (_name, forms, said) => {
  const text = issue('Blocked by #7 sadly.');
  const result = reading(text, claims(...said), forms.map(place));
  expect(result.dependencies.map(shown)).toEqual(['blocked_by #7 declared']);
  expect(result.warnings.map(({ code }) => code)).not.toContain('dependency_disagrees');
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
  sentences: fc.oneof(marked, fc.array(fc.oneof(marked, fc.integer({ min: -1, max: 20 })))),
});
const anyAnswer = fc
  .dictionary(
    fc.oneof(
      fc.constantFrom(...Object.keys(emptyAnswer)),
      fc.string().map((text) => `zq${text}`),
    ),
    fc.oneof(marked, fc.array(marked), fc.constantFrom('low', 'high', 'none', 'opus', 'haiku')),
    { maxKeys: 17 },
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
      const words = foldedText(`${text.title} ${body}`);
      for (const { number, evidence } of result.dependencies) {
        expect(body).toContain(`#${number}`);
        for (const part of evidence.split(' … ')) expect(words).toContain(foldedText(part));
      }
      expect(result.dependencies.map(({ number }) => number)).not.toContain(5);
      const question = modelQuestion({ issue: text, mentions: findMentions(text), agentNames });
      const kept = groundAnswer(question, answerSchema.parse(answer));
      expect(JSON.stringify(kept)).not.toContain('zq');
      expect(answerSchema.parse(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
      expect(reading(text, kept)).toEqual(reading(text, answerSchema.parse(answer)));
    }),
    { numRuns: 500 },
  );
});
