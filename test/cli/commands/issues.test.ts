import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import {
  issuePayload,
  recording,
  signedRequest,
  type PayloadChanges,
} from '../../support/recordings.ts';
import { startService, temporaryDirectory, testEnvironment } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';
import { call } from '../../support/workers.ts';

/** Runs one command line in this process on the database in `directory`. */
async function run(directory: string, ...args: string[]) {
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    environment: () => testEnvironment(directory),
  });
  return { code, out, err };
}

/** A service that has handled the recorded template issue and those it is about. */
async function startStory() {
  const service = await startService();
  await service.send(recording('issues-assigned-bot'));
  const tell = async (changes: PayloadChanges) => {
    await service.send(signedRequest(issuePayload({ open: true, labels: null, ...changes })));
    await service.idle();
  };
  await tell({ number: 1, title: 'Store first', body: 'Total estimated: 20k' });
  return { ...service, tell };
}

test('plans are listed in a table beside the running service', async () => {
  const { directory } = await startStory();
  const { code, out, err } = await run(directory, 'issues');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatchInlineSnapshot(`
    "┌──────────────┬──────────────────────────────────────────────┬─────────┬────────┬────────┬──────────────────────────────────────────┐
    │ Issue        │ Title                                        │ State   │ Tokens │ Agent  │ Why                                      │
    ├──────────────┼──────────────────────────────────────────────┼─────────┼────────┼────────┼──────────────────────────────────────────┤
    │ acme/orbit#5 │ [COORD-005] Persist deliveries before ackno… │ blocked │ 68,900 │ sonnet │ Waits for acme/orbit#1, which is open.   │
    │ acme/orbit#1 │ Store first                                  │ ready   │ 20,000 │ sonnet │ Nothing is in the way: sonnet can start. │
    └──────────────┴──────────────────────────────────────────────┴─────────┴────────┴────────┴──────────────────────────────────────────┘
    "
  `);
});

