import { expect, test } from 'vitest';

import { viewReason, viewWarning } from '../../src/issue/plan.ts';
import type { AgentProfile } from '../../src/planning/agent-profiles.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { assignAgent } from '../../src/planning/assign-agent.ts';
import { estimateContext } from '../../src/planning/estimate.ts';
import { expectedCost } from '../../src/planning/fit.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';

function profile(name: string, more: Partial<AgentProfile> = {}): AgentProfile {
  return {
    name,
    contextWindow: 100_000,
    inputPrice: 1,
    outputPrice: 1,
    difficulties: ['low', 'medium', 'high'],
    concurrency: 1,
    enabled: true,
    ...more,
  };
}

function assign(
  body: string,
  profiles: readonly AgentProfile[] = builtInAgents,
  labels: readonly string[] = [],
) {
  const issue = { repository: 'acme/orbit', number: 1, title: '', body, bodyCut: false };
  const names = profiles.map(({ name }) => name);
  const reading = readOffline(issue, names);
  const { agent, reason, warnings } = assignAgent(
    reading,
    estimateContext(reading),
    profiles,
    labels,
  );
  return { agent, reason: viewReason(reason), warnings: warnings.map(viewWarning) };
}

test('an issue may fill exactly half of a window, and not a token more', () => {
  const only = [profile('small')];
  expect(assign('Total estimated: 50,000', only).agent).toBe('small');
  expect(assign('Total estimated: 50,001', only).agent).toBeNull();
});

test('the high estimate must fit into the whole window', () => {
  const only = [profile('small')];
  const text = 'Total estimated: 40,000\nFiles to modify: 12\nTest requirements: low';
  expect(assign(text, only).agent).toBeNull();
  expect(assign(text, [profile('small', { contextWindow: 200_000 })]).agent).toBe('small');
});

test('the cheapest agent that fits is chosen, ties by the order of the profiles', () => {
  const profiles = [
    profile('dear', { inputPrice: 5 }),
    profile('first', { inputPrice: 2 }),
    profile('second', { inputPrice: 2 }),
  ];
  expect(assign('Difficulty: medium\nTotal estimated: 10k', profiles)).toEqual({
    agent: 'first',
    reason: {
      code: 'cheapest_fit',
      text: 'first is the cheapest agent that fits medium difficulty and 10,000 tokens.',
    },
    warnings: [],
  });
});

test('an agent that is switched off is not chosen, however cheap', () => {
  const profiles = [profile('off', { inputPrice: 0, enabled: false }), profile('on')];
  expect(assign('Total estimated: 10k', profiles).agent).toBe('on');
});

test.each([
  ['low', 'haiku'],
  ['medium', 'sonnet'],
  ['high', 'opus'],
])('of the built-in agents an issue of %s difficulty gets %s', (difficulty, agent) => {
  expect(assign(`Difficulty: ${difficulty}\nTotal estimated: 30k`).agent).toBe(agent);
});

test('an agent that the text recommends wins over a cheaper one', () => {
  expect(assign('Difficulty: low\nRecommended agent: opus\nTotal estimated: 30k')).toEqual({
    agent: 'opus',
    reason: { code: 'declared_agent', text: 'The text recommends opus, and it fits.' },
    warnings: [],
  });
});

test('a recommended agent that does not fit is refused, and the warning says why', () => {
  const refused = (text: string, profiles?: readonly AgentProfile[]) => {
    const { agent, warnings } = assign(text, profiles);
    return `${agent ?? 'none'}; ${warnings.map(({ text: why }) => why).join()}`;
  };
  const pair = [profile('small'), profile('large', { contextWindow: 1_000_000, inputPrice: 9 })];
  expect([
    refused('Difficulty: low\nRecommended agent: glm\nTotal estimated: 30k'),
    refused('Difficulty: high\nRecommended agent: sonnet\nTotal estimated: 30k'),
    refused('Difficulty: high\nRecommended agent: glm\nTotal estimated: 70k'),
    refused('Recommended agent: small\nTotal estimated: 60k', pair),
    refused(
      'Recommended agent: small\nTotal estimated: 40k\nFiles to modify: 12\nTest requirements: low',
      pair,
    ),
  ]).toMatchInlineSnapshot(`
    [
      "haiku; The text recommends glm, but it is not enabled.",
      "opus; The text recommends sonnet, but it is not trusted with high difficulty.",
      "opus; The text recommends glm, but it is not enabled and is not trusted with high difficulty and takes 64,000 tokens at most (half of its window of 128,000) and the issue needs 70,000.",
      "large; The text recommends small, but it takes 50,000 tokens at most (half of its window of 100,000) and the issue needs 60,000.",
      "large; The text recommends small, but it has a window of 100,000 tokens and the high estimate is 144,300.",
    ]
  `);
});

