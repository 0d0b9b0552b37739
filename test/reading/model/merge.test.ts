import fc from 'fast-check';
import { expect, test } from 'vitest';

import { groundAnswer } from '../../../src/reading/model/grounding.ts';
import { exclusionReasons, type Mention, type Verdict } from '../../../src/reading/mentions.ts';
import { mergeAnswer, mergeEdges } from '../../../src/reading/model/merge.ts';
import { answerSchema } from '../../../src/reading/model/question.ts';
import { readOffline } from '../../../src/reading/offline-reading.ts';
import { readingSchema, type Dependency, type IssueText } from '../../../src/issue/reading.ts';
import { emptyAnswer } from '../../support/claude.ts';
import { findMentions } from '../../support/mentions.ts';

const agentNames = ['opus', 'sonnet', 'haiku'];

const declaredBody = `## Context estimate
- Files to modify: 3
- Implementation complexity: medium
- Test requirements: low
- Documentation: light
- Total estimated: 46,800 tokens
- Recommended agent: sonnet

## Difficulty
low
`;

function issue(body: string, changes: Partial<IssueText> = {}): IssueText {
  return {
    repository: 'acme/orbit',
    number: 5,
    title: 'A title',
    body,
    bodyCut: false,
    ...changes,
  };
}

/** The reading of a text when the model answers with this. */
function reading(text: IssueText, answer: object, mentions = findMentions(text)) {
  return mergeAnswer({
    issue: text,
    mentions,
    offline: readOffline(text, agentNames),
    answer: answerSchema.parse({ ...emptyAnswer, ...answer }),
    model: 'a-model',
    agentNames,
  });
}

type Claim = readonly [ref: string, relation: string, quote: unknown];

function claims(...all: readonly Claim[]) {
  return { relations: all.map(([ref, relation, quote]) => ({ ref, relation, quote })) };
}

function shown({ direction, repository, number, source }: Dependency): string {
  return `${direction} ${repository ?? ''}#${number} ${source}`;
}

function edges(text: IssueText, answer: object, mentions?: Mention[]) {
  return reading(text, answer, mentions).dependencies.map(shown);
}

function codes(text: IssueText, answer: object, mentions?: Mention[]) {
  return reading(text, answer, mentions).warnings.map(({ code }) => code);
}

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
  expect(ofDisagreement.map((warning) => `${warning.code}: ${warning.text}`))
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
    difficulty: { value: 'medium', source: 'default' },
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

const waits = 'Pointless until #7 is there.';

test.each<[string, string, Claim[], string[]]>([
  ['the whole sentence', waits, [['#7', 'blocked_by', waits]], ['blocked_by #7 model']],
  ['a part of it', waits, [['#7', 'blocked_by', 'until #7']], ['blocked_by #7 model']],
  [
    'words around it',
    `A.\n${waits}\nB.`,
    [['#7', 'blocks', `A. ${waits} B.`]],
    ['blocks #7 model'],
  ],
  [
    'broken over lines',
    'until\n  #7 lands',
    [['#7', 'blocked_by', 'until #7 lands']],
    ['blocked_by #7 model'],
  ],
  ['the title', '', [['#8', 'blocks', 'Before #8']], ['blocks #8 model']],
  ['the own name', waits, [['Acme/Orbit#7', 'blocked_by', waits]], ['blocked_by #7 model']],
  [
    'another repository',
    'Pointless without Acme/Lib#7.',
    [['acme/lib#7', 'blocked_by', 'without Acme/Lib#7']],
    ['blocked_by Acme/Lib#7 model'],
  ],
  ['an invented quote', waits, [['#7', 'blocked_by', 'Blocked by #7']], []],
  ['other case', waits, [['#7', 'blocked_by', waits.toUpperCase()]], []],
  ['no quote', waits, [['#7', 'blocked_by', null]], []],
  ['an empty quote', waits, [['#7', 'blocked_by', ' ']], []],
  ['the reference alone', waits, [['#7', 'blocked_by', '#7']], ['blocked_by #7 model']],
  ['a quote of nothing', 'So: #7.', [['#7', 'blocked_by', ': #']], []],
  ['a quote from elsewhere', `${waits}\nNice.`, [['#7', 'blocked_by', 'Nice.']], []],
  ['a quote out of title and body', 'x #7', [['#7', 'blocked_by', 'Before #8 x #7']], []],
  ['an invented number', waits, [['#9', 'blocked_by', waits]], []],
  ['a number without #', waits, [['7', 'blocked_by', waits]], []],
  ['a longer number with the same start', 'Until #71.', [['#7', 'blocked_by', 'Until #71.']], []],
  ['a number of another repository', 'Until a/b#7.', [['#7', 'blocked_by', 'Until a/b#7.']], []],
  ['an HTML entity', 'Quote &#39; here.', [['#39', 'blocks', 'Quote &#39; here.']], []],
  ['a hidden comment', 'a <!-- until #7 --> b', [['#7', 'blocked_by', 'until #7']], []],
  ['the issue itself', 'Until #5.', [['#5', 'blocked_by', 'Until #5.']], []],
  ['neither', waits, [['#7', 'neither', waits]], []],
  ['another relation', waits, [['#7', 'kills', waits]], []],
  [
    'the same twice',
    waits,
    [
      ['#7', 'blocked_by', waits],
      ['#7', 'blocked_by', 'until #7'],
    ],
    ['blocked_by #7 model'],
  ],
  [
    'one good quote among others',
    waits,
    [
      ['#7', 'blocked_by', 'made up'],
      ['#7', 'blocked_by', waits],
    ],
    ['blocked_by #7 model'],
  ],
  [
    'what the grammar has',
    'Blocked by #7.',
    [['#7', 'blocked_by', 'Blocked by #7.']],
    ['blocked_by #7 declared'],
  ],
  [
    'what the grammar has, turned round',
    'Blocked by #7.',
    [['#7', 'blocks', 'Blocked by #7.']],
    ['blocked_by #7 declared'],
  ],
])('of relations the model claims: %s', (_name, body, said, expected) => {
  expect(edges(issue(body, { title: 'Before #8' }), claims(...said))).toEqual(expected);
});

