import { z } from 'zod';

import type { State } from '../../issue/state.ts';

/** The project the story plays in; its payloads are made from a recorded one of another project. */
export const storyRepository = 'acme/garden';
export const storyBot = 'coordinator-bot';

const storyRepositoryId = 7_001;
/** Every delivery of the story is a second younger than the one before. */
const storyStart = Date.parse('2026-11-24T09:00:00Z');

interface Expected {
  readonly state: State;
  readonly reason: string;
  readonly agent?: string;
  readonly warning?: string;
}

interface StoryIssue {
  readonly title: string;
  readonly body: string;
  readonly expected: Expected;
}

/** A step of the story: what Gitea tells about one issue. */
export interface StoryEvent {
  readonly action: 'assigned' | 'unassigned' | 'closed';
  readonly number: number;
}

/** The issues by number, with the state each must be in when the story is over. */
export const storyIssues: ReadonlyMap<number, StoryIssue> = new Map([
  [
    1,
    {
      title: 'Store sensor readings',
      body: template({
        factors: ['2', 'low', 'low', 'light'],
        total: '40,300',
        agent: 'haiku',
        difficulty: 'low',
        blocks: '#2',
      }),
      expected: { state: 'done', reason: 'closed' },
    },
  ],
  [
    2,
    {
      title: 'Open valves when a bed is dry',
      body: template({
        factors: ['3', 'medium', 'medium', 'light'],
        total: '68,900',
        agent: 'sonnet',
        difficulty: 'medium',
        blockedBy: '#1',
        blocks: '#3',
      }),
      expected: { state: 'ready', reason: 'ready', agent: 'sonnet' },
    },
  ],
  [
    3,
    {
      title: 'Water by weather forecast',
      body: template({
        factors: ['6', 'high', 'high', 'medium'],
        total: '117,000',
        agent: 'opus',
        difficulty: 'high',
        blockedBy: '#1, #2',
      }),
      expected: { state: 'blocked', reason: 'open_blockers', agent: 'opus' },
    },
  ],
  [
    4,
    {
      title: 'Name every bed',
      body: template({
        factors: ['2', 'medium', 'low', 'none'],
        difficulty: 'medium',
        blockedBy: '#5',
      }),
      expected: { state: 'blocked', reason: 'cycle', agent: 'sonnet' },
    },
  ],
  [
    5,
    {
      title: 'Draw the map of beds',
      body: template({
        factors: ['4', 'medium', 'medium', 'light'],
        difficulty: 'medium',
        blockedBy: '#6',
      }),
      expected: { state: 'blocked', reason: 'cycle', agent: 'sonnet' },
    },
  ],
  [
    6,
    {
      title: 'Import beds from the plan',
      body: template({
        factors: ['1', 'low', 'low', 'heavy'],
        difficulty: 'low',
        blockedBy: '#4',
      }),
      expected: { state: 'blocked', reason: 'cycle', agent: 'haiku' },
    },
  ],
  [
    7,
    {
      title: 'Rewrite the whole controller',
      body: template({
        factors: ['60', 'high', 'high', 'heavy'],
        total: '611,000',
        agent: 'opus',
        difficulty: 'high',
      }),
      expected: {
        state: 'oversized',
        reason: 'no_agent_fits',
        warning: 'declared_agent_cannot_hold',
      },
    },
  ],
  [
    8,
    {
      title: 'The pump sounds odd',
      body: 'Since Tuesday. Could somebody have a look?',
      expected: { state: 'ready', reason: 'ready', agent: 'sonnet', warning: 'nothing_readable' },
    },
  ],
  [
    9,
    {
      title: 'Choose colours for the chart',
      body: template({ factors: ['1', 'low', 'low', 'none'], difficulty: 'low' }),
      expected: { state: 'released', reason: 'not_assigned' },
    },
  ],
  [
    10,
    {
      title: 'Share weather with the barn',
      body: template({
        factors: ['3', 'medium', 'low', 'light'],
        difficulty: 'medium',
        blockedBy: 'acme/barn#40',
      }),
      expected: { state: 'blocked', reason: 'unknown_blockers', agent: 'sonnet' },
    },
  ],
  [
    11,
    {
      title: 'Warn when the tank runs low',
      body: template({
        factors: ['3', 'medium', 'low', 'light'],
        total: '46,800',
        agent: 'sonnet',
        difficulty: 'medium',
      }),
      expected: {
        state: 'ready',
        reason: 'ready',
        agent: 'sonnet',
        warning: 'declared_total_differs',
      },
    },
  ],
  [
    12,
    {
      title: 'Explain the settings',
      body: template({ factors: ['1', 'low', 'low', 'medium'], difficulty: 'low' }),
      expected: { state: 'ready', reason: 'ready', agent: 'haiku' },
    },
  ],
]);