test('where nobody says how hard it is, the default of the profiles gets it, else the one in the middle by cost', () => {
  const cheap = profile('cheap', { inputPrice: 1, difficulties: ['low'] });
  const middle = profile('middle', { inputPrice: 2 });
  const dear = profile('dear', { inputPrice: 3 });
  expect(assign('Total estimated: 10k', [dear, cheap, middle])).toMatchObject({
    agent: 'middle',
    reason: {
      code: 'default_agent',
      text: 'Nobody says how hard it is: middle is in the middle of those that fit, by cost.',
    },
  });
  expect(assign('Total estimated: 10k', [cheap, dear]).agent).toBe('dear');
  const named = { ...cheap, default: true };
  expect(assign('Total estimated: 10k', [dear, named, middle])).toMatchObject({
    agent: 'cheap',
    reason: { text: 'Nobody says how hard it is: cheap is the default of the profiles.' },
  });
  // It has no room for that, or it is switched off.
  expect(
    assign('Total estimated: 90k', [named, profile('large', { contextWindow: 500_000 })]).agent,
  ).toBe('large');
  expect(assign('Total estimated: 10k', [{ ...named, enabled: false }, middle]).agent).toBe(
    'middle',
  );
  expect(assign('Difficulty: high\nTotal estimated: 10k', [dear, named, middle]).agent).toBe(
    'middle',
  );
});

test('the harness of an agent needs room beside the high estimate', () => {
  const text = 'Total estimated: 40,000';
  expect(assign(text, [profile('small', { harness: 48_000 })]).agent).toBe('small');
  const { agent, reason } = assign(text, [profile('small', { harness: 48_001 })]);
  expect(agent).toBeNull();
  expect(reason.text).toBe(
    'No enabled agent takes 40,000 tokens at unknown difficulty: split it into 2 (at most 39,999 tokens fit small).',
  );
  expect(assign('Total estimated: 39,999', [profile('small', { harness: 48_001 })]).agent).toBe(
    'small',
  );
});

test('the cost counts what is read and what is written', () => {
  const reader = profile('reader', { inputPrice: 1, outputPrice: 20 });
  const writer = profile('writer', { inputPrice: 2, outputPrice: 1 });
  const work = (likely: number) => ({
    difficulty: 'low' as const,
    estimate: { likely, high: likely },
  });
  expect(expectedCost(reader, work(100_000))).toBeCloseTo(0.1 * (3 * 1 + 0.2 * 20), 9);
  expect(expectedCost(writer, work(100_000))).toBeCloseTo(0.1 * (3 * 2 + 0.2 * 1), 9);
  expect(assign('Difficulty: low\nTotal estimated: 10k', [reader, writer]).agent).toBe('writer');
});

test('an issue beyond the size of long prompts is reckoned at their prices', () => {
  const longPrompts = { above: 30_000, inputPrice: 9, outputPrice: 9 };
  const pair = [profile('tiered', { inputPrice: 0, outputPrice: 0, longPrompts }), profile('flat')];
  const sized = (size: string) => `Difficulty: low\nTotal estimated: ${size}`;
  expect(assign(sized('30,000'), pair).agent).toBe('tiered');
  expect(assign(sized('30,001'), pair).agent).toBe('flat');
});

test.each(['agent:opus', 'Agent: OPUS', 'agent/opus', ' agent / Opus '])(
  'the label %s gives the issue to opus, before what the text says',
  (label) => {
    const text = 'Difficulty: low\nRecommended agent: sonnet\nTotal estimated: 30k';
    expect(assign(text, builtInAgents, ['bug', label])).toEqual({
      agent: 'opus',
      reason: { code: 'label_agent', text: 'A label asks for opus, and it fits.' },
      warnings: [],
    });
  },
);

test.each(['agent', 'agent:', 'opus', 'my-agent:opus', 'agent:opus sonnet', 'agents:opus'])(
  'the label %s asks for nobody',
  (label) => {
    expect(assign('Difficulty: low\nTotal estimated: 30k', builtInAgents, [label])).toMatchObject({
      agent: 'haiku',
      warnings: [],
    });
  },
);

