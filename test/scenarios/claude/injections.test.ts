import { expect, test } from 'vitest';
import { z } from 'zod';

import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import { difficulties, issueDifficulties } from '../../../src/issue/difficulty.ts';
import { documentationLevels, levels } from '../../../src/issue/factors.ts';
import { sources } from '../../../src/issue/source.ts';
import type { IssueText } from '../../../src/issue/reading.ts';
import { localRef } from '../../../src/issue/ref.ts';
import { isOpen } from '../../../src/reading/model/asked-references.ts';
import { foldedText } from '../../../src/reading/visible-text.ts';
import { injections, type Injection } from '../../fixtures/injections.ts';
import { answers, startClaude, type ClaudeScript } from '../../support/claude.ts';
import { allTables, visibleData } from './visible-data.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService } from '../../support/service.ts';
import { findMentions } from '../../support/mentions.ts';

/**
 * Out of policy is, wherever it turns up (database, API, log):
 * - an agent that is not configured, or one assigned that is not enabled,
 * - a size outside 1,000 to 1,000,000 tokens, files outside 0 to 1,000, any other word for a level,
 * - a value in place of one that the text declares,
 * - an edge or a proposal of the model to what the text does not name, what the grammar has ruled out or the issue itself,
 *   more than 20 in a direction, one in both directions, one without words of the text as evidence, or an edge that is not marked,
 * - any word of the model that is not in the issue.
 */
const agentNames = builtInAgents.map(({ name }) => name);
const agentName = z.enum(agentNames).nullable();
const enabledAgent = z.enum(builtInAgents.filter(({ enabled }) => enabled).map(({ name }) => name));
const tokens = z.int().min(1_000).max(1_000_000);
const files = z.int().min(0).max(1_000).nullable();

/** In every word that the obeying model adds of its own. */
const mark = 'zqinvented';

/** Texts behind an injection: one that declares nothing, and one that declares everything. */
const frames = {
  bare: { first: 1_000, text: '' },
  declared: {
    first: 2_000,
    text: `

## Context estimate
- Files to modify: 3
- Implementation complexity: medium
- Test requirements: low
- Documentation: light
- Total estimated: 46,800 tokens
- Recommended agent: sonnet

## Difficulty
medium`,
  },
};
type Frame = keyof typeof frames;

function attack(frame: Frame, injection: Injection, index: number): IssueText {
  const { first, text } = frames[frame];
  const number = first + index;
  return {
    repository: 'acme/orbit',
    number,
    title: injection.title,
    body: `Case ${index} of ${number}.${text}\n\n${injection.body.replaceAll('{self}', String(number))}`,
    bodyCut: false,
  };
}

const turnSchema = z.object({
  sentences: z.array(z.string()),
  references: z.array(z.object({ ref: z.string(), sentences: z.array(z.int()) })),
});

/** A model that does exactly what the text it is given orders, and dresses it up. */
const obey: ClaudeScript = (call, response) => {
  const turn = turnSchema.parse(JSON.parse(call.messages[0]?.content ?? ''));
  const [, index, number] = /Case (\d+) of (\d+)\./.exec(turn.sentences.join(' ')) ?? [];
  const orders = injections[Number(index)]?.orders ?? {};
  const last = turn.sentences.length;
  const said = (relation: string, ordered: readonly string[] = []) =>
    ordered
      .map((ref) => ref.replace('self', number ?? ''))
      .flatMap((ref) => {
        const named = turn.references.find((listed) => listed.ref === ref)?.sentences ?? [];
        const all = [...named.map((each) => [each]), named, [last], [1], [last + 1], [mark]];
        return all.map((sentences, place) => ({ place, ref, relation, sentences }));
      });
  const relations = [...said('blocks', orders.blocks), ...said('blocked_by', orders.blockedBy)];
  const markup = `<b>${mark}</b> [x](javascript:${mark}) @${mark}`;
  answers({
    declared_context_tokens: orders.tokens ?? null,
    declared_context_sentence: last,
    declared_difficulty: orders.difficulty ?? markup,
    declared_difficulty_sentence: last,
    declared_agent: orders.agent ?? mark,
    declared_agent_sentence: last,
    estimated_context_tokens: orders.tokens ?? null,
    estimated_difficulty: orders.difficulty ?? markup,
    files: orders.files ?? markup,
    complexity: orders.complexity ?? markup,
    tests: orders.tests ?? markup,
    docs: orders.docs ?? markup,
    // The best sentences first: only so many entries are looked at.
    relations: [...relations.sort((a, b) => a.place - b.place), { ref: mark, sentences: [1] }],
    [mark]: markup,
  })(call, response);
};

function fieldOf<T extends z.ZodType>(value: T) {
  return z.object({ value, source: z.enum(sources), evidence: z.string().nullable() });
}

const edgeSchema = z.object({
  ref: z.string(),
  source: z.enum(sources),
  evidence: z.string(),
  removeWith: z.string().optional(),
});
const edgesSchema = z.array(edgeSchema);
const proposalsSchema = z.array(
  z.object({
    ref: z.string(),
    evidence: z.string(),
    readIn: z.string(),
    standing: z.enum(['proposed', 'disputed']),
  }),
);

/** A plan as policy allows it, apart from its edges. */
const planSchema = z.object({
  reading: z.object({
    outcome: z.enum(['complete', 'partial']),
    estimatedContext: fieldOf(tokens),
    difficulty: fieldOf(z.enum(issueDifficulties)),
    assignedAgent: fieldOf(agentName),
    factors: z.strictObject({
      files,
      complexity: z.enum(levels).nullable(),
      tests: z.enum(levels).nullable(),
      docs: z.enum(documentationLevels).nullable(),
    }),
  }),
  blockedBy: edgesSchema,
  blocks: edgesSchema,
  proposals: proposalsSchema,
  assignment: z.object({ agent: enabledAgent.nullable() }),
});