/** The issue that waits for the one closed in `storyChanges`. */
export const waitingNumber = 2;

/** What happens once all issues are assigned. */
export const storyChanges: readonly StoryEvent[] = [
  { action: 'closed', number: 1 },
  { action: 'unassigned', number: 9 },
];

/** Would close an issue that still waits, were it believed. */
export const forgedEvent: StoryEvent = { action: 'closed', number: 3 };

const recordedPayload = z.looseObject({
  issue: z.looseObject({}),
  repository: z.looseObject({}),
});

/** The bytes Gitea would send for one step: a recorded payload with other fields. */
export function storyPayload(recorded: Buffer, { action, number }: StoryEvent): Buffer {
  const base = recordedPayload.parse(JSON.parse(recorded.toString()));
  const changed = action === 'assigned' ? 0 : storyIssues.size;
  const [owner, name] = storyRepository.split('/');
  const repository = { id: storyRepositoryId, name, full_name: storyRepository };
  const payload = {
    ...base,
    action,
    number,
    issue: {
      ...base.issue,
      id: 10_000 + number,
      number,
      title: storyIssues.get(number)?.title ?? '',
      body: storyIssues.get(number)?.body ?? '',
      labels: [],
      state: action === 'closed' ? 'closed' : 'open',
      assignee: null,
      assignees: action === 'unassigned' ? [] : [{ id: 6, login: storyBot }],
      updated_at: new Date(storyStart + (changed + number) * 1_000).toISOString(),
      repository: { ...repository, owner },
    },
    repository: { ...base.repository, ...repository },
  };
  return Buffer.from(JSON.stringify(payload));
}

/** What the check looks at in a plan. */
export interface ToldPlan {
  readonly ref: string;
  readonly state: string;
  readonly reason: { readonly code: string };
  readonly assignment: { readonly agent: string | null } | null;
  readonly warnings: readonly { readonly code: string }[];
}

/** One sentence for every issue that did not come out as the story says. */
export function storyProblems(plans: readonly ToldPlan[]): string[] {
  return [...storyIssues].flatMap(([number, { expected }]) => {
    const ref = `${storyRepository}#${number}`;
    const plan = plans.find((candidate) => candidate.ref === ref);
    if (plan === undefined) return [`${ref} has no plan.`];
    const wanted = describe(expected.state, expected.reason, expected.agent, expected.warning);
    const told = describe(
      plan.state,
      plan.reason.code,
      expected.agent === undefined ? undefined : (plan.assignment?.agent ?? 'no agent'),
      plan.warnings.map(({ code }) => code).join(', '),
    );
    return told === wanted ? [] : [`${ref} is ${told}, not ${wanted}.`];
  });
}

function describe(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(', ');
}

interface Template {
  /** Files, complexity, tests and documentation. */
  readonly factors: readonly [files: string, complexity: string, tests: string, docs: string];
  readonly total?: string;
  readonly agent?: string;
  readonly difficulty: string;
  readonly blockedBy?: string;
  readonly blocks?: string;
}

/** An issue text with the sections of the tracker's template. */
function template({ factors, total, agent, difficulty, blockedBy, blocks }: Template): string {
  const [files, complexity, tests, docs] = factors;
  return [
    '## Context Estimate',
    '',
    `- **Files to modify:** ${files}`,
    `- **Implementation complexity:** ${complexity}`,
    `- **Test requirements:** ${tests}`,
    `- **Documentation:** ${docs}`,
    ...(total === undefined ? [] : [`- **Total estimated:** ${total} tokens`]),
    ...(agent === undefined ? [] : [`- **Recommended agent:** ${agent}`]),
    '',
    '## Difficulty',
    '',
    difficulty,
    '',
    '## Dependencies',
    '',
    `- **Blocked by:** ${blockedBy ?? 'None'}`,
    `- **Blocks:** ${blocks ?? 'None'}`,
    '',
  ].join('\n');
}
