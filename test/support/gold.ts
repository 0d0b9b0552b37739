import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { builtInAgents } from '../../src/planning/agents.ts';
import { describeReferences, isOpen, localRef } from '../../src/reading/model/asked-references.ts';
import type { Mention } from '../../src/reading/mentions.ts';
import { mergeAnswer } from '../../src/reading/model/merge.ts';
import { answerSchema } from '../../src/reading/model/question.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import { readText } from '../../src/reading/read-text.ts';
import type { Dependency, IssueText } from '../../src/issue/reading.ts';
import { knownIssues } from '../../src/reading/known-issues.ts';

const edgeSchema = z.object({ ref: z.string(), explicit: z.boolean(), evidence: z.string() });

/** One labelled issue, and what the tracker holds around it. */
const goldSchema = z.object({
  id: z.string(),
  repository: z.string(),
  number: z.int(),
  title: z.string(),
  body: z.string(),
  knownIssues: z.array(z.object({ ref: z.string(), title: z.string() })),
  gold: z.object({
    blockedBy: z.array(edgeSchema),
    blocks: z.array(edgeSchema),
    notDependencies: z.array(z.string()),
    difficulty: z.string().nullable(),
    estimatedContext: z.number().nullable(),
    assignedAgent: z.string().nullable(),
    factors: z.record(z.string(), z.unknown()).nullable(),
  }),
});
export type GoldIssue = z.infer<typeof goldSchema>;

/** The labelled development set, or another file of its form. */
export function readGold(
  path: string | URL = new URL('../fixtures/gold/issues.jsonl', import.meta.url),
): GoldIssue[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => goldSchema.parse(JSON.parse(line)));
}

const agentNames = builtInAgents.map(({ name }) => name);

/** What the deterministic reader makes of a labelled issue: the one place that knows which reader. */
function readLabelled({ repository, number, title, body, knownIssues: rows }: GoldIssue) {
  const issue: IssueText = { repository, number, title, body, bodyCut: false };
  const trackerUrl = 'https://git.example.test';
  const text = readText(issue, { agentNames, trackerUrl, known: knownIssues(rows) });
  return { issue, mentions: text.mentions, offline: readOffline(issue, agentNames, { text }) };
}

interface Relation {
  readonly ref: string;
  readonly relation: string;
  readonly quote: string | null;
}

/** What a scripted model is given: an issue, and what it is asked about. */
interface Asked {
  readonly row: GoldIssue;
  readonly issue: IssueText;
  readonly references: ReturnType<typeof describeReferences>;
}

/** A scripted model; `relations` answers for the references it is asked about, or for others. */
export interface ScriptedModel {
  readonly name: string;
  readonly answer: (asked: Asked) => object & { readonly relations: readonly Relation[] };
}

/** What a scripted model says of the fields that it does not answer. */
const unanswered = {
  ...{ estimated_context_tokens: null, difficulty: null, assigned_agent: null, files: null },
  ...{ complexity: null, tests: null, docs: null },
};

/** Answers what the labels say, with the labelled evidence as quotes. */
export const labelledModel: ScriptedModel = {
  name: 'gold labels',
  answer: ({ row: { gold }, issue, references }) => ({
    ...unanswered,
    ...gold.factors,
    estimated_context_tokens: gold.estimatedContext,
    difficulty: gold.difficulty,
    assigned_agent: gold.assignedAgent,
    relations: references.map(({ ref }) => {
      const labelled = goldEdges(issue, gold).find((edge) => edge.ref === ref);
      return { ref, relation: labelled?.direction ?? 'neither', quote: labelled?.evidence ?? null };
    }),
  }),
};

/** Claims one direction for all it is asked about and for all the tracker holds, with true quotes. */
export function greedyModel(relation: Dependency['direction']): ScriptedModel {
  return {
    name: `everything ${relation}`,
    answer: ({ row, issue, references }) => ({
      relations: [
        ...references.flatMap(({ ref, sentences }) =>
          [...sentences, row.title].map((quote) => ({ ref, relation, quote })),
        ),
        ...row.knownIssues.map(({ ref }) => ({
          ref: refSeenFrom(issue, ref),
          relation,
          quote: row.body.slice(0, 200),
        })),
      ],
    }),
  };
}

/** Answers at random, though always the same: with a sentence of the reference or with any words. */
export function randomModel(seed: number): ScriptedModel {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return {
    name: `random ${seed}`,
    answer: ({ row: { body }, references }) => ({
      relations: references.map(({ ref, sentences }) => {
        const start = random(body.length);
        const quotes = [...sentences, body.slice(start, start + 20 + random(100))];
        const relation = ['blocks', 'blocked_by', 'neither'][random(3)] ?? 'neither';
        return { ref, relation, quote: quotes[random(quotes.length)] ?? null };
      }),
    }),
  };
}

