import { expect, test } from 'vitest';

import { warningText } from '../../src/issue/warning-sentences.ts';
import type { AgentProfile } from '../../src/planning/agent-profiles.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { mergeAnswer } from '../../src/reading/model/merge.ts';
import { answerSchema } from '../../src/reading/model/answer.ts';
import { modelQuestion } from '../../src/reading/model/question.ts';
import { planWork } from '../../src/planning/plan-work.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import type { Reading } from '../../src/issue/reading.ts';
import { emptyAnswer } from '../support/claude.ts';

/** The agents of the original coordinator, all of them running. */
const originalAgents: readonly AgentProfile[] = builtInAgents.map((profile) => ({
  ...profile,
  contextWindow: profile.inputPrice === 0 ? 128_000 : 200_000,
  enabled: true,
}));

function read(body: string, profiles: readonly AgentProfile[] = originalAgents): Reading {
  const issue = { repository: 'acme/orbit', number: 5, title: '', body, bodyCut: false };
  const names = profiles.map(({ name }) => name);
  return readOffline(issue, names);
}

function plan(body: string, profiles = originalAgents, labels: readonly string[] = []) {
  const { reading, estimate, assignment } = planWork({
    reading: read(body, profiles),
    profiles,
    labels,
  });
  const warnings = [...reading.warnings, ...assignment.warnings];
  return {
    difficulty: reading.difficulty,
    estimate,
    agent: assignment.agent,
    codes: warnings.map(({ code }) => code),
    texts: warnings.map(warningText),
  };
}

interface Declared {
  readonly files: number;
  readonly complexity: string;
  readonly tests: string;
  readonly docs: string;
  readonly total: string;
  readonly agent?: string;
}

function templateText({ files, complexity, tests, docs, total, agent = 'sonnet' }: Declared) {
  return [
    '## Context Estimate',
    `- Files to modify: ${files}`,
    `- Implementation complexity: ${complexity}`,
    `- Test requirements: ${tests}`,
    `- Documentation: ${docs}`,
    `- **Total estimated: ${total}**`,
    `- **Recommended agent: ${agent}**`,
    '## Difficulty',
    'medium',
  ].join('\n');
}

const small = { files: 1, complexity: 'medium', tests: 'medium', docs: 'medium' };
const large = { files: 3, complexity: 'high', tests: 'medium', docs: 'medium' };

/** The original's own issues whose declared totals contradict its formula: it matters where the agent would be another one. */
test.each<[number, Declared, number, readonly string[]]>([
  [145, { ...small, total: '46,800 tokens' }, 52_000, []],
  [148, { ...large, total: '64,350', agent: 'glm' }, 83_200, ['declared_agent_cannot_hold']],
  [
    148,
    { ...large, total: '60k', agent: 'glm' },
    83_200,
    ['declared_total_differs', 'formula_exceeds_agent'],
  ],
  [
    148,
    { ...large, files: 2, total: '64,000', agent: 'glm' },
    74_100,
    ['declared_total_low', 'formula_exceeds_agent'],
  ],
  [
    149,
    { files: 2, complexity: 'medium', tests: 'low', docs: 'medium', total: '40,300' },
    54_600,
    [],
  ],
  [150, { ...large, total: '71,500' }, 83_200, []],
  [
    160,
    { files: 5, complexity: 'high', tests: 'high', docs: 'heavy', total: '71,500' },
    110_500,
    ['declared_total_differs', 'formula_exceeds_agent'],
  ],
  [
    161,
    { files: 3, complexity: 'medium', tests: 'high', docs: 'medium', total: '46,800' },
    76_700,
    [],
  ],
])(
  'the total of #%d contradicts the formula: a warning where another agent would get it',
  (_n, text, formula, codes) => {
    const planned = plan(templateText(text));
    expect(planned.estimate).toMatchObject({ source: 'declared', formula });
    expect(planned.estimate.high).toBeGreaterThanOrEqual(formula);
    expect(planned.codes).toEqual(codes);
  },
);

test('the sentences of these warnings name both figures', () => {
  const large160 = { files: 5, complexity: 'high', tests: 'high', docs: 'heavy' };
  expect([
    ...plan(templateText({ ...large, files: 2, total: '64,000', agent: 'glm' })).texts,
    ...plan(templateText({ ...large160, total: '71,500' })).texts,
  ]).toMatchInlineSnapshot(`
    [
      "Declared 64,000 tokens, the formula gives 74,100 (16 % more): the range reaches up to it.",
      "By the formula's 74,100 tokens the issue is too large for glm, which takes 64,000 at most.",
      "Declared 71,500 tokens, the formula gives 110,500 (55 % more).",
      "By the formula's 110,500 tokens the issue is too large for sonnet, which takes 100,000 at most, and for every other agent.",
    ]
  `);
});

test('an agent 350 tokens too small is refused, also while it is switched off', () => {
  const text = 'Difficulty: medium\nRecommended agent: glm\nTotal estimated: 64,350';
  expect(plan(text)).toMatchObject({ agent: 'sonnet', codes: ['declared_agent_cannot_hold'] });
  expect(plan(text, builtInAgents)).toMatchObject({
    agent: 'sonnet',
    codes: ['declared_agent_cannot_hold'],
  });
  expect(plan(text.replace('64,350', '64,000'))).toMatchObject({ agent: 'glm', codes: [] });
});

