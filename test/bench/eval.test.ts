import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { answers, fails, startClaude, type ClaudeScript } from '../support/claude.ts';
import { askedAbout, readGold } from '../support/gold.ts';
import { labelledModel } from '../support/scripted-models.ts';
import { startChild } from '../support/process.ts';
import { temporaryDirectory } from '../support/service.ts';

function startEval(args: readonly string[], environment: Record<string, string> = {}) {
  const script = fileURLToPath(new URL('../../bench/eval.ts', import.meta.url));
  const directory = temporaryDirectory();
  return startChild({ args: [script, ...args], environment, directory });
}

const questionSchema = z.object({
  sentences: z.array(z.string()),
  references: z.array(z.object({ ref: z.string(), sentences: z.array(z.int()) })),
});

/** Answers what the labels say, as the issue of this title has them. */
const labelled: ClaudeScript = (call, response) => {
  const json: unknown = JSON.parse(call.messages[0]?.content ?? '');
  const { sentences, references } = questionSchema.parse(json);
  const row = readGold().find(({ title }) => `1 ${title}` === sentences[0]);
  if (row === undefined) {
    fails(500)(call, response);
    return;
  }
  answers(labelledModel.answer({ ...askedAbout(row), references }))(call, response);
};

const scoreSchema = z.object({
  overall: z.object({ precision: z.number() }),
  recallImplicit: z.number(),
});

test('the live evaluation scores what Claude reads, and what it costs', async () => {
  const claude = await startClaude(labelled);
  const child = startEval(['--live', '--json'], {
    ANTHROPIC_API_KEY: 'key-of-the-tests',
    ANTHROPIC_BASE_URL: claude.url,
  });
  expect(await child.exit()).toEqual({ code: 0, signal: null });
  const json: unknown = JSON.parse(child.output.stdout);
  expect(scoreSchema.parse(json)).toEqual({ overall: { precision: 1 }, recallImplicit: 1 });
  expect(child.output.stderr).toContain('Read 60 issues with claude-sonnet-5-5: 72 calls, 86,400');
  expect(child.output.stderr).toMatch(/(\d+) of them an edge, \1 are right, precision 1\.000/);
});

test('without a key the live evaluation says what is missing', async () => {
  const child = startEval(['--live']);
  expect(await child.exit()).toEqual({ code: 2, signal: null });
  expect(child.output.stdout).toBe('');
  expect(child.output.stderr).toContain('ANTHROPIC_API_KEY is required');
});
