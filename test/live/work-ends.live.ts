import { readdirSync } from 'node:fs';

import { expect } from 'vitest';

import { containing } from '../support/matching.ts';
import { claim } from '../support/workers.ts';
import { project } from '../verifier/support/repository.ts';
import { bash, claudeSceneTest, type ClaudeSceneOptions } from './support/claude-scene.ts';
import { eventually } from './support/eventually.ts';

/** How the real Claude Code ends, and what a runner and a coordinator make of it. */

const half = bash('echo half > half.txt');
const fix = bash(
  "echo 'export const add = (a, b) => b + a;' > src/add.js && git commit -qam 'Add both'",
);

/** A repository whose own settings have a hook. */
const withHook = (event: string, command: string) => ({
  ...project,
  '.claude/settings.json': JSON.stringify({
    hooks: { [event]: [{ hooks: [{ type: 'command', command }] }] },
  }),
});

interface Row extends ClaudeSceneOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Of each run of the agent. */
  readonly outcomes: readonly string[];
  readonly state: string;
  /** Words of the handoff that the next agent gets. */
  readonly next?: string;
  readonly pushed: readonly string[];
  /** Of the runner: 1 when its operator has to act. */
  readonly code?: number;
}

const wip = ['wip: acme/orbit#1'];
const again = (...turns: readonly object[]) => ({ turns, after: 'repeat' });
const fails = (error: object) => ({ turns: [half, { times: 99, error }] });
const twice = (outcome: string) => [outcome, outcome];
/** The next agent gets the issue, and the handoff names what is done; with a limit nobody gets it. */
const back = { state: 'ready ready', next: 'on the branch' };
const backWithWork = { ...back, pushed: wip };
const pauses = { state: 'ready ready', next: 'nobody gets it', pushed: wip };
/** Signals Claude Code from a command that it runs; another command has left its session. */
const signalled = (signal: string) =>
  again(half, bash(`setsid sleep 300 & kill -${signal} $PPID; sleep 20`));

const rows: readonly (readonly [string, Row])[] = [
  [
    'done',
    {
      script: { turns: [fix, { text: 'Done.' }] },
      ...{ env: { VERIFIERS: '1' }, outcomes: ['completed'], pushed: ['Add both'] },
      state: 'in_review gates_passed',
    },
  ],
  [
    'nothing allowed, nothing done, the model says "committed"',
    {
      script: {
        turns: [
          { tools: [{ name: 'WebFetch', input: { url: 'http://example.com', prompt: 'x' } }] },
          { text: 'I fixed it and committed.' },
        ],
      },
      ...{ outcomes: ['permission_denied'], state: 'needs_human worker_blocked', pushed: [] },
    },
  ],
  [
    'Stop hook blocked 9 times',
    {
      script: again(half, { text: 'Done.' }),
      files: withHook('Stop', 'echo no >&2; exit 2'),
      args: ['--allow-project-settings'],
      // The file that it left is asked for; the hook blocks that answer as well, and the runner commits it.
      ...{ outcomes: Array(4).fill('completed'), state: 'needs_human awaiting_verification' },
      pushed: ['Changes of the agent for #1'],
    },
  ],
  [
    'a hook answered continue:false',
    {
      script: again(half),
      files: withHook('PostToolUse', 'echo \'{"continue":false,"stopReason":"lease lost"}\''),
      args: ['--allow-project-settings'],
      ...{ outcomes: twice('interrupted'), ...backWithWork },
    },
  ],
  [
    'SIGINT while a command runs',
    { script: signalled('INT'), outcomes: twice('interrupted'), ...backWithWork },
  ],
  ['SIGTERM', { script: signalled('TERM'), outcomes: twice('killed'), ...backWithWork }],
  ['SIGHUP', { script: signalled('HUP'), outcomes: twice('killed'), ...backWithWork }],
  ['SIGKILL', { script: signalled('KILL'), outcomes: twice('killed'), ...backWithWork }],
  [
    '--max-cost reached in the middle of a turn',
    {
      script: again({ ...half, context: 0.1 }),
      args: ['--max-cost', '0.002'],
      ...{ outcomes: ['killed'], ...backWithWork, next: 'The money for one issue was used up' },
    },
  ],
  [
    '429 with an API key',
    {
      script: fails({ status: 429, retryAfter: 3600 }),
      ...{ outcomes: ['limited'], ...pauses },
    },
  ],
  [
    '529',
    { script: fails({ status: 529 }), outcomes: ['api_unavailable'], ...backWithWork, code: 1 },
  ],
  [
    '401',
    {
      script: fails({ status: 401 }),
      ...{ outcomes: ['key_refused'], ...pauses, code: 1 },
    },
  ],
  [
    'no money',
    {
      script: fails({ status: 402 }),
      ...{ outcomes: ['no_money'], ...pauses, code: 1 },
    },
  ],
  [
    'a refused connection',
    {
      script: { turns: [] },
      environment: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' },
      ...{ outcomes: ['api_unavailable'], ...back, pushed: [], next: 'committed nothing', code: 1 },
    },
  ],
  [
    'refused by the model and its fallback',
    {
      script: again(half, { refusal: 'No.', times: 9 }),
      ...{ outcomes: ['refused_by_model'], ...backWithWork },
    },
  ],
];

for (const [name, row] of rows)
  claudeSceneTest(name, row, async (scene) => {
    const { args = [], environment, outcomes, state, next, pushed, code = 0 } = row;
    const runner = scene.startClaude(['--sandbox', 'none', ...args], environment);
    const exit = await runner.exit();
    const ended = runner.log().filter(({ msg }) => msg === 'the agent has ended');
    expect(ended.map(({ outcome }) => outcome)).toEqual(outcomes);
    expect({ code: exit.code, state: await scene.stateOf(), pushed: scene.pushed() }).toEqual({
      ...{ code, state, pushed },
    });
    expectNothingLeft(scene);
    if (next === undefined) return;
    const { claim: held } = await claim(scene.service, 'worker-2');
    if (next === 'nobody gets it') expect(held).toBeNull();
    else
      expect(held).toMatchObject({ issue: 'acme/orbit#1', handoff: { content: containing(next) } });
  });

claudeSceneTest(
  'SIGINT while the model is awaited',
  { script: { turns: [half, { delayMs: 300_000, text: 'Late.' }], after: 'repeat' } },
  async (scene) => {
    const runner = scene.startClaude(['--sandbox', 'none']);
    const ends = () => runner.log().filter(({ msg }) => msg === 'the agent has ended');
    // The first run and the one that goes on with its session.
    for (const run of [1, 2]) {
      await eventually(60_000, async () => {
        expect(ends()).toHaveLength(run - 1);
        expect(await scene.model.waiting()).toBe(1);
      });
      for (const pid of scene.agents()) process.kill(pid, 'SIGINT');
      await eventually(60_000, () => {
        expect(ends()).toHaveLength(run);
        return Promise.resolve();
      });
      await scene.model.release();
    }
    expect((await runner.exit()).code).toBe(0);
    expect(ends().map(({ outcome }) => outcome)).toEqual(twice('interrupted'));
    expect([await scene.stateOf(), scene.pushed()]).toEqual(['ready ready', wip]);
    expectNothingLeft(scene);
  },
);

function expectNothingLeft({
  agents,
  place,
}: {
  readonly agents: () => readonly number[];
  readonly place: string;
}): void {
  expect(agents()).toEqual([]);
  const files = readdirSync(place, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => /(?:\.|^)lock$/.test(file))).toEqual([]);
  expect(files.filter((file) => /^(?:homes|journal)\/./.test(file))).toEqual([]);
}
