import { expect, test } from 'vitest';

import { viewWarning } from '../../../src/issue/plan.ts';
import { hardReasons, type Mention, type Verdict } from '../../../src/reading/mentions.ts';
import { groundAnswer } from '../../../src/reading/model/grounding.ts';
import { answerSchema } from '../../../src/reading/model/question.ts';
import { emptyAnswer } from '../../support/claude.ts';
import { findMentions } from '../../support/mentions.ts';
import {
  agentNames,
  claims,
  codes,
  edges,
  issue,
  reading,
  type Claim,
} from '../../support/merge-answers.ts';

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
  ...hardReasons.map((reason): [string, Verdict] => [reason, { kind: 'ruled_out', reason }]),
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
    ...mention({ kind: 'ruled_out', reason: 'negated' }, `See #${number}`),
    number,
  }));
  const said = numbers.map((number): Claim => [`#${number}`, 'blocks', `See #${number}`]);
  const { warnings } = reading(issue(body), claims(...said), mentions);
  const views = warnings.map(viewWarning);
  expect(views.filter(({ code }) => code === 'dependency_ruled_out')).toMatchInlineSnapshot(`
    [
      {
        "code": "dependency_ruled_out",
        "text": "Claude reads a dependency on #100, #101, #102, #103, #104, #105, #106, #107, #108, #109 and 5 more in words that declare none, or none any more: the text counts.",
      },
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