test('an entry that is no relation is dropped on its own', () => {
  const text = issue(waits);
  const good = { ref: '#7', relation: 'blocked_by', quote: waits };
  const odd = [null, 7, 'x', [], {}, { ...good, ref: 7 }, { ...good, quote: [waits] }];
  expect(edges(text, { relations: [...odd, good] })).toEqual(['blocked_by #7 model']);
  for (const relations of [null, 'x', { 0: good }]) expect(edges(text, { relations })).toEqual([]);
});

test('the evidence of an edge is the quote as it stands in the text, bounded', () => {
  const text = issue(`It is ${'very '.repeat(60)}pointless\u200b   until #7.`);
  const quote = `${'very '.repeat(50)}pointless until #7.`;
  const [edge] = reading(text, claims(['#7', 'blocked_by', quote])).dependencies;
  expect(edge?.evidence).toBe(quote.slice(0, 200));
});

test('at most 20 edges per direction are taken from the model', () => {
  const lines = Array.from({ length: 40 }, (_unused, index) => `Then #${100 + index}`);
  const answer = claims(
    ...lines.map((line, index): Claim => {
      return [`#${100 + index}`, index < 10 ? 'blocks' : 'blocked_by', line];
    }),
  );
  const said = edges(issue(lines.join('\n')), answer);
  expect(said.filter((edge) => edge.startsWith('blocked_by'))).toHaveLength(20);
  expect(said).toHaveLength(30);
});

function mention(verdict: Verdict, sentence = waits): Mention {
  return { repository: null, number: 7, verdict, sentence, evidence: sentence };
}

test.each<[string, Verdict]>([
  ...exclusionReasons.map((reason): [string, Verdict] => [reason, { kind: 'ruled_out', reason }]),
  ['met', { kind: 'met', direction: 'blocked_by' }],
])('what the grammar has ruled out never becomes an edge, whatever is quoted: %s', (_name, no) => {
  const text = issue(`${waits}\nNothing else.`);
  for (const quote of [waits, 'until #7', `${waits} Nothing else.`, 'Nothing else.'])
    for (const relation of ['blocks', 'blocked_by'])
      expect(edges(text, claims(['#7', relation, quote]), [mention(no)])).toEqual([]);
});

test('a reference ruled out in one place may count by the words of another, and the rest is a warning', () => {
  const text = issue(`${waits}\nNot before #7.`);
  const mentions = [
    mention({ kind: 'ruled_out', reason: 'quoted' }),
    mention({ kind: 'undecided' }, 'Not before #7.'),
  ];
  expect(edges(text, claims(['#7', 'blocked_by', waits]), mentions)).toEqual([]);
  expect(codes(text, claims(['#7', 'blocked_by', waits]), mentions)).toContain(
    'dependency_ruled_out',
  );
  expect(edges(text, claims(['#7', 'blocked_by', 'Not before #7.']), mentions)).toEqual([
    'blocked_by #7 model',
  ]);
});