test('a label that cannot be followed is refused with a warning, and the text counts', () => {
  const text = 'Difficulty: medium\nRecommended agent: opus\nTotal estimated: 70k';
  const told = (labels: readonly string[]) => {
    const { agent, reason, warnings } = assign(text, builtInAgents, labels);
    return [agent, reason.code, ...warnings.map((warning) => `${warning.code}: ${warning.text}`)];
  };
  expect([
    told(['agent:haiku']),
    told(['agent:glm']),
    told(['agent:gpt', 'agent/nobody']),
    told(['agent:sonnet', 'agent:opus']),
  ]).toMatchInlineSnapshot(`
    [
      [
        "opus",
        "declared_agent",
        "label_agent_refused: A label asks for haiku, but it is not trusted with medium difficulty.",
      ],
      [
        "opus",
        "declared_agent",
        "label_agent_cannot_hold: A label asks for glm, but it is not enabled and takes 64,000 tokens at most (half of its window of 128,000) and the issue needs 70,000.",
      ],
      [
        "opus",
        "declared_agent",
        "label_agent_unknown: A label asks for the agent gpt, which is not among opus, sonnet, haiku, glm, minimax.",
        "label_agent_unknown: A label asks for the agent nobody, which is not among opus, sonnet, haiku, glm, minimax.",
      ],
      [
        "opus",
        "label_agent",
        "label_agents_differ: Labels ask for several agents: opus counts, which stands first among the profiles, not sonnet.",
      ],
    ]
  `);
});

test('what only Claude suggests decides nothing, and is told where it differs', () => {
  const issue = { repository: 'acme/orbit', number: 1, title: '', body: '', bodyCut: false };
  const reading = readOffline(issue, []);
  const suggested = (value: string) => {
    const assignment = assignAgent(
      { ...reading, assignedAgent: { value, source: 'model', evidence: null } },
      estimateContext(reading),
      builtInAgents,
    );
    return { ...assignment, warnings: assignment.warnings.map(viewWarning) };
  };
  expect(suggested('opus')).toMatchObject({
    agent: 'sonnet',
    reason: { code: 'default_agent' },
    warnings: [
      {
        code: 'suggested_agent_ignored',
        text: 'Claude suggests opus, which neither a label nor the text asks for: sonnet is chosen.',
      },
    ],
  });
  expect(suggested('sonnet')).toMatchObject({ agent: 'sonnet', warnings: [] });
});

test('when no agent fits, the reason names the smallest changes that would help', () => {
  const reasonOf = (...given: Parameters<typeof assign>) => {
    const { agent, reason } = assign(...given);
    expect({ agent, code: reason.code }).toEqual({ agent: null, code: 'no_agent_fits' });
    return reason.text;
  };
  const small = profile('small', { difficulties: ['low'] });
  const off = profile('off', { enabled: false });
  expect([
    reasonOf('Difficulty: medium\nTotal estimated: 900k'),
    reasonOf('Total estimated: 1,000,001'),
    reasonOf('Difficulty: medium\nTotal estimated: 60k', [
      small,
      profile('large', { contextWindow: 110_000 }),
    ]),
    reasonOf('Difficulty: high\nTotal estimated: 40k', [small]),
    reasonOf('Difficulty: high\nTotal estimated: 40k', [small, off]),
    reasonOf('Difficulty: high\nTotal estimated: 60k', [small]),
    reasonOf('Total estimated: 40k\nFiles to modify: 30', [profile('small')]),
  ]).toMatchInlineSnapshot(`
    [
      "No enabled agent takes 900,000 tokens at medium difficulty: split it into 2 (at most 500,000 tokens fit sonnet).",
      "No enabled agent takes 1,000,001 tokens at unknown difficulty: split it into 3 (at most 500,000 tokens fit haiku).",
      "No enabled agent takes 60,000 tokens at medium difficulty: split it into 2 (at most 55,000 tokens fit large).",
      "No enabled agent takes 40,000 tokens at high difficulty: trust small with high difficulty.",
      "No enabled agent takes 40,000 tokens at high difficulty: enable off, or trust small with high difficulty.",
      "No enabled agent takes 60,000 tokens at high difficulty: for small, trust it with high difficulty, and bring the issue to at most 50,000 tokens.",
      "No enabled agent takes 40,000 tokens (up to 314,600) at unknown difficulty: split it into 4 (at most 50,000 tokens, up to 100,000, fit small).",
    ]
  `);
});
