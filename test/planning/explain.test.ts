import { expect, test } from 'vitest';

import type { AgentProfile } from '../../src/planning/agent-profiles.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { planWork } from '../../src/planning/plan-work.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import { explainAgents } from '../../src/planning/explain.ts';
import { usd } from '../../src/web/parts/amounts.ts';

function explain(
  body: string,
  profiles: readonly AgentProfile[] = builtInAgents,
  labels: readonly string[] = [],
) {
  const issue = { repository: 'acme/orbit', number: 1, title: '', body, bodyCut: false };
  const names = profiles.map(({ name }) => name);
  const plan = planWork({ reading: readOffline(issue, names), profiles, labels });
  return explainAgents({ ...plan, profiles, labels });
}

function sentences(...given: Parameters<typeof explain>): string[] {
  return explain(...given).map(({ chosen, reason, change }) =>
    `${chosen ? 'chosen: ' : ''}${reason.code}: ${reason.text} ${change ?? ''}`.trim(),
  );
}

test('every profile is told the rule it fails, and the least that would help', () => {
  expect(sentences('Difficulty: high\nTotal estimated: 70k')).toMatchInlineSnapshot(`
    [
      "chosen: cheapest_fit: opus is the cheapest agent that fits high difficulty and 70,000 tokens.",
      "difficulty_not_trusted: sonnet is not trusted with high difficulty. To make it fit: trust it with high difficulty.",
      "difficulty_not_trusted: haiku is not trusted with high difficulty. To make it fit: trust it with high difficulty.",
      "not_enabled: glm is not enabled. To make it fit: enable it, and trust it with high difficulty, and bring the issue to at most 64,000 tokens.",
      "not_enabled: minimax is not enabled. To make it fit: enable it, and trust it with high difficulty, and bring the issue to at most 64,000 tokens.",
    ]
  `);
});

test('a profile that fits learns whom it lost against, and at what cost', () => {
  expect(sentences('Difficulty: low\nTotal estimated: 30k')).toMatchInlineSnapshot(`
    [
      "not_cheapest: opus fits, but costs about $0.48 and haiku about $0.01.",
      "not_cheapest: sonnet fits, but costs about $0.24 and haiku about $0.01.",
      "chosen: cheapest_fit: haiku is the cheapest agent that fits low difficulty and 30,000 tokens.",
      "not_enabled: glm is not enabled. To make it fit: enable it.",
      "not_enabled: minimax is not enabled. To make it fit: enable it.",
    ]
  `);
});

test('what a person asks for is named to those that fit as well', () => {
  const text = 'Difficulty: medium\nRecommended agent: opus\nTotal estimated: 30k';
  expect(sentences(text).slice(0, 2)).toMatchInlineSnapshot(`
    [
      "chosen: declared_agent: The text recommends opus, and it fits.",
      "overridden: sonnet fits, but another one is asked for. The text recommends opus, and it fits.",
    ]
  `);
  expect(sentences(text, builtInAgents, ['agent:sonnet']).slice(0, 2)).toMatchInlineSnapshot(`
    [
      "overridden: opus fits, but another one is asked for. A label asks for sonnet, and it fits.",
      "chosen: label_agent: A label asks for sonnet, and it fits.",
    ]
  `);
});

test('of equal costs the earlier profile wins, and the later one is told so', () => {
  const free = builtInAgents
    .filter(({ inputPrice }) => inputPrice === 0)
    .map((profile) => ({ ...profile, enabled: true }));
  expect(sentences('Difficulty: low\nTotal estimated: 30k', free)).toMatchInlineSnapshot(`
    [
      "chosen: cheapest_fit: glm is the cheapest agent that fits low difficulty and 30,000 tokens.",
      "later_in_order: minimax fits and costs as much as glm, which stands first among the profiles.",
    ]
  `);
});

test('where none fits, each says what would have to change', () => {
  const glm = builtInAgents.filter(({ name }) => name === 'glm');
  expect(explain('Difficulty: high\nTotal estimated: 64,350', glm)).toMatchInlineSnapshot(`
    [
      {
        "agent": "glm",
        "change": "To make it fit: enable it, and trust it with high difficulty, and bring the issue to at most 64,000 tokens.",
        "chosen": false,
        "expectedCost": 0,
        "failing": [
          {
            "code": "not_enabled",
            "text": "glm is not enabled.",
          },
          {
            "code": "difficulty_not_trusted",
            "text": "glm is not trusted with high difficulty.",
          },
          {
            "code": "window_too_small",
            "text": "glm takes 64,000 tokens at most (half of its window of 128,000) and the issue needs 64,350.",
          },
        ],
        "fits": false,
        "reason": {
          "code": "not_enabled",
          "text": "glm is not enabled.",
        },
      },
    ]
  `);
});

test('a sentence rounds a cost as the figure beside it is rounded', () => {
  // Sizes of which some lie half way between two cents.
  for (let likely = 40_000; likely < 41_000; likely += 100) {
    const [opus] = explain(`Difficulty: low\nTotal estimated: ${likely}`);
    expect(opus?.reason.text).toContain(`costs about ${usd(opus?.expectedCost ?? 0)} and`);
  }
});
