import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../../../src/cli/command-line.ts';
import {
  failing,
  giteaToken,
  startGitea,
  type FakeGitea,
  type GiteaIssue,
} from '../../../fake-gitea/gitea.ts';
import { answers, claudeEnvironment, emptyAnswer, startClaude } from '../../../support/claude.ts';
import { mainArguments, startChild } from '../../../support/process.ts';
import { temporaryDirectory } from '../../../support/service.ts';

const repositoryId = 70;

/** A Gitea with one repository, `acme/deck`, whose issues have these bodies by their number. */
async function deck(
  bodies: readonly (string | GiteaIssue)[],
  options: Parameters<typeof startGitea>[0] = {},
) {
  const gitea = await startGitea(options);
  const issues = bodies.map((given, index): [number, GiteaIssue] => [
    index + 1,
    {
      ...{ title: `Part ${index + 1}`, open: true, labels: [], assignees: [] },
      ...(typeof given === 'string' ? { body: given } : given),
    },
  ]);
  gitea.repositories.set(repositoryId, { name: 'acme/deck', issues: new Map(issues) });
  return gitea;
}

interface Surroundings {
  readonly environment?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

async function run(
  gitea: Pick<FakeGitea, 'url'>,
  args: readonly string[] = [],
  { environment = {}, isTTY = false, columns = 100, signal }: Surroundings = {},
) {
  let out = '';
  let err = '';
  const code = await runCommandLine(['plan', '--repo', 'acme/deck', ...args], {
    stdout: { write: (text) => (out += text), isTTY: false, columns },
    stderr: { write: (text) => (err += text), isTTY, columns },
    environment: () => ({ GITEA_URL: gitea.url, GITEA_TOKEN: giteaToken, ...environment }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { code, out, err };
}

const jsonSchema = z.looseObject({
  issues: z.array(
    z.looseObject({
      ref: z.string(),
      state: z.string(),
      reason: z.object({ code: z.string(), text: z.string() }),
      waitsFor: z.array(z.string()),
      place: z.number().nullable(),
      step: z.number().nullable(),
    }),
  ),
  edges: z.array(
    z.object({
      ...{ blocked: z.string(), blocker: z.string(), source: z.string(), evidence: z.string() },
      ...{ state: z.string(), holds: z.boolean() },
    }),
  ),
  circles: z.array(z.array(z.string())),
  order: z.array(z.string()),
  totals: z.looseObject({ issues: z.number(), open: z.number(), canStart: z.number() }),
  cut: z.boolean(),
});

async function json(gitea: FakeGitea, args: readonly string[] = [], given: Surroundings = {}) {
  const { code, out, err } = await run(gitea, ['--json', ...args], given);
  expect(code, err).toBe(0);
  return jsonSchema.parse(JSON.parse(out));
}

/** `#2<#1`: 2 waits for 1. */
function pairs(edges: z.infer<typeof jsonSchema>['edges']): string[] {
  return edges
    .map(({ blocked, blocker }) => `${blocked}<${blocker}`.replaceAll('acme/deck', ''))
    .toSorted();
}

const total = (tokens: string) => `Total estimated: ${tokens} tokens\n`;

test('a backlog is a table in the order of work, with edges, cycles and totals', async () => {
  const gitea = await deck([
    total('46,800'),
    `${total('12,000')}Difficulty: low\n\nBlocked by: #1, #3`,
    total('20,000'),
    'Blocked by: #5',
    'Blocked by: #4',
    'Depends on #5.',
  ]);
  const { code, out, err } = await run(gitea);
  expect({ code, err }).toEqual({
    code: 0,
    err: 'Read 6 issues offline.\nGitea was called 9 times; nothing was written.\n',
  });
  expect(out).toMatchInlineSnapshot(`
    "Order  Issue  Title   Context  Difficulty  Agent   Waits for
    1      #1     Part 1  46,800   unknown     sonnet
    2      #3     Part 3  20,000   unknown     sonnet
    3      #2     Part 2  12,000   low         haiku   #1 #3
    -      #4     Part 4  40,000   unknown     sonnet  (cycle) #5
    -      #5     Part 5  40,000   unknown     sonnet  (cycle) #4
    -      #6     Part 6  40,000   unknown     sonnet  #5

    Edges (5)
      #2 waits for #1  declared  "Blocked by: #1, #3"
      #2 waits for #3  declared  "Blocked by: #1, #3"
      #4 waits for #5  declared  "Blocked by: #5"
      #5 waits for #4  declared  "Blocked by: #4"
      #6 waits for #5  declared  "Depends on #5"

    Cycles (1)
      #4 waits for #5 waits for #4

    6 open issues: 198,800 tokens (122,600 to 342,440), 5 edges.
    2 may start at once; the longest chain has 2 issues.
    1 cycle with 2 issues: 3 of the open issues can never start until it is broken.
    "
  `);
  expect(gitea.requests).toHaveLength(9);
  expect(gitea.writes).toEqual([]);
});

test('the order keeps to the edges, and else to the rules of the queue', async () => {
  const gitea = await deck([
    'Nothing.',
    'Blocked by: #6',
    { body: 'Nothing.', labels: ['priority/high'] },
    { body: 'Blocked by: #2', labels: ['priority/high'] },
    { body: 'Nothing.', labels: ['priority/low'] },
    'Nothing.',
  ]);
  const { order, issues, totals } = await json(gitea);
  expect(order.map((ref) => ref.split('#')[1])).toEqual(['3', '6', '2', '4', '1', '5']);
  expect(new Map(issues.map(({ ref, step }) => [ref.split('#')[1], step])).get('4')).toBe(3);
  expect(totals.canStart).toBe(4);
});

test('pull requests are no issues, but may be waited for; so may what is closed or missing', async () => {
  const gitea = await deck([
    { body: '', isPull: true },
    { body: '', isPull: true, open: false, merged: false },
    { body: '', open: false },
    'Blocked by: #1',
    'Blocked by: #2',
    'Blocked by: #3',
    'Blocked by: #99',
  ]);
  const { issues, edges } = await json(gitea);
  expect(issues.map(({ ref, reason }) => `${ref.split('#')[1] ?? ''} ${reason.code}`)).toEqual([
    '4 open_blockers',
    '5 blocker_not_merged',
    '6 ready',
    '7 unknown_blockers',
  ]);
  expect(edges.map(({ state, holds }) => [state, holds])).toEqual([
    ['open', true],
    ['not_merged', true],
    ['closed', false],
    ['unknown', true],
  ]);
  // Gitea names repositories by their id to nobody without a token.
  expect(gitea.requests.filter((path) => path.includes('/repositories/'))).toEqual([]);
});

test('what is set on Gitea counts, before the text', async () => {
  const gitea = await deck(['Blocked by: #2', 'Nothing.', 'Nothing.']);
  gitea.as('maria').addDependency('acme/deck#2', 'acme/deck#1');
  gitea.as('maria').addDependency('acme/deck#3', 'acme/deck#2');
  const { edges, circles } = await json(gitea);
  expect(pairs(edges)).toEqual(['#2<#1', '#3<#2']);
  expect(edges.map(({ source }) => source)).toEqual(['gitea', 'gitea']);
  expect(circles).toEqual([]);
});

test('without dependencies on Gitea nobody asks for them', async () => {
  const gitea = await deck(['Nothing.', 'Blocked by: #1']);
  const repository = gitea.repositories.get(repositoryId);
  if (repository !== undefined) repository.dependenciesOff = true;
  expect(pairs((await json(gitea)).edges)).toEqual(['#2<#1']);
  expect(gitea.requests.filter((path) => path.includes('dependencies'))).toEqual([]);
});

test('codes name the listed issues, a parent does not block its parts, a label holds', async () => {
  const gitea = await deck([
    { title: '[DECK-001] First', body: 'Nothing.' },
    'Blocked by: DECK-001',
    'Part of #4. Blocked by: #4',
    { body: 'Nothing.', labels: ['blocked'] },
  ]);
  const { edges, issues } = await json(gitea);
  expect(pairs(edges.filter(({ holds }) => holds))).toEqual(['#2<#1']);
  expect(pairs(edges)).toEqual(['#2<#1', '#3<#4']);
  const reasons = issues.map(({ ref, reason }) => `${ref.split('#')[1] ?? ''} ${reason.code}`);
  expect(reasons.toSorted()).toEqual(['1 ready', '2 open_blockers', '3 ready', '4 held_by_label']);
});

test('--state and --assignee choose the issues', async () => {
  const gitea = await deck([
    { body: '', assignees: ['maria'] },
    { body: '', assignees: ['tom'] },
    { body: '', assignees: ['maria'], open: false },
  ]);
  const refs = async (...args: string[]) =>
    (await json(gitea, args)).issues.map(({ ref }) => ref.split('#')[1]);
  expect(await refs()).toEqual(['1', '2']);
  expect(await refs('--assignee', 'maria')).toEqual(['1']);
  expect(await refs('--assignee', 'Maria', '--state', 'all')).toEqual(['1', '3']);
  expect(await refs('--state', 'closed')).toEqual(['3']);
});

test('a renamed repository is read under its present name', async () => {
  const gitea = await deck(['Nothing.', 'Blocked by: acme/deck#1']);
  gitea.rename('acme/deck', 'acme/bridge');
  const { issues, edges } = await json(gitea);
  expect(issues.map(({ ref }) => ref)).toEqual(['acme/bridge#1', 'acme/bridge#2']);
  expect(edges).toMatchObject([{ blocked: 'acme/bridge#2', blocker: 'acme/bridge#1' }]);
});

test('all pages are read, also those of a server that gives few rows, up to 2,000 issues', async () => {
  const few = await deck(
    Array.from({ length: 23 }, () => 'Nothing.'),
    { maxRows: 5 },
  );
  expect((await json(few)).totals.issues).toBe(23);
  const many = await deck(Array.from({ length: 2_030 }, () => 'Nothing.'));
  const repository = many.repositories.get(repositoryId);
  if (repository !== undefined) repository.dependenciesOff = true;
  const { totals, cut, issues } = await json(many);
  expect({ ...totals, cut }).toMatchObject({ issues: 2_000, cut: true });
  expect(issues[0]?.ref).toBe('acme/deck#31');
});

const hostileTitles = [
  { title: 'Say "hi" \\ <b>&amp; [x] `y` ; #quot; end', body: 'Nothing.' },
  { title: '日本語 %%{init}%% --> z', body: 'Blocked by: #1' },
  { title: 'Cycle\u001b[31m', body: 'Blocked by: #2. Blocks: #1, other/place#7' },
];

test('the graph as Mermaid: titles are escaped, cycles are red', async () => {
  const gitea = await deck(hostileTitles);
  const { out } = await run(gitea, ['--mermaid']);
  expect(out).toMatchInlineSnapshot(`
    "flowchart LR
      i1["#35;1 Say #34;hi#34; #92; #60;b#62;#38;amp#59; #91;x#93; #96;y#96; #59; #35;quot#59; end"]
      i2["#35;2 日本語 #37;#37;#123;init#125;#37;#37; #45;#45;#62; z"]
      i3["#35;3 Cycle"]
      x3["other#47;place#35;7"]
      i1 --> i2
      i2 --> i3
      i3 --> i1
      i3 --> x3
      linkStyle 0,1,2 stroke:red
      linkStyle 3 stroke-width:4px
      classDef circle stroke:red,color:red
      class i1,i2,i3 circle
      classDef critical stroke-width:4px
      class i3,x3 critical
    "
  `);
});

test('the graph for Graphviz', async () => {
  const gitea = await deck(hostileTitles);
  const { out } = await run(gitea, ['--dot']);
  expect(out).toMatchInlineSnapshot(`
    "digraph backlog {
      rankdir=LR;
      node [shape=box];
      i1 [label="#1 Say \\"hi\\" \\\\ <b>&amp;amp; [x] \`y\` ; #quot; end" color=red];
      i2 [label="#2 日本語 %%{init}%% --> z" color=red];
      i3 [label="#3 Cycle" color=red penwidth=3];
      x3 [label="other/place#7" penwidth=3];
      i1 -> i2 [color=red];
      i2 -> i3 [color=red];
      i3 -> i1 [color=red];
      i3 -> x3 [penwidth=3];
    }
    "
  `);
});

test('titles cannot control the terminal', async () => {
  const gitea = await deck(hostileTitles);
  const { out } = await run(gitea);
  expect(out).not.toContain('\u001b');
});

test.each([80, 100, 160])('no row of the table is wider than %i columns', async (columns) => {
  const title = 'A title that is much longer than any terminal is wide '.repeat(4);
  const others = Array.from({ length: 12 }, (_, index) => `#${index + 2}`).join(', ');
  const gitea = await deck([
    { title, body: `Blocked by: ${others}` },
    ...Array.from({ length: 12 }, () => 'Nothing.'),
  ]);
  const { out } = await run(gitea, [], { columns });
  const rows = out.slice(0, out.indexOf('\n\n')).split('\n');
  expect(rows.length).toBeGreaterThan(13);
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
});

test('an empty backlog is no error', async () => {
  const { code, out } = await run(await deck([]));
  expect(code).toBe(0);
  expect(out).toContain('0 open issues: 0 tokens');
});

test.each([
  ['a title', ['--title', 'x'], 'plan --repo reads from Gitea'],
  ['a file', ['issue.md'], 'plan --repo reads from Gitea'],
  ['two forms', ['--json', '--dot'], 'Use one of --json, --mermaid and --dot'],
  ['a bad state', ['--state', 'new'], '--state must be open, closed or all'],
])('%s is a wrong use', async (_name, args, message) => {
  const { code, err } = await run({ url: 'http://127.0.0.1:1' }, args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test('options of a backlog need --repo', async () => {
  let err = '';
  const code = await runCommandLine(['plan', 'x.md', '--dot'], {
    stdout: { write: () => true },
    stderr: { write: (text) => (err += text) },
    environment: () => ({}),
  });
  expect({ code, err }).toEqual({ code: 2, err: 'mosaic-coordinator: --dot needs --repo.\n' });
});

test('without GITEA_URL it says so', async () => {
  const { code, err } = await run({ url: '' });
  expect(code).toBe(2);
  expect(err).toContain('GITEA_URL');
});

test('errors are one sentence with the cure', async () => {
  const gitea = await deck(['Nothing.']);
  const said = async (args: readonly string[], given: Surroundings = {}) => {
    const { code, out, err } = await run(gitea, args, given);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    return err.replaceAll(gitea.url, 'URL');
  };
  expect(await said(['--repo', 'acme/nothing'])).toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea at URL shows no repository acme/nothing. Correct --repo, or let the user of GITEA_TOKEN read it.
    "
  `);
  expect(await said(['--assignee', 'nobody'])).toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea knows nobody named nobody: correct --assignee, which is a login.
    "
  `);
  expect(await said([], { environment: { GITEA_TOKEN: 'wrong-token-of-nobody' } }))
    .toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea refused the token (401): check GITEA_TOKEN, its scopes and what its user may do. Reading needs the scopes read:issue and read:repository.
    "
  `);
  expect(await said([], { environment: { GITEA_TOKEN: '' } })).toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea at URL shows nothing without a token: set GITEA_TOKEN, with the scopes read:issue and read:repository.
    "
  `);
  const repository = gitea.repositories.get(repositoryId);
  if (repository !== undefined) repository.hasIssues = false;
  expect(await said([])).toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea does not show the issues of acme/deck: switch them on in its settings, or use a token of somebody who may read them.
    "
  `);
  gitea.breakWith(failing(502));
  expect(await said([])).toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea answered with status 502. The URL is URL. Run it again later; if it stays, read the log of Gitea, or of the proxy in front of it.
    "
  `);
  await gitea.stop();
  expect(await said([])).toMatchInlineSnapshot(`
    "mosaic-coordinator: Gitea cannot be reached. The URL is URL (ECONNREFUSED). Start Gitea, or correct GITEA_URL to an address that this machine can reach. Inside a container, localhost is the container itself.
    "
  `);
});

test('a call that fails once is made again', async () => {
  const gitea = await deck(['Nothing.', 'Blocked by: #1']);
  let failures = 0;
  gitea.breakWith(
    failing(503),
    (_method, path) => path.includes('dependencies') && failures++ === 0,
  );
  expect(pairs((await json(gitea)).edges)).toEqual(['#2<#1']);
  expect(failures).toBeGreaterThan(1);
});

test('progress is one line on a terminal, and nothing elsewhere', async () => {
  const gitea = await deck(['Nothing.', 'Nothing.']);
  const { err } = await run(gitea, [], { isTTY: true });
  expect(err).toContain('2/2');
  expect(err).toContain('\r\x1b[KRead 2 issues offline.');
});

/** Finds an edge that the grammar does not. */
const readsOne = answers({
  ...emptyAnswer,
  estimated_difficulty: 'high',
  relations: [{ ref: '#1', relation: 'blocked_by', sentences: [2] }],
});

test('answers of Claude are kept in a private folder: only what changed is asked again', async () => {
  const claude = await startClaude(readsOne);
  const gitea = await deck(['Nothing.', 'Nothing to draw before #1 exists.', 'Nothing else.']);
  const cache = join(temporaryDirectory(), 'a', 'cache');
  const environment = claudeEnvironment(claude.url);
  const first = await run(gitea, ['--json', '--cache', cache], { environment });
  // One for each text, and the second opinion about what only Claude says.
  expect(first.err).toContain('4 calls');
  expect(claude.calls).toHaveLength(4);
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(cache)) expect(statSync(join(cache, file)).mode & 0o077).toBe(0);
  const edges = jsonSchema.parse(JSON.parse(first.out)).edges;
  expect(edges).toMatchObject([
    { blocked: 'acme/deck#2', blocker: 'acme/deck#1', source: 'model' },
  ]);

  gitea.as('maria').editIssue('acme/deck#3', { body: 'Something else.' });
  const second = await run(gitea, ['--json', '--cache', cache], { environment });
  expect(claude.calls).toHaveLength(5);
  expect(second.err).toContain('3 answers of Claude were kept from before.');
  expect(second.out).toBe(first.out);
});

test('what only Claude says is marked; what it only proposes blocks nothing', async () => {
  const claude = await startClaude(
    answers({
      ...emptyAnswer,
      relations: [
        { ref: '#1', relation: 'blocked_by', sentences: [2] },
        { ref: '#3', relation: 'blocks', sentences: [3] },
      ],
    }),
  );
  const body = 'Nothing to draw before #1 exists. Once it is drawn, #3 has something to show.';
  const gitea = await deck(['Nothing.', body, 'Nothing else.']);
  const environment = claudeEnvironment(claude.url);
  const { out } = await run(gitea, ['--cache', temporaryDirectory()], { environment });
  expect(claude.calls.some((call) => call.messages[0]?.content.includes('Part 3'))).toBe(true);
  expect(out).toMatchInlineSnapshot(`
    "Order  Issue  Title   Context  Difficulty  Agent   Waits for
    1      #1     Part 1  40,000   unknown     sonnet
    2      #2     Part 2  40,000   unknown     sonnet  #1*
    3      #3     Part 3  40,000   unknown     sonnet

    Edges (2)
      #2 waits for #1  model  "Nothing to draw before #1 exists."
      #3 waits for #2 (proposed, blocks nothing)  model  "Once it is drawn, #3 has something to show."

    3 open issues: 120,000 tokens (60,000 to 240,000), 1 edge.
    2 may start at once; the longest chain has 2 issues.
    * Only Claude reads that, in the words beside the edge. To end it, write "Not blocked by #NUMBER".
    "
  `);
  gitea.as('maria').editIssue('acme/deck#3', { body: 'Related to #2.' });
  const denied = await run(gitea, ['--cache', temporaryDirectory()], { environment });
  expect(denied.out).toContain('Edges (1)');
  expect(denied.out).not.toContain('proposed');
});

test('the answers are kept below XDG_CACHE_HOME, and offline nothing is kept', async () => {
  const claude = await startClaude(readsOne);
  const gitea = await deck(['Nothing.']);
  const XDG_CACHE_HOME = temporaryDirectory();
  await run(gitea, [], { environment: { XDG_CACHE_HOME } });
  expect(readdirSync(XDG_CACHE_HOME)).toEqual([]);
  await run(gitea, [], { environment: { ...claudeEnvironment(claude.url), XDG_CACHE_HOME } });
  expect(readdirSync(join(XDG_CACHE_HOME, 'mosaic-coordinator', 'plan'))).toContain('answers.db');
});

test('a folder that cannot hold the answers is named, with the cure', async () => {
  const gitea = await deck(['Nothing.']);
  const environment = claudeEnvironment('http://127.0.0.1:1');
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  const used = await run(gitea, ['--cache', join(directory, 'file')], { environment });
  expect(used.code).toBe(1);
  expect(used.err).toContain('Name another folder with --cache');
  const foreign = join(directory, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'answers.db'), 'no database at all, but long enough to be looked at');
  const damaged = await run(gitea, ['--cache', foreign], { environment });
  expect(damaged.code).toBe(1);
  expect(damaged.err).toContain('Name another folder with --cache');
  expect(damaged.err).not.toContain('backup');
});

test('Ctrl-C ends it within a second, says what was read, and keeps the answers', async () => {
  const allWait = Promise.withResolvers<undefined>();
  const claude = await startClaude((call, response) => {
    if (claude.calls.length <= 4) readsOne(call, response);
    else if (claude.calls.length === 8) allWait.resolve(undefined);
  });
  const gitea = await deck(Array.from({ length: 12 }, (_, index) => `Text ${index}.`));
  const cache = join(temporaryDirectory(), 'cache');
  const environment = {
    ...claudeEnvironment(claude.url),
    ...{ GITEA_URL: gitea.url, GITEA_TOKEN: giteaToken },
  };
  const child = startChild({
    args: [...mainArguments, 'plan', '--repo', 'acme/deck', '--cache', cache],
    environment,
    directory: temporaryDirectory(),
  });
  await allWait.promise;
  const before = performance.now();
  expect(await child.kill('SIGINT')).toEqual({ code: 1, signal: null });
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(child.output.stderr).toBe(
    'mosaic-coordinator: Stopped: 12 issues were listed and 4 of them read. The answers of Claude are kept: run it again to go on.\n',
  );
  claude.answerWith(readsOne);
  const { err } = await run(gitea, ['--cache', cache], { environment });
  expect(err).toContain('8 calls');
});
