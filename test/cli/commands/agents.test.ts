import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import type { Environment } from '../../../src/config.ts';
import { parseAgents } from '../../../src/planning/agent-profiles.ts';
import { builtIn } from '../../../src/planning/built-in-agents.ts';
import { temporaryDirectory } from '../../support/service.ts';

async function run(args: readonly string[], environment: () => Environment = () => ({})) {
  let out = '';
  let err = '';
  const code = await runCommandLine(['agents', ...args], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    environment,
  });
  return { code, out, err };
}

/** An environment with a file of agents that holds this. */
function withFile(text: string): () => Environment {
  const path = join(temporaryDirectory(), 'agents.json');
  writeFileSync(path, text);
  return () => ({ AGENTS_FILE: path });
}

test('the built-in agents are shown in a table, with the date of their limits and prices', async () => {
  const { code, out } = await run([]);
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "┌─────────┬─────────┬───────────┬───────────────┬─────────────────────────┬─────────────────────────┬─────────┬───────────────────┐
    │ Agent   │ Enabled │ Window    │ Largest issue │ $/MTok in               │ out                     │ At once │ Difficulties      │
    ├─────────┼─────────┼───────────┼───────────────┼─────────────────────────┼─────────────────────────┼─────────┼───────────────────┤
    │ opus    │ yes     │ 1,000,000 │ 500,000       │ 4                       │ 20                      │ 4       │ low, medium, high │
    │ sonnet  │ yes     │ 1,000,000 │ 500,000       │ 2                       │ 10                      │ 4       │ low, medium       │
    │ haiku   │ yes     │ 1,000,000 │ 500,000       │ 0.1 (0.5 above 100,000) │ 0.5 (2.5 above 100,000) │ 4       │ low               │
    │ glm     │ no      │ 128,000   │ 64,000        │ 0                       │ 0                       │ 1       │ low, medium       │
    │ minimax │ no      │ 128,000   │ 64,000        │ 0                       │ 0                       │ 1       │ low               │
    └─────────┴─────────┴───────────┴───────────────┴─────────────────────────┴─────────────────────────┴─────────┴───────────────────┘
    Built in (AGENTS_FILE is not set); limits and prices as of 2026-11.
    "
  `);
});

test('as JSON they are themselves a file of agents', async () => {
  const { out } = await run(['--json']);
  expect(parseAgents(out)).toEqual(builtIn);
  const again = await run(['--json'], withFile(out));
  expect(again).toEqual({ code: 0, out, err: '' });
});

test('a file takes the place of the built-in ones, and the table says so', async () => {
  const [first] = builtIn.agents;
  const { out } = await run([], withFile(JSON.stringify({ agents: [{ ...first, name: 'only' }] })));
  expect(out).toContain(' only ');
  expect(out).not.toContain('sonnet');
  expect(out.split('\n').at(-2)).toBe('From AGENTS_FILE.');
});

test('the schema is printed without looking at any configuration', async () => {
  const { code, out } = await run(['--schema'], () => {
    throw new Error('the environment was read');
  });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ type: 'object', required: ['agents'] });
});

test('a wrong file ends the command with 2, and every problem', async () => {
  const { code, out, err } = await run([], withFile('{"agents":[{"name":"A"}],"more":1}'));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatchInlineSnapshot(`
    "mosaic-coordinator: The configuration is invalid; correct these variables (see docs/setup.md):
      - AGENTS_FILE names an invalid file: agents[0].name must be at most 40 of a-z, 0-9, - and _, and start with a letter
      - AGENTS_FILE names an invalid file: agents[0].contextWindow must be a whole number from 1000 to 100000000
      - AGENTS_FILE names an invalid file: agents[0].inputPrice must be a number of US dollars
      - AGENTS_FILE names an invalid file: agents[0].outputPrice must be a number of US dollars
      - AGENTS_FILE names an invalid file: agents[0].difficulties is required
      - AGENTS_FILE names an invalid file: agents[0].concurrency must be a whole number from 1 to 1000
      - AGENTS_FILE names an invalid file: agents[0].enabled must be true or false
      - AGENTS_FILE names an invalid file: it has unknown keys, remove or correct them: more
    "
  `);
});
