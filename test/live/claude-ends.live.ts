import { expect } from 'vitest';

import type { AgentOutcome } from '../../src/work/adapters/adapter.ts';
import { expectNothingLeft } from './support/agent-world.ts';
import { bash, claudeTest, type ClaudeWorld } from './support/claude-world.ts';

/** Ends of the real Claude Code that a whole runner never provokes, or that need settings of its own. */

const step = { tools: [bash('echo 1 >> notes.txt')], context: 0.1 };
const tooLong = { status: 400, message: 'prompt is too long: 250000 tokens > 200000 maximum' };
/** Windows of 200,000 tokens. */
const small = { CLAUDE_CODE_DISABLE_1M_CONTEXT: '1' };
const full = { window: 200_000, turns: [{ ...step, context: 0.9 }], after: 'repeat' };

const ends: readonly (readonly [
  name: string,
  script: object,
  options: Parameters<ClaudeWorld['start']>[0],
  outcome: AgentOutcome,
  words: RegExp,
])[] = [
  [
    '--max-turns reached',
    { turns: [step], after: 'repeat' },
    { maxTurns: 1 },
    ...(['max_turns', /number of turns/] as const),
  ],
  [
    '--max-budget-usd reached',
    { turns: [step], after: 'repeat' },
    { maxCostUsd: 0.02 },
    ...(['budget', /budget/] as const),
  ],
  [
    'prompt too long, cannot compact',
    {
      turns: [
        { times: 99, error: tooLong },
        { compactSummary: 'x', error: tooLong },
      ],
    },
    {},
    ...(['context_full', /too long/] as const),
  ],
  [
    'window full, automatic compaction off',
    full,
    { environment: { ...small, DISABLE_AUTO_COMPACT: '1' } },
    ...(['context_full', /is full/] as const),
  ],
  [
    'three compactions in quick succession',
    full,
    { environment: small, maxTurns: 40 },
    ...(['context_full', /three compactions/] as const),
  ],
  ['no key', full, { environment: { ANTHROPIC_API_KEY: '' } }, 'key_refused', /Not logged in/],
  ['an unknown option', full, { extraArguments: ['--nonsense'] }, 'setup_fault', /unknown option/],
  // Root alone is refused.
  ...(process.getuid?.() === 0
    ? ([
        [
          'bypassPermissions as root',
          full,
          { extraArguments: ['--permission-mode', 'bypassPermissions'] },
          ...(['setup_fault', /root/] as const),
        ],
      ] as const)
    : []),
  [
    'no settings file',
    full,
    { extraArguments: ['--settings', '/nowhere/settings.json'] },
    ...(['setup_fault', /settings/i] as const),
  ],
];

for (const [name, script, options, outcome, words] of ends)
  claudeTest(name, script, async ({ start }) => {
    const { running, tree } = await start(options);
    const end = await running.ended;
    expect(end).toMatchObject({ outcome });
    expect(end.message).toMatch(words);
    expectNothingLeft(tree);
  });

claudeTest('a session id that is in use', { turns: [{ text: 'ok' }] }, async ({ start }) => {
  const session = '22222222-2222-4222-8222-222222222222';
  expect((await (await start({ session })).running.ended).outcome).toBe('completed');
  const { running, tree } = await start({ session });
  const end = await running.ended;
  expect([end.outcome, end.message]).toEqual(['setup_fault', expect.stringContaining('in use')]);
  expectNothingLeft(tree);
});