test('many ruled out references are one warning of bounded length', () => {
  const numbers = Array.from({ length: 15 }, (_unused, index) => 100 + index);
  const body = numbers.map((number) => `See #${number}`).join('\n');
  const mentions = numbers.map((number) => ({
    ...mention({ kind: 'ruled_out', reason: 'related' }, `See #${number}`),
    number,
  }));
  const said = numbers.map((number): Claim => [`#${number}`, 'blocks', `See #${number}`]);
  const { warnings } = reading(issue(body), claims(...said), mentions);
  expect(warnings.filter(({ code }) => code === 'dependency_ruled_out')).toMatchInlineSnapshot(`
    [
      {
        "code": "dependency_ruled_out",
        "text": "Claude reads a dependency on #100, #101, #102, #103, #104, #105, #106, #107, #108, #109 and 5 more in words that declare none, or none any more: the text counts.",
      },
    ]
  `);
});

const gitea: Dependency = {
  direction: 'blocked_by',
  repository: null,
  number: 7,
  source: 'gitea',
  evidence: '',
};
const declared: Dependency = { ...gitea, source: 'declared' };
const model: Dependency = { ...gitea, source: 'model' };
const round = (edge: Dependency): Dependency => ({ ...edge, direction: 'blocks' });

test.each<[string, Dependency[], string[], string[]]>([
  ['all agree', [model, declared, gitea], ['blocked_by #7 gitea'], []],
  [
    'the text against Claude',
    [round(model), declared],
    ['blocked_by #7 declared'],
    ['direction_disagrees'],
  ],
  [
    'Gitea against the text',
    [declared, round(gitea)],
    ['blocks #7 gitea'],
    ['direction_disagrees'],
  ],
  [
    'Gitea against both',
    [declared, model, round(gitea)],
    ['blocks #7 gitea'],
    ['direction_disagrees'],
  ],
  ['Claude says both', [model, round(model)], [], ['direction_contradicts']],
  ['the text says both', [declared, round(declared)], [], ['direction_contradicts']],
  [
    'Claude says both, the text one',
    [model, round(model), round(declared)],
    ['blocks #7 declared'],
    ['direction_disagrees'],
  ],
  [
    'two spellings of one issue',
    [declared, { ...model, repository: 'Acme/Orbit' }],
    ['blocked_by #7 declared'],
    [],
  ],
  [
    'two issues of one number',
    [declared, round({ ...model, repository: 'acme/lib' })],
    ['blocked_by #7 declared', 'blocks acme/lib#7 model'],
    [],
  ],
])('of edges one a pair is left: %s', (_name, all, expected, warned) => {
  for (const order of [all, all.toReversed()]) {
    const { dependencies, warnings } = mergeEdges(issue(''), order);
    expect(dependencies.map(shown).sort()).toEqual(expected);
    expect(warnings.map(({ code }) => code)).toEqual(warned);
  }
});

test('a disagreement about a dependency is said in words, with both readings', () => {
  const text = issue('Blocked by #7.');
  const said = [
    claims(['#7', 'blocks', 'Blocked by #7.']),
    claims(['#7', 'neither', null]),
    claims(['#7', 'blocked_by', 'Blocked by #7.']),
  ].map((answer) => reading(text, answer).warnings.map(({ text: words }) => words));
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

test('an answer is grounded before it is kept: what does not stand in the text is gone', () => {
  const text = issue('Needs #7 first,  before #8.');
  const answer = answerSchema.parse({
    ...emptyAnswer,
    assigned_agent: 'gpt',
    ...claims(
      ['#7', 'blocked_by', 'Needs #7\nfirst'],
      ['#9', 'blocked_by', 'Needs #7'],
      ['#8', 'blocks', 'made up'],
      ['acme/orbit#8', 'neither', 'made up'],
    ),
  });
  expect(groundAnswer({ issue: text, mentions: findMentions(text) }, answer, agentNames)).toEqual({
    ...emptyAnswer,
    ...claims(['#7', 'blocked_by', 'Needs #7 first'], ['#8', 'neither', null]),
  });
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
      .oneof(marked, fc.array(fc.oneof(marked, anyRelation)))
      .map((relations) => ({ ...answer, relations })),
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
