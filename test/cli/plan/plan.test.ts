import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import {
  answers,
  claudeEnvironment,
  emptyAnswer,
  fails,
  startClaude,
} from '../../support/claude.ts';
import { mainArguments, startChild } from '../../support/process.ts';
import { recording } from '../../support/recordings.ts';
import { temporaryDirectory } from '../../support/service.ts';

interface Surroundings {
  readonly environment?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

async function run(
  args: readonly string[],
  { environment = {}, isTTY = false, columns = 120 }: Surroundings = {},
) {
  let out = '';
  let err = '';
  const code = await runCommandLine(['plan', ...args], {
    stdout: { write: (text) => (out += text), isTTY, columns },
    stderr: { write: (text) => (err += text), isTTY, columns },
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
    "Read by      the grammar  offline, Claude is not asked
    Context      68,900 tokens (55,000 to 89,570)  declared: "Total estimated: 68,900 tokens"
    Difficulty   medium  declared: "Difficulty … medium"
    Recommended  sonnet  declared: "Recommended agent: sonnet"
    Factors      files 3, complexity medium, tests medium, docs light  declared
    Agent        sonnet  The text recommends sonnet, and it fits.

    Waits for
      #1         declared  "Blocked by: #1 (COORD-001), #2 (COORD-002)"
      #2         declared  "Blocked by: #1 (COORD-001), #2 (COORD-002)"

    Blocks
      #7         declared  "Blocks: #7 (COORD-007)"
    "
  `);
});

test('every reference comes with its verdict', async () => {
  const environment = { GITEA_URL: 'https://git.example.test' };
  const { out } = await run([file(hostile)], { environment });
  expect(out).toMatchInlineSnapshot(`
    "Storage

    Read by      the grammar  offline, Claude is not asked
    Context      40,000 tokens (20,000 to 80,000)  default
    Difficulty   unknown  default
    Recommended  nobody  default
    Factors      none  default
    Agent        sonnet  Nobody says how hard it is: sonnet is in the middle of those that fit, by cost.

    Waits for
      #3         declared  "Blocked by #3 and https://git.example.test/acme/lib/issues/4"
      acme/lib#4 declared  "Blocked by #3 and https://git.example.test/acme/lib/issues/4"

    Also named
      #5         was a dependency, is met  "depends on #5"
      #6         no dependency: negated  "blocked by #6"
      #7         undecided  "Nothing to draw before #7 exists."
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

test('a narrow terminal gets short lines, broken between words', async () => {
  const environment = { NO_COLOR: '1' };
  const { out } = await run([file(hostile)], { environment, isTTY: true, columns: 60 });
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  expect(out).toMatchInlineSnapshot(`
    "Storage

    Read by      the grammar  offline, Claude is not asked
    Context      40,000 tokens (20,000 to 80,000)  default
    Difficulty   unknown  default
    Recommended  nobody  default
    Factors      none  default
    Agent        sonnet
                 Nobody says how hard it is: sonnet is in the
                 middle of those that fit, by cost.

    Waits for
      #3         declared
                 "Blocked by #3 and
                 https://git.example.test/acme/lib/issues/4"

    Also named
      #4         no dependency: foreign url
                 "Blocked by #3 and
                 https://git.example.test/acme/lib/issues/4"
      #5         was a dependency, is met  "depends on #5"
      #6         no dependency: negated  "blocked by #6"
      #7         undecided  "Nothing to draw before #7 exists."

    Warnings
      The text waits for something outside this Gitea: nobody
      looks whether it is done, so a person has to decide.
      (outside_dependencies)
    "
  `);
});

test('a terminal that does not tell its width counts as a usual one', async () => {
  const environment = { NO_COLOR: '1' };
  const told = await run([file(hostile)], { environment, isTTY: true, columns: 80 });
  expect(await run([file(hostile)], { environment, isTTY: true, columns: 0 })).toEqual(told);
});

test('a long name stands above what is said of it', async () => {
  const name = 'an-organisation/a-very-long-name-of-a-repository#123';
  const environment = { NO_COLOR: '1' };
  const { out } = await run([file(`Blocked by ${name}`)], {
    environment,
    isTTY: true,
    columns: 60,
  });
  expect(out).toContain(`\n  ${name}\n             declared\n             "Blocked by\n`);
});

test('what is said twice of an issue is shown once', async () => {
  const { out } = await run([file('See #5.\n\nSee #5.\n\nRelated to #5.')]);
  expect(out.match(/#5 /g)).toHaveLength(2);
});

/** Runs a line of the shell in which `$0` is the command. */
function shell(line: string) {
  const path = join(temporaryDirectory(), 'plan');
  const command = [process.execPath, ...mainArguments].map((part) => `'${part}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${command} plan "$@"\n`, { mode: 0o700 });
  return startChild({
    command: 'sh',
    args: ['-c', line, path],
    environment: {},
    directory: temporaryDirectory(),
  });
}

test('standard input may come in pieces, and late', async () => {
  const child = shell('{ echo "# Late"; "$0" --help >&2; echo "Blocked by #3"; } | "$0" -');
  expect(await child.exit()).toEqual({ code: 0, signal: null });
  expect(child.output.stdout).toMatch(/^Late\n[^]*#3 +declared {2}"Blocked by #3"\n$/);
});

test('a reader of the output that has seen enough is no error', async () => {
  const path = file('Blocked by #12 and more.\n'.repeat(2_000));
  const child = shell(`"$0" '${path}' --json | head -c 1`);
  expect(await child.exit()).toEqual({ code: 0, signal: null });
  expect(child.output).toEqual({ stdout: '{', stderr: '' });
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

test('--json marks what only Claude reads as the API does, with the line that ends it', async () => {
  const claude = await startClaude(
    answers({
      ...emptyAnswer,
      relations: [
        { ref: '#7', relation: 'blocked_by', sentences: [2] },
        { ref: 'acme/lib#8', relation: 'blocks', sentences: [3] },
        { ref: '#6', relation: 'neither', sentences: [] },
      ],
    }),
  );
  const text = file(
    [
      '# Canvas',
      'Nothing to draw before #7 exists.',
      'Once we are through, acme/lib#8 can go.',
      'We are blocked by #6 here.',
      '',
      'Blocked by: #5',
    ].join('\n\n'),
  );
  const environment = claudeEnvironment(claude.url);
  const printed = async (...args: readonly string[]) => {
    const { out } = await run([text, '--json', ...args], { environment });
    return z
      .object({ blockedBy: z.unknown(), blocks: z.unknown(), proposals: z.unknown() })
      .parse(JSON.parse(out));
  };
  const expected = (own: string, repository: string) => ({
    blockedBy: [
      { ref: `${repository}#5`, source: 'declared', evidence: 'Blocked by: #5' },
      {
        ...{ ref: `${repository}#7`, source: 'model' },
        evidence: 'Nothing to draw before #7 exists.',
        removeWith: 'Not blocked by #7',
      },
    ],
    blocks: [],
    proposals: [
      {
        ...{ ref: `${repository}#6`, direction: 'blocked_by', standing: 'disputed' },
        ...{ evidence: 'blocked by #6', readIn: own },
        confirm: { issue: own, line: 'Blocked by: #6' },
      },
      {
        ...{ ref: 'acme/lib#8', direction: 'blocks', standing: 'proposed' },
        ...{ evidence: 'Once we are through, acme/lib#8 can go.', readIn: own },
        confirm: { issue: 'acme/lib#8', line: `Blocked by: ${own}` },
      },
    ],
  });
  expect(await printed('--ref', 'acme/orbit#9')).toEqual(expected('acme/orbit#9', 'acme/orbit'));
  // A text that is of no issue yet.
  expect(await printed()).toEqual(expected('#NUMBER', ''));
});

test.each([
  ['nothing', [], 'plan needs a Markdown file'],
  ['an input alone', ['--input', 'a.jsonl'], 'plan needs a Markdown file'],
  ['a bad ref', ['README.md', '--ref', 'x'], 'Name an issue as'],
  [
    'an option of one text',
    ['--input', 'a', '--output', 'b', '--json'],
    'cannot be used with --input',
  ],
  ['one file for both', ['--input', 'a', '--output', './a'], 'would overwrite --input'],
])('%s is a wrong use', async (_name, args, message) => {
  const { code, err } = await run(args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test.each([
  [
    'a missing file',
    () => ['/nowhere/issue.md'],
    'Cannot read /nowhere/issue.md: no such file or directory.',
  ],
  ['a folder', () => ['/'], 'Cannot read /: illegal operation on a directory.'],
  ['a binary file', () => [file('\x00\x01')], 'issue.md: it is not UTF-8 text.'],
  ['a missing input', () => ['--input', '/nowhere/a', '--output', 'b'], 'Cannot read'],
  ['an unreadable line', () => ['--input', file('{'), '--output', 'b'], ':1 is not an issue'],
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

/** Answers what the text leaves open, with a quote for its one undecided reference. */
const readsAll = answers({
  ...emptyAnswer,
  estimated_context_tokens: 30_000,
  estimated_difficulty: 'high',
  docs: 'light',
  relations: [{ ref: '#7', relation: 'blocked_by', sentences: [5] }],
});

test('with a key Claude is asked, and what it adds is shown as of the model', async () => {
  const claude = await startClaude(readsAll);
  const environment = { ...claudeEnvironment(claude.url), ISSUE_READER: '' };
  const { out, err } = await run([file(hostile)], { environment });
  expect(err).toBe('');
  expect(out).toMatchInlineSnapshot(`
    "Storage

    Read by      the grammar and claude-sonnet-5-5  complete
    Context      30,000 tokens (24,000 to 68,900)  model
    Difficulty   high  model
    Recommended  nobody  default
    Factors      docs light  model: docs
    Agent        opus  opus is the cheapest agent that fits high difficulty and 30,000 tokens.

    Waits for
      #3         declared  "Blocked by #3 and https://git.example.test/acme/lib/issues/4"
      #7         model  "Nothing to draw before #7 exists.". Only Claude reads that. To end it, write "Not blocked by #7"

    Also named
      #4         no dependency: foreign url  "Blocked by #3 and https://git.example.test/acme/lib/issues/4"
      #5         was a dependency, is met  "depends on #5"
      #6         no dependency: negated  "blocked by #6"

    Warnings
      The text waits for something outside this Gitea: nobody looks whether it is done, so a person has to decide. (outside_dependencies)
    "
  `);
});

test('on a terminal it is told that Claude is asked, until the answer is there', async () => {
  const claude = await startClaude(readsAll);
  const environment = { ...claudeEnvironment(claude.url), NO_COLOR: '1' };
  const { err } = await run([file(hostile)], { environment, isTTY: true });
  expect(err).toBe('Asking claude-sonnet-5-5 ...\r\x1b[K');
});

test('without Claude the plan of the text alone is shown, with the reason', async () => {
  const claude = await startClaude(fails(401));
  const { code, out } = await run([file(hostile)], { environment: claudeEnvironment(claude.url) });
  expect(code).toBe(0);
  expect(out).toContain('fallback: Claude refused the key: check ANTHROPIC_API_KEY.');
  expect(out).toContain('Read without Claude: Claude refused the key');
  expect(out).not.toContain('again later');
});

test('ISSUE_READER=claude without a key is refused with the cure', async () => {
  const { code, out, err } = await run([file('')], { environment: { ISSUE_READER: 'claude' } });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('ANTHROPIC_API_KEY is required unless ISSUE_READER is offline');
});

/** Lines of a batch: issues that wait for an issue which the tracker does not hold, and one that it does. */
function batch(count: number): string {
  const numbers = Array.from({ length: count }, (_, index) => index + 100);
  const lines = numbers.map((number) =>
    JSON.stringify({
      id: `i-${number}`,
      repository: 'acme/orbit',
      number,
      title: 'Storage',
      body: 'Nothing to draw before #7 exists. Nothing to see before #8 exists.',
      knownIssues: [{ ref: 'acme/orbit#7', title: 'Canvas' }],
    }),
  );
  return file(lines.join('\n'), 'issues.jsonl');
}

const readsBoth = answers({
  ...emptyAnswer,
  estimated_difficulty: 'high',
  relations: [
    { ref: '#7', relation: 'blocked_by', sentences: [2] },
    { ref: '#8', relation: 'blocked_by', sentences: [3] },
  ],
});

test('a batch asks Claude about each issue, in the bounds of its tracker', async () => {
  const claude = await startClaude(readsBoth);
  const output = join(temporaryDirectory(), 'predictions.jsonl');
  const environment = claudeEnvironment(claude.url);
  const { err } = await run(['--input', batch(6), '--output', output], { environment });
  expect(err).toBe(
    'Read 6 issues with claude-sonnet-5-5: 12 calls, 14,400 tokens in, 960 out, $0.0576.\n',
  );
  const predictions = readFileSync(output, 'utf8').trim().split('\n');
  expect(predictions.map((line): unknown => JSON.parse(line))).toEqual(
    [100, 101, 102, 103, 104, 105].map((number) => ({
      id: `i-${number}`,
      blockedBy: ['acme/orbit#7'],
      blocks: [],
      difficulty: 'high',
      estimatedContext: null,
      assignedAgent: null,
      factors: null,
    })),
  );
});

test.skipIf(!existsSync('/dev/full'))('a full disk ends a batch with a sentence', async () => {
  const { code, err } = await run(['--input', batch(12), '--output', '/dev/full']);
  expect(code).toBe(1);
  expect(err).toBe('mosaic-coordinator: Cannot write /dev/full: no space left on device.\n');
});

test('a batch tells which issues were read without Claude, and why', async () => {
  const claude = await startClaude(fails(401));
  const output = join(temporaryDirectory(), 'predictions.jsonl');
  const environment = claudeEnvironment(claude.url);
  const { code, err } = await run(['--input', batch(12), '--output', output], { environment });
  expect(code).toBe(0);
  expect(err).toMatch(/Warning: 12 issues were read without Claude:\n {2}Claude refused the key/);
  expect(err).toMatch(/\(12: i-\d{3}(, i-\d{3}){9}, \.\.\.\)\n$/);
  expect(readFileSync(output, 'utf8').trim().split('\n')).toHaveLength(12);
});

function idOf(line: string): string {
  return z.object({ id: z.string() }).parse(JSON.parse(line)).id;
}

test('Ctrl-C ends a batch at once, and keeps what is there', async () => {
  const allWait = Promise.withResolvers<undefined>();
  const claude = await startClaude((call, response) => {
    if (claude.calls.length <= 4) readsBoth(call, response);
    else if (claude.calls.length === 8) allWait.resolve(undefined);
  });
  const output = join(temporaryDirectory(), 'predictions.jsonl');
  const child = startChild({
    args: [...mainArguments, 'plan', '--input', batch(12), '--output', output],
    environment: { ...claudeEnvironment(claude.url), SECOND_OPINION: 'off' },
    directory: temporaryDirectory(),
  });
  await allWait.promise;
  expect(await child.kill('SIGINT')).toEqual({ code: null, signal: 'SIGINT' });
  const ids = readFileSync(output, 'utf8').trim().split('\n').map(idOf);
  expect(ids).toEqual(['i-100', 'i-101', 'i-102', 'i-103']);
});

const gold = fileURLToPath(new URL('../../fixtures/gold/', import.meta.url));
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
