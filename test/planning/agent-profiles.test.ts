import { expect, test } from 'vitest';

import { agentsJsonSchema, parseAgents } from '../../src/planning/agent-profiles.ts';
import { builtIn, builtInAgents } from '../../src/planning/built-in-agents.ts';

const good = {
  name: 'local',
  contextWindow: 128_000,
  inputPrice: 0,
  outputPrice: 0,
  difficulties: ['low'],
  concurrency: 1,
  enabled: true,
};

/** What is wrong with a file that holds this. */
function problems(value: unknown): readonly string[] {
  const parsed = parseAgents(typeof value === 'string' ? value : JSON.stringify(value));
  if ('problems' in parsed) return parsed.problems;
  throw new Error('the file was accepted');
}

test('the built-in agents are themselves a file that is accepted', () => {
  expect(parseAgents(JSON.stringify(builtIn))).toEqual(builtIn);
});

test('the built-in agents that nobody may run are off, and cost nothing', () => {
  const off = builtInAgents.filter(({ enabled }) => !enabled);
  expect(off.map(({ name, inputPrice, outputPrice }) => [name, inputPrice, outputPrice])).toEqual([
    ['glm', 0, 0],
    ['minimax', 0, 0],
  ]);
});

test('a file may leave out the date, and name a schema for editors', () => {
  expect(parseAgents(JSON.stringify({ $schema: './agents.schema.json', agents: [good] }))).toEqual({
    agents: [good],
  });
});

test('at most one profile is the default, and a harness leaves room for work', () => {
  const agents = [
    { ...good, default: true, harness: 64_000 },
    { ...good, name: 'b', harness: 64_001 },
    { ...good, name: 'c', default: true },
  ];
  expect(problems({ agents })).toEqual([
    'agents[1].harness must leave half of contextWindow or contextLimit free',
    'agents[0], agents[2] are each the default: set default in one alone',
  ]);
});

test('everything that is wrong is told at once, with its place and what would be right', () => {
  const long = { above: 1, inputPrice: -1, outputPrice: 20_000, more: 1 };
  const file = {
    asOf: 'yesterday',
    other: true,
    agents: [
      good,
      { ...good, contextLimit: 200_000, difficulties: ['low', 'low'] },
      { ...good, name: 'Two Words', model: 'a b', enabled: 'yes', longPrompts: long },
      { ...good, name: 'b', contextWindow: '1M', difficulties: ['easy'], concurrency: 0 },
      { ...good, name: 'c', difficulties: [], window: 1, contextLimit: 1.5 },
      { ...good, name: 'd', difficulties: 'low', longPrompts: [] },
      {},
      'sonnet',
    ],
  };
  expect(problems(file)).toMatchInlineSnapshot(`
    [
      "asOf must be a date such as 2026-11 or 2026-11-24",
      "agents[2].name must be at most 40 of a-z, 0-9, - and _, and start with a letter",
      "agents[2].model must be the id of a model",
      "agents[2].longPrompts.above must be a whole number from 1000 to 100000000",
      "agents[2].longPrompts.inputPrice must be 0 or more",
      "agents[2].longPrompts.outputPrice must be 10000 or less",
      "agents[2].longPrompts has unknown keys, remove or correct them: more",
      "agents[2].enabled must be true or false",
      "agents[3].contextWindow must be a whole number from 1000 to 100000000",
      "agents[3].difficulties[0] must be one of low, medium, high",
      "agents[3].concurrency must be a whole number from 1 to 1000",
      "agents[4].contextLimit must be a whole number from 1000 to 100000000",
      "agents[4].difficulties must name at least one difficulty",
      "agents[4] has unknown keys, remove or correct them: window",
      "agents[5].longPrompts must be an object in braces",
      "agents[5].difficulties must be a list in brackets",
      "agents[6].name is required",
      "agents[6].contextWindow must be a whole number from 1000 to 100000000",
      "agents[6].inputPrice must be a number of US dollars",
      "agents[6].outputPrice must be a number of US dollars",
      "agents[6].difficulties is required",
      "agents[6].concurrency must be a whole number from 1 to 1000",
      "agents[6].enabled must be true or false",
      "agents[7] must be an object in braces",
      "it has unknown keys, remove or correct them: other",
      "agents[1].name is that of agents[0] too: rename one",
      "agents[1].contextLimit must not be above contextWindow",
      "agents[1].difficulties must name each once only",
    ]
  `);
});

test.each<[string, unknown, readonly string[]]>([
  ['text that is not JSON', '{"agents":', ['it is not JSON']],
  ['nothing', '', ['it is not JSON']],
  ['a bare list', [good], ['it must be an object in braces']],
  ['no list', {}, ['agents is required']],
  ['an empty list', { agents: [] }, ['agents must hold at least one profile']],
  [
    'agents that are all off',
    { agents: [{ ...good, enabled: false }] },
    ['agents has no profile that is enabled: set enabled to true in one'],
  ],
  [
    'too many agents',
    { agents: Array.from({ length: 51 }, (_, index) => ({ ...good, name: `a${index}` })) },
    ['agents must hold at most 50 profiles'],
  ],
])('a file with %s is refused', (_name, value, told) => {
  expect(problems(value)).toEqual(told);
});

test('a file in which everything is wrong is told the first fifty problems', () => {
  expect(problems({ agents: Array.from({ length: 50 }, () => ({})) })).toHaveLength(50);
});

test('the schema that is printed knows every field and asks for the same ones', () => {
  expect(agentsJsonSchema()).toMatchObject({
    required: ['agents'],
    additionalProperties: false,
    properties: {
      agents: {
        minItems: 1,
        maxItems: 50,
        items: {
          additionalProperties: false,
          required: Object.keys(good),
          properties: {
            difficulties: { items: { enum: ['low', 'medium', 'high'] } },
            contextWindow: { type: 'integer', minimum: 1_000 },
          },
        },
      },
    },
  });
});
