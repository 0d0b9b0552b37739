import fc from 'fast-check';
import { expect, test } from 'vitest';

import { readOffline } from '../../src/reading/offline-reading.ts';
import { viewWarning } from '../../src/issue/plan.ts';
import { warningText } from '../../src/issue/warning-sentences.ts';
import { readingSchema, type IssueText } from '../../src/issue/reading.ts';

const agents = ['opus', 'sonnet', 'haiku', 'glm'];

function read(body: string, more: Partial<IssueText> = {}) {
  const issue = { repository: 'acme/orbit', number: 5, title: 'Some title', bodyCut: false };
  return readOffline({ ...issue, body, ...more }, agents);
}

function warnings(body: string, more: Partial<IssueText> = {}) {
  return read(body, more).warnings.map((each) => `${each.code}: ${warningText(each)}`);
}

const design = [
  '- Files to modify: 3',
  '- Implementation complexity: medium',
  '- Test requirements: low',
  '- Documentation: light',
  '- Total estimated: 46,800 tokens',
  '- Recommended agent: sonnet',
  'Difficulty: medium',
  'Blocked by: #12',
].join('\n');

test('what the text declares comes with its source and the line it stands in', () => {
  const reading = read(design);
  expect({ ...reading, warnings: reading.warnings.map(viewWarning) }).toEqual({
    outcome: 'offline',
    model: null,
    reason: null,
    unreadable: null,
    estimatedContext: {
      value: 46_800,
      source: 'declared',
      evidence: 'Total estimated: 46,800 tokens',
    },
    difficulty: { value: 'medium', source: 'declared', evidence: 'Difficulty: medium' },
    assignedAgent: {
      value: 'sonnet',
      source: 'declared',
      evidence: 'Recommended agent: sonnet',
    },
    factors: { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
    factorEvidence: {
      files: 'Files to modify: 3',
      complexity: 'Implementation complexity: medium',
      tests: 'Test requirements: low',
      docs: 'Documentation: light',
    },
    dependencies: [
      {
        direction: 'blocked_by',
        repository: null,
        number: 12,
        source: 'declared',
        evidence: 'Blocked by: #12',
      },
    ],
    partOf: [],
    denied: [],
    warnings: [],
  });
});

test('without a declared total the formula decides, and says what it had to assume', () => {
  const reading = read('Files to modify: 1\nTest requirements: low');
  expect(reading.estimatedContext).toEqual({ value: 44_200, source: 'formula', evidence: null });
  expect(reading.warnings.map(viewWarning)).toEqual([
    {
      code: 'factors_assumed',
      text: 'Not declared, so assumed for the formula: complexity medium, docs light.',
    },
  ]);
});

test('a text that says nothing gets default numbers, and the warning says so', () => {
  const reading = read('Please make it nicer.');
  expect(reading.estimatedContext).toEqual({ value: 40_000, source: 'default', evidence: null });
  expect(reading.difficulty).toEqual({ value: 'unknown', source: 'default', evidence: null });
  expect(reading.assignedAgent).toEqual({ value: null, source: 'default', evidence: null });
  expect(reading.warnings.map(({ code }) => code)).toEqual(['nothing_readable']);
});

const manyLines = Array.from({ length: 120 }, (_, index) => `blocks #${index + 10}`).join('\n');

test.each([
  ['nothing at all', '', {}, ['nothing_readable']],
  ['a dependency alone', 'Blocked by #1', {}, []],
  ['a total alone', 'Total estimated: 20k', {}, []],
  ['a self reference', 'Blocked by #5', {}, ['self_reference']],
  ['a self reference by name', 'Blocked by Acme/Orbit#5', {}, ['self_reference']],
  ['the same number elsewhere', 'Blocked by acme/lib#5', {}, []],
  ['a text that was cut', 'Blocked by #1', { bodyCut: true }, ['body_cut']],
  ['too many dependencies', manyLines, {}, ['too_many_dependencies']],
  [
    'all factors',
    'Files to modify: 1\nImplementation complexity: low\nTest requirements: low\nDocumentation: none',
    {},
    [],
  ],
  [
    'a total within a quarter of the formula',
    'Files to modify: 1\nImplementation complexity: low\nTest requirements: low\nDocumentation: none\nTotal estimated: 23k',
    {},
    [],
  ],
])('the warnings of %s', (_name, body, more, codes) => {
  expect(read(body, more).warnings.map(({ code }) => code)).toEqual(codes);
});

test.each([
  ['its end was cut off', 'Part of #1', { bodyCut: true }],
  ['it declares too many dependencies', manyLines, {}],
  ['a range is too wide', 'Blocked by #1-#200', {}],
  ['a range around it is too wide', 'Blocked by #1 to #106', {}],
  ['a list is nested too deeply', `${'- '.repeat(60)}Blocked by #3`, {}],
  ['a quote is nested too deeply', `${'> '.repeat(120)}Part of #3`, {}],
  ['it names too many issues', `${'See #1. '.repeat(2_000)} Blocked by #3.`, {}],
])('a text that was read in part is unreadable: %s', (_name, body, more) => {
  expect(read(body, more).unreadable).toBe('work');
  expect(read('Blocked by #1-#60, see #1-#300').unreadable).toBeNull();
  expect(read(`${'- '.repeat(40)}Blocked by #3`).dependencies).toHaveLength(1);
});

test('every warning is a sentence', () => {
  const text = `Files to modify: 1\nTotal estimated: 200k\nBlocked by #5\n${manyLines}`;
  expect([...warnings(text, { bodyCut: true }), ...warnings('')]).toMatchInlineSnapshot(`
    [
      "body_cut: The text is longer than 1,000,000 characters: the rest was not kept and not read.",
      "self_reference: The text declares a dependency of #5 on itself: it was dropped.",
      "too_many_dependencies: The text declares more than 100 dependencies: only the first 100 count.",
      "nothing_readable: The text declares no size, difficulty, agent or dependency: default numbers are used.",
    ]
  `);
});

test('a self reference is dropped, the others stay', () => {
  const { dependencies } = read('Blocked by #5, #6\nBlocks acme/orbit#5');
  expect(dependencies.map(({ number }) => number)).toEqual([6]);
});

test('any text gives a reading that can be stored and read back', () => {
  const snippet = fc.constantFrom(
    ...design.split('\n'),
    '```',
    '## Difficulty',
    'hard',
    'Blocks #1, #2 and a/b#3',
    'not blocked by #7',
    'Total estimated: 0',
    'Files to modify: 0',
    '\r\n',
    '**',
  );
  const anyText = fc.string({ unit: 'binary', maxLength: 200 });
  const text = fc.array(fc.oneof(snippet, anyText), { maxLength: 20 });
  fc.assert(
    fc.property(anyText, text, fc.constantFrom('\n', '\r\n', ' '), (title, parts, separator) => {
      const reading = read(parts.join(separator), { title });
      expect(readingSchema.parse(JSON.parse(JSON.stringify(reading)))).toEqual(reading);
    }),
  );
});

test.each([
  '`',
  '#1 ',
  'blocked by #1, ',
  '- ',
  ' ',
  '\n',
  '1,000',
  '\u{1F680}',
  'Total estimated: 9\n',
  '<http://a',
  '# a\n',
  '- [ ] #1\n',
  'somebody said ',
  '#1 also ',
])('a megabyte of %j is read to its end', (part) => {
  const body = part.repeat(Math.ceil(1_000_000 / part.length));
  expect(read(body).outcome).toBe('offline');
});

test('a row of very many struck cells is read to its end', () => {
  const row = (cell: string) => `|${cell.repeat(50_000)}\n`;
  const table = row(' a |') + row('---|') + row(' ~~Blocked by #1~~ |');
  expect(read(`Blocked by #2\n\n${table}`).dependencies.map(({ number }) => number)).toEqual([2]);
});

test.each([
  ['Difficulty: low\n\nLater on:\n\nDifficulty: hard', ['difficulty', 'low', 'high']],
  ['## Difficulty\n\nHigh\n\n- Overall difficulty: easy', ['difficulty', 'high', 'low']],
  [
    'Difficulty: ~~low~~ high\n\n| Difficulty | medium |\n|---|---|',
    ['difficulty', 'high', 'medium'],
  ],
  ['Recommended agent: opus\n\nAssign to haiku.', ['agent', 'opus', 'haiku']],
  ['Total estimated: 5,000\n\nTotal tokens: 6k', ['total', '5000', '6000']],
])('%j declares one thing twice, and a warning gives both values', (body, [name, first, other]) => {
  const text = `The text declares ${name} ${first} and also ${other}: the first counts.`;
  expect(warnings(body)).toEqual([`${name}_declared_twice: ${text}`]);
});

test('the same value twice is no disagreement', () => {
  expect(warnings('Difficulty: hard\n\n## Difficulty\n\nHigh')).toEqual([]);
  expect(warnings('Difficulty: ~~low~~ high')).toEqual([]);
});
