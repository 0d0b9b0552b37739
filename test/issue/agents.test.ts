import { expect, test } from 'vitest';

import { assignAgent, builtInAgents, type AgentProfile } from '../../src/issue/agents.ts';
import { estimateContext } from '../../src/issue/estimate.ts';
import { readOffline } from '../../src/issue/read-issue.ts';

function profile(name: string, more: Partial<AgentProfile> = {}): AgentProfile {
  return {
    name,
    contextWindow: 100_000,
    inputPrice: 1,
    outputPrice: 1,
    difficulties: ['low', 'medium', 'high'],
    enabled: true,
    ...more,
  };
}

function assign(body: string, profiles: readonly AgentProfile[] = builtInAgents) {
  const issue = { repository: 'acme/orbit', number: 1, title: '', body, bodyCut: false };
  const names = profiles.map(({ name }) => name);
  const reading = readOffline(issue, names);
  return assignAgent(reading, estimateContext(reading), profiles);
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
  expect(assign('Total estimated: 10k', profiles)).toEqual({
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
    refused('Recommended agent: small\nTotal estimated: 60k', pair),
    refused(
      'Recommended agent: small\nTotal estimated: 40k\nFiles to modify: 12\nTest requirements: low',
      pair,
    ),
  ]).toMatchInlineSnapshot(`
    [
      "haiku; The text recommends glm, but it is not enabled.",
      "opus; The text recommends sonnet, but it is not trusted with high difficulty.",
      "large; The text recommends small, but 60,000 tokens are more than half of its window of 100,000.",
      "large; The text recommends small, but the high estimate of 144,300 tokens exceeds its window of 100,000.",
    ]
  `);
});

test('when no agent fits, the reason says to split the issue', () => {
  expect(assign('Total estimated: 900k')).toEqual({
    agent: null,
    reason: {
      code: 'no_agent_fits',
      text: 'No enabled agent takes 900,000 tokens at medium difficulty: split the issue.',
    },
    warnings: [],
  });
});