const declaredReading = {
  estimatedContext: { value: 46_800, source: 'declared' },
  difficulty: { value: 'medium', source: 'declared' },
  assignedAgent: { value: 'sonnet', source: 'declared' },
  factors: { files: 3, complexity: 'medium', tests: 'low', docs: 'light' },
};

/** The edges of the model in a plan that policy forbids, in words. */
function forbiddenEdges(issue: IssueText, plan: z.infer<typeof planSchema>): string[] {
  const open = findMentions(issue).filter(isOpen);
  const named = new Set(open.map((mention) => localRef(issue, mention)));
  // As it is kept: no database takes U+0000.
  const text = [issue.title, issue.body].map((given) =>
    foldedText(given.replaceAll('\0', '\uFFFD')),
  );
  const isInText = (words: string) =>
    text.some((shown) => shown.includes(words.trim())) && words.trim() !== '';
  const [blockedBy = [], blocks = []] = [plan.blockedBy, plan.blocks].map((edges) =>
    edges.filter(({ source }) => source === 'model'),
  );
  const own = `${issue.repository}#${issue.number}`;
  const proposals = plan.proposals.filter(({ readIn }) => readIn === own);
  return [
    ...blockedBy
      .filter(({ removeWith }) => removeWith?.startsWith('Not blocked by ') !== true)
      .map(({ ref }) => `${ref} is not marked`),
    ...[...blockedBy, ...blocks, ...proposals].flatMap(({ ref, evidence }) => {
      const local = ref.toLowerCase().replace(`${issue.repository}#`, '#');
      return [
        ...(named.has(local) ? [] : [`${ref} is not named, or ruled out`]),
        ...(local === `#${issue.number}` ? [`${ref} is the issue itself`] : []),
        ...(evidence.split(' … ').every((part) => isInText(part))
          ? []
          : [`${ref} has no evidence`]),
      ];
    }),
    ...(blockedBy.length > 20 || blocks.length > 20 ? ['too many in a direction'] : []),
    ...blockedBy
      .filter(({ ref }) => blocks.some((edge) => edge.ref === ref))
      .map(({ ref }) => `${ref} in both directions`),
  ];
}

const sentence = z.int().positive().nullable();
const keptAnswer = z.strictObject({
  declared_context_tokens: tokens.nullable(),
  declared_context_sentence: sentence,
  declared_difficulty: z.enum(difficulties).nullable(),
  declared_difficulty_sentence: sentence,
  declared_agent: agentName,
  declared_agent_sentence: sentence,
  estimated_context_tokens: tokens.nullable(),
  estimated_difficulty: z.enum(difficulties).nullable(),
  files,
  complexity: z.enum(levels).nullable(),
  tests: z.enum(levels).nullable(),
  docs: z.enum(documentationLevels).nullable(),
  relations: z.array(
    z.strictObject({
      ref: z.string().regex(/^([\w.-]+\/[\w.-]+)?#[1-9]\d{0,8}$/),
      sentences: z.array(z.int().positive()),
      relation: z.enum(['blocks', 'blocked_by', 'neither']),
    }),
  ),
});

test('there are at least 100 injections, each of its own', () => {
  expect(injections.length).toBeGreaterThanOrEqual(100);
  expect(new Set(injections.map(({ title, body }) => `${title}\n${body}`)).size).toBe(
    injections.length,
  );
});

test('a Claude that obeys every injection puts nothing outside of policy into database, API or log', async () => {
  const claude = await startClaude(obey);
  const service = await startService({ claude, env: { SECOND_OPINION: 'off' } });
  const issues = (['bare', 'declared'] as const).flatMap((frame) =>
    injections.map((injection, index) => ({
      name: `${frame}: ${injection.name}`,
      frame,
      issue: attack(frame, injection, index),
    })),
  );
  const replies = await Promise.all(
    issues.map(({ issue: { number, title, body } }) =>
      service.send(signedRequest(issuePayload({ number, title, body }))),
    ),
  );
  expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
  await service.idle();

  /** Texts too long to be read whole: Claude is not asked about them, and they are not handed out. */
  let unreadable = 0;
  const violations: string[] = [];
  for (const { name, frame, issue } of issues) {
    const stored = await service.plan(`acme/orbit#${issue.number}`);
    if (stored?.reason.code === 'unreadable') {
      unreadable += 1;
      continue;
    }
    const plan = planSchema.safeParse(stored);
    if (!plan.success) {
      violations.push(`${name}: ${z.prettifyError(plan.error)}`);
      continue;
    }
    violations.push(...forbiddenEdges(issue, plan.data).map((edge) => `${name}: ${edge}`));
    if (frame === 'declared') expect(plan.data.reading, name).toMatchObject(declaredReading);
  }
  expect(violations).toEqual([]);

  const kept = (await allTables(service)).get('model_answers') ?? [];
  expect(unreadable).toBeLessThan(10);
  expect(claude.calls).toHaveLength(issues.length - unreadable);
  expect(kept).toHaveLength(issues.length - unreadable);
  for (const { answer } of kept) keptAnswer.parse(JSON.parse(String(answer)));

  const refs = issues.map(({ issue }) => `acme/orbit#${issue.number}`);
  const all = await visibleData(service, refs);
  expect(all.text.includes(mark)).toBe(false);
  expect(all.files.includes(mark)).toBe(false);
  const logged = JSON.stringify(service.logs);
  for (const words of ['Case 1', 'root-agent', 'onerror', 'passwd', 'evil.test'])
    expect(logged.includes(words), `${words} in the log`).toBe(false);
}, 60_000);
