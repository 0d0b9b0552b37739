import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../src/cli/command-line.ts';
import { recording } from '../support/recordings.ts';
import { temporaryDirectory } from '../support/service.ts';

interface Surroundings {
  readonly environment?: Record<string, string>;
  readonly isTTY?: boolean;
}

async function run(
  args: readonly string[],
  { environment = {}, isTTY = false }: Surroundings = {},
) {
  let out = '';
  let err = '';
  const code = await runCommandLine(['plan', ...args], {
    stdout: { write: (text) => (out += text), isTTY },
    stderr: { write: (text) => (err += text), isTTY },
    environment: () => environment,
  });
  return { code, out, err };
}

function file(text: string, name = 'issue.md'): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, text);
  return path;
}

function recordedBody(): string {
  const json: unknown = JSON.parse(recording('issues-opened-template').body.toString());
  return z.object({ issue: z.object({ body: z.string() }) }).parse(json).issue.body;
}

const hostile = [
  '# Storage',
  'Blocked by #3 and https://git.example.test/acme/lib/issues/4.',
  '- [x] depends on #5',
  '',
  'Not blocked by #6. Nothing to draw before #7 exists.',
].join('\n');

test('the text of a recorded issue is shown with sources and evidence', async () => {
  const { code, out, err } = await run([file(recordedBody()), '--ref', 'acme/orbit#5']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatchInlineSnapshot(`
    "Context     68,900 tokens (55,000 to 89,570)  declared: "Total estimated: 68,900 tokens"
    Difficulty  medium  declared: "medium"
    Recommended sonnet  declared: "Recommended agent: sonnet"
    Factors     files 3, complexity medium, tests medium, docs light  declared
    Agent       sonnet  The text recommends sonnet, and it fits.

    Issues it names:
      #1       this issue waits for it          "Blocked by:** #1 (COORD-001), #2 (COORD-002)"
      #2       this issue waits for it          "Blocked by:** #1 (COORD-001), #2 (COORD-002)"
      #7       waits for this issue             "Blocks:** #7 (COORD-007)"
    "
  `);
});

test('every reference comes with its verdict', async () => {
  const environment = { GITEA_URL: 'https://git.example.test' };
  const { out } = await run([file(hostile)], { environment });
  expect(out).toMatchInlineSnapshot(`
    "Storage

    Context     68,900 tokens (55,000 to 130,910)  default
    Difficulty  medium  default
    Recommended nobody  default
    Factors     files -, complexity -, tests -, docs -  declared
    Agent       sonnet  sonnet is the cheapest agent that fits medium difficulty and 68,900 tokens.

    Issues it names:
      #3       this issue waits for it          "Blocked by #3 and https://git.example.test/acme/lib/issues/4"
      acme/lib#4 this issue waits for it          "Blocked by #3 and https://git.example.test/acme/lib/issues/4"
      #5       was a dependency, is met         "depends on #5"
      #6       no dependency: negated           "blocked by #6"
      #7       undecided                        "Nothing to draw before #7 exists."
    "
  `);
});

test('without GITEA_URL no URL is the own tracker', async () => {
  const { out } = await run([file(hostile)]);
  expect(out).toContain('no dependency: foreign url');
});

test('colours are for terminals, unless NO_COLOR is set', async () => {
  const path = file(hostile);
  expect((await run([path])).out).not.toContain('\x1b[');
  expect((await run([path], { isTTY: true })).out).toContain('\x1b[');
  const environment = { NO_COLOR: '1' };
  expect((await run([path], { isTTY: true, environment })).out).not.toContain('\x1b[');
});

test('--json is for machines', async () => {
  const environment = { GITEA_URL: 'https://git.example.test' };
  const { out } = await run([file(hostile), '--json', '--title', 'Other'], { environment });
  expect(JSON.parse(out)).toMatchObject({
    title: 'Other',
    reading: { outcome: 'offline' },
    estimate: { source: 'default' },
    mentions: [
      { number: 3, verdict: { kind: 'dependency', direction: 'blocked_by' } },
      {},
      {},
      {},
      {},
    ],
  });
});

test.each([
  ['nothing', [], 'Give plan a Markdown file'],
  ['an input alone', ['--input', 'a.jsonl'], 'Give plan a Markdown file'],
  ['a bad ref', ['README.md', '--ref', 'x'], 'Name an issue as'],
])('%s is a wrong use', async (_name, args, message) => {
  const { code, err } = await run(args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test.each([
  ['a missing file', () => ['/nowhere/issue.md'], 'Cannot read'],
  ['a missing input', () => ['--input', '/nowhere/a', '--output', 'b'], 'Cannot read'],
  ['an unreadable line', () => ['--input', file('{'), '--output', 'b'], ':1 is no issue'],
  ['an unwritable output', () => ['--input', file(''), '--output', '/nowhere/b'], 'Cannot write'],
])('%s fails with a sentence', async (_name, args, message) => {
  const { code, err } = await run(args());
  expect(code).toBe(1);
  expect(err).toContain(message);
});

test('a bad GITEA_URL is refused', async () => {
  const { code, err } = await run([file('')], { environment: { GITEA_URL: 'nonsense' } });
  expect(code).toBe(2);
  expect(err).toContain('GITEA_URL');
});

const gold = fileURLToPath(new URL('../fixtures/gold/', import.meta.url));
const share = z.number().nullable();
const scoreSchema = z.object({
  overall: z.object({ precision: share }),
  recallExplicit: share,
  directionErrors: z.object({ total: z.number() }),
  falseEdgesByTrap: z.record(z.string(), z.object({ falseEdges: z.number() })),
  metadata: z.record(z.string(), z.object({ accuracy: share })),
});

test('the development set is read as well as promised, offline', async () => {
  const output = join(temporaryDirectory(), 'predictions.jsonl');
  const input = join(gold, 'issues.jsonl');
  const environment = { GITEA_URL: 'https://git.example.test' };
  const { code, err } = await run(['--input', input, '--output', output], {
    environment,
    isTTY: true,
  });
  expect(code).toBe(0);
  expect(err).toContain('60/60');
  expect(readFileSync(output, 'utf8').split('\n')).toHaveLength(61);
  const scored = spawnSync(process.execPath, [join(gold, 'score.mjs'), input, output, '--json']);
  const json: unknown = JSON.parse(scored.stdout.toString());
  const score = scoreSchema.parse(json);
  expect(score.recallExplicit).toBeGreaterThanOrEqual(0.97);
  expect(score.overall.precision).toBeGreaterThanOrEqual(0.98);
  expect(score.directionErrors.total).toBe(0);
  for (const { falseEdges } of Object.values(score.falseEdgesByTrap)) expect(falseEdges).toBe(0);
  for (const { accuracy } of Object.values(score.metadata))
    expect(accuracy).toBeGreaterThanOrEqual(0.98);
});