test.each([
  ['easy', 'low', 'haiku'],
  ['Low', 'low', 'haiku'],
  ['moderate', 'medium', 'sonnet'],
  ['MEDIUM', 'medium', 'sonnet'],
  ['hard', 'high', 'opus'],
  ['high', 'high', 'opus'],
])('the difficulty word %s means %s', (word, value, agent) => {
  const planned = plan(`Difficulty: ${word}\nTotal estimated: 30k`, builtInAgents);
  expect(planned).toMatchObject({ difficulty: { value, source: 'declared' }, agent, codes: [] });
});

test('difficulty words that disagree are told, and the text counts before the label', () => {
  const text = 'Difficulty: easy\nTotal estimated: 30k';
  expect(plan(text, builtInAgents, ['difficulty/hard'])).toMatchObject({
    agent: 'haiku',
    codes: ['difficulty_label_disagrees'],
    texts: ['Labels say high difficulty, the plan has low: the text counts.'],
  });
  expect(plan(text, builtInAgents, ['difficulty/low', 'bug'])).toMatchObject({ codes: [] });
  const complex = `${text}\nImplementation complexity: high`;
  expect(plan(complex, builtInAgents).texts).toContain(
    'The difficulty is low, but the implementation complexity high.',
  );
});

test('a label names the difficulty where the text does not, unless labels disagree', () => {
  const text = 'Total estimated: 30k';
  expect(plan(text, builtInAgents, ['bug', 'Difficulty: Hard'])).toMatchObject({
    agent: 'opus',
    difficulty: { value: 'high', source: 'gitea', evidence: 'Difficulty: Hard' },
    codes: [],
  });
  expect(plan(text, builtInAgents, ['difficulty/hard', 'difficulty/easy'])).toMatchObject({
    agent: 'sonnet',
    difficulty: { value: 'unknown', source: 'default' },
    texts: ['Labels say high and low difficulty, the plan has unknown: they do not count.'],
  });
  expect(plan(text, builtInAgents, ['difficulty/impossible'])).toMatchObject({ codes: [] });
});

test('minimax is known by name, and refused with a reason while nobody runs it', () => {
  const text = 'Difficulty: low\nRecommended agent: minimax\nTotal estimated: 30k';
  expect(plan(text)).toMatchObject({ agent: 'minimax', codes: [] });
  expect(plan(text, builtInAgents)).toMatchObject({
    agent: 'haiku',
    codes: ['declared_agent_refused'],
    texts: ['The text recommends minimax, but it is not enabled.'],
  });
});

test('an agent has one limit: changing the profile changes the choice and every warning', () => {
  const text = 'Difficulty: medium\nRecommended agent: glm\nTotal estimated: 64,350';
  const roomier = originalAgents.map((profile) => ({ ...profile, contextWindow: 129_000 }));
  expect(plan(text, roomier)).toMatchObject({ agent: 'glm', codes: [] });
  const limited = roomier.map((profile) => ({ ...profile, contextLimit: 100_000 }));
  expect(plan(text, limited)).toMatchObject({
    agent: null,
    codes: ['declared_agent_cannot_hold'],
    texts: [
      'The text recommends glm, but it takes 50,000 tokens at most (half of its limit of 100,000) and the issue needs 64,350 and has a limit of 100,000 tokens and the high estimate is 83,655, beside 20,000 of its harness.',
    ],
  });
});

test('factors that only Claude read are held against the declared total too', () => {
  const reading = read('Total estimated: 20k\nDifficulty: low');
  const factors = { files: 60, complexity: 'low', tests: 'low', docs: 'none' } as const;
  const filled = planWork({ reading: { ...reading, factors }, profiles: builtInAgents });
  expect(filled.reading.warnings.map(warningText)).toEqual([
    'Declared 20,000 tokens, the formula gives 565,500 (2728 % more).',
  ]);
});

test('finished issues of the repository size one that says nothing', () => {
  const history = [10_000, 20_000, 40_000, 80_000, 160_000];
  const planned = planWork({ reading: read('Fix it.'), profiles: builtInAgents, history });
  expect(planned.estimate).toMatchObject({ source: 'history', likely: 63_496 });
});

test('the size that Claude reads is kept as a layer beside a declared one', () => {
  const body = 'Total estimated: 46,800';
  const issue = { repository: 'acme/orbit', number: 5, title: '', body, bodyCut: false };
  const reading = mergeAnswer({
    question: modelQuestion({ issue, mentions: [], agentNames: [] }),
    offline: readOffline(issue, []),
    answer: answerSchema.parse({ ...emptyAnswer, estimated_context_tokens: 80_000 }),
    model: 'a-model',
  });
  expect(planWork({ reading, profiles: builtInAgents }).estimate).toEqual({
    low: 37_000,
    likely: 46_800,
    high: 80_000,
    source: 'declared',
    formula: null,
    layers: [
      { source: 'declared', tokens: 46_800 },
      { source: 'model', tokens: 80_000 },
    ],
  });
});