interface Edge {
  readonly direction: Dependency['direction'];
  readonly ref: string;
}

/** How a model did with the labelled issues. */
export interface Evaluation {
  readonly name: string;
  readonly right: number;
  readonly wrong: number;
  readonly missed: readonly string[];
  readonly implicitFound: number;
  readonly implicit: number;
  /** Edges that only the model named: undecided mentions that it decided. */
  readonly ofModel: number;
  readonly ofModelRight: number;
  /** Edges of the model to what the grammar has ruled out everywhere. */
  readonly ruledOut: readonly string[];
  /** Edges of the model to references that are labelled as none. */
  readonly traps: readonly string[];
}

/** Reads the labelled issues with this model; targets the tracker does not hold are dropped, as Gitea would. */
export function evaluateModel(rows: readonly GoldIssue[], model: ScriptedModel): Evaluation {
  const results = rows.map((row) => evaluateRow(row, model));
  const sum = (count: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    name: model.name,
    right: sum(({ right }) => right),
    wrong: sum(({ wrong }) => wrong),
    missed: results.flatMap(({ missed }) => missed),
    implicitFound: sum(({ implicitFound }) => implicitFound),
    implicit: sum(({ implicit }) => implicit),
    ofModel: sum(({ ofModel }) => ofModel),
    ofModelRight: sum(({ ofModelRight }) => ofModelRight),
    ruledOut: results.flatMap(({ ruledOut }) => ruledOut),
    traps: results.flatMap(({ traps }) => traps),
  };
}

function evaluateRow(row: GoldIssue, model: ScriptedModel) {
  const { issue, mentions, offline } = readLabelled(row);
  const references = describeReferences(issue, mentions);
  const answer = answerSchema.parse({
    ...unanswered,
    ...model.answer({ row, issue, references }),
  });
  const reading = mergeAnswer({ issue, mentions, offline, answer, model: 'scripted', agentNames });
  const known = new Set(row.knownIssues.map(({ ref }) => refSeenFrom(issue, ref)));
  const edges = reading.dependencies
    .map((edge) => ({ ...edge, ref: localRef(issue, edge) }))
    .filter(({ ref }) => known.has(ref));
  const gold = goldEdges(issue, row.gold);
  const isRight = (edge: Edge) => gold.some((labelled) => isSame(labelled, edge));
  const ofModel = edges.filter(({ source }) => source === 'model');
  const none = new Set(row.gold.notDependencies.map((ref) => refSeenFrom(issue, ref)));
  const named = (edge: Edge) => `${row.id} ${edge.direction} ${edge.ref}`;
  const missed = gold.filter((labelled) => !edges.some((edge) => isSame(labelled, edge)));
  return {
    right: edges.filter(isRight).length,
    wrong: edges.filter((edge) => !isRight(edge)).length,
    missed: missed.map((edge) => `${named(edge)} (${whyNot(issue, mentions, edge)})`),
    implicit: gold.filter(({ explicit }) => !explicit).length,
    implicitFound:
      gold.filter(({ explicit }) => !explicit).length -
      missed.filter(({ explicit }) => !explicit).length,
    ofModel: ofModel.length,
    ofModelRight: ofModel.filter(isRight).length,
    ruledOut: ofModel
      .filter(
        ({ ref }) =>
          !mentions.some((mention) => localRef(issue, mention) === ref && isOpen(mention)),
      )
      .map(named),
    traps: ofModel.filter(({ ref }) => none.has(ref)).map(named),
  };
}

function isSame(one: Edge, other: Edge): boolean {
  return one.ref === other.ref && one.direction === other.direction;
}

/** Why a labelled edge is not there, as far as the grammar can tell. */
function whyNot(issue: IssueText, mentions: readonly Mention[], { ref }: Edge): string {
  const named = mentions.filter((mention) => localRef(issue, mention) === ref);
  if (named.length === 0) return 'not found in the text';
  return named
    .map(({ verdict }) => (verdict.kind === 'ruled_out' ? verdict.reason : verdict.kind))
    .join(', ');
}

function goldEdges(issue: IssueText, { blockedBy, blocks }: GoldIssue['gold']) {
  const seen = (edge: z.infer<typeof edgeSchema>) => ({
    ...edge,
    ref: refSeenFrom(issue, edge.ref),
  });
  return [
    ...blockedBy.map((edge) => ({ ...seen(edge), direction: 'blocked_by' as const })),
    ...blocks.map((edge) => ({ ...seen(edge), direction: 'blocks' as const })),
  ];
}

function refSeenFrom(issue: IssueText, ref: string): string {
  const [repository = '', number] = ref.split('#');
  return localRef(issue, { repository, number: Number(number) });
}