test('one plan is shown with everything that led to it', async () => {
  const { directory } = await startStory();
  const { code, out } = await run(directory, 'issues', 'acme/orbit#5');
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "acme/orbit#5  [COORD-005] Persist deliveries before acknowledging
    https://git.example.test/acme/orbit/issues/5

    State       blocked: Waits for acme/orbit#1, which is open.
    Context     68,900 tokens (55,000 to 89,570), declared
    Difficulty  medium, declared
    Agent       sonnet: The text recommends sonnet, and it fits.
    Blocked by  acme/orbit#1, open (declared: "Blocked by: #1 (COORD-001), #2 (COORD-002)")
    Blocked by  acme/orbit#2, unknown (declared: "Blocked by: #1 (COORD-001), #2 (COORD-002)")
    Blocks      acme/orbit#7, unknown (declared: "Blocks: #7 (COORD-007)")
    "
  `);
  expect((await run(directory, 'issues', 'ACME/Orbit#1')).out).toContain('Store first');
});

test("an issue that is not the bot's has little to show", async () => {
  const { directory, tell } = await startStory();
  await tell({ number: 9, title: 'Somebody else', assignees: null });
  expect((await run(directory, 'issues', 'acme/orbit#9')).out).toBe(
    [
      'acme/orbit#9  Somebody else',
      'https://git.example.test/acme/orbit/issues/9',
      '',
      'State       released: Not assigned to the bot.',
      '',
    ].join('\n'),
  );
});

test('an issue no agent can take is shown without one', async () => {
  const { directory, tell } = await startStory();
  await tell({ number: 9, title: 'Too large', body: 'Difficulty: medium\nTotal estimated: 900k' });
  expect((await run(directory, 'issues', 'acme/orbit#9')).out).toContain(
    'Agent       none: No enabled agent takes 900,000 tokens at medium difficulty: split it into 2 (at most 500,000 tokens fit sonnet).',
  );
});

test('with --json a plan and a list are what the API answers', async () => {
  const { directory, api } = await startStory();
  const one = await run(directory, 'issues', 'acme/orbit#5', '--json');
  expect(JSON.parse(one.out)).toEqual((await api('/issues/acme/orbit/5')).json);
  const list = await run(directory, 'issues', '--json');
  expect(JSON.parse(list.out)).toEqual((await api('/issues')).json);
  const ready = await run(directory, 'issues', '--json', '--state', 'ready');
  expect(JSON.parse(ready.out)).toEqual((await api('/issues?state=ready')).json);
});

test('a list that is cut says so', async () => {
  const { directory } = await startStory();
  const { out } = await run(directory, 'issues', '--limit', '1');
  expect(out).toContain('There are more: use a --limit above 1.');
  expect((await run(directory, 'issues', '--limit', '2')).out).not.toContain('More follow');
});

test('plans can be read when the service is down, and an empty database says that it is empty', async () => {
  const { directory, close } = await startStory();
  await close();
  expect((await run(directory, 'issues', '--state', 'ready')).out).toContain('Store first');
  const empty = await startService();
  expect(await run(empty.directory, 'issues')).toEqual({
    code: 0,
    out: 'There are no issues.\n',
    err: '',
  });
});

test.each([
  [
    'an issue nobody has told of',
    ['acme/orbit#99'],
    1,
    'There is no issue acme/orbit#99 in the database.',
  ],
  [
    'a repository nobody has told of',
    ['acme/none#1'],
    1,
    'There is no issue acme/none#1 in the database.',
  ],
  ['no reference', ['orbit'], 2, 'Name an issue as owner/repository#number, in quotes.'],
  ['an unknown state', ['--state', 'asleep'], 2, '--state must be one of ready, blocked,'],
  [
    'a limit that is no number',
    ['--limit', 'many'],
    2,
    '--limit must be a whole number from 1 to 10000',
  ],
  ['a limit of nothing', ['--limit', '0'], 2, '--limit must be a whole number from 1 to 10000'],
  ['an unknown option', ['--colour'], 2, "unknown option '--colour'"],
  ['two references', ['a/b#1', 'a/b#2'], 2, 'too many arguments'],
])('%s ends with a sentence and its exit code', async (_name, args, code, message) => {
  const { directory } = await startService();
  const result = await run(directory, 'issues', ...args);
  expect({ code: result.code, out: result.out }).toEqual({ code, out: '' });
  expect(result.err).toContain(message);
});

test('without a database the command says where it looked', async () => {
  const directory = temporaryDirectory();
  const { code, err } = await run(directory, 'issues');
  expect(code).toBe(1);
  expect(err).toContain(`There is no database at ${directory}/coordinator.db.`);
});

test('what strangers write cannot steer the terminal', async () => {
  const { directory, tell, api } = await startStory();
  const title = 'Red \u001b[31m, \u009b2J, \u202Eback\u2028, \u{E0001}\u0007 end';
  await tell({ number: 6, title, body: 'Blocked by #1' });
  const outputs = [
    await run(directory, 'issues'),
    await run(directory, 'issues', 'acme/orbit#6'),
    await run(directory, 'issues', 'acme/orbit#6', '--json'),
  ].map(({ out }) => out);
  for (const out of outputs) {
    expect(out).toContain('Red');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  const [, , json = ''] = outputs;
  expect(JSON.parse(json)).toEqual((await api('/issues/acme/orbit/6')).json);
  expect(JSON.parse(json)).toMatchObject({ title });
});

test('a plan shows who works on it, how full the context is, and what past claims took', async () => {
  const service = await startWork({ now: Date.now, env: { LEASE_SECONDS: '3600' } });
  const { tell, held, directory } = service;
  await tell(1);
  const lines = async () => {
    const { out } = await run(directory, 'issues', 'acme/orbit#1');
    const steady = out.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
    return steady.split('\n').filter((line) => /^(Claim|Used|History|Past)/.test(line));
  };
  const first = await held('worker-1');
  expect(await lines()).toEqual([
    'Claim       worker-1 as sonnet, since <time>, lease until <time>',
    'Used        nothing reported yet',
  ]);
  for (const contextUsed of [100_000, 500_000, 850_000])
    await call(service, 'worker-1', { held: first, what: 'heartbeat', body: { contextUsed } });
  expect(await lines()).toEqual([
    'Claim       worker-1 as sonnet, since <time>, lease until <time>',
    'Used        850,000 of 1,000,000 tokens (85 %), compact',
    'History     10 %, 50 %, 85 %',
  ]);
  const body = { reason: 'Full.', handoff: 'Half way.' };
  await call(service, 'worker-1', { held: first, what: 'release', body });
  const second = await held('worker-1');
  await call(service, 'worker-1', { held: second, what: 'block', body: { reason: 'Stuck.' } });
  expect(await lines()).toEqual([
    'Past claim  worker-1 as sonnet, blocked at <time>, estimated 20,000 tokens, nothing reported',
    'Past claim  worker-1 as sonnet, released at <time>, estimated 20,000 tokens, took 850,000 (peak 850,000)',
  ]);
});
