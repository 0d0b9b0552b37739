import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { localRef } from '../../src/issue/ref.ts';
import { isOpen } from '../../src/reading/model/asked-references.ts';
import type { Mention } from '../../src/reading/mentions.ts';
import { answerSchema } from '../../src/reading/model/answer.ts';
import { mergeAnswer } from '../../src/reading/model/merge.ts';
import { groundAnswer } from '../../src/reading/model/grounding.ts';
import { modelQuestion, type ModelQuestion } from '../../src/reading/model/question.ts';
import { edgesToConfirm, withSecondOpinion } from '../../src/reading/model/second-opinion.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import { readText } from '../../src/reading/read-text.ts';
import {
  countsAsEdge,
  type Dependency,
  type IssueText,
  type Reading,
} from '../../src/issue/reading.ts';
import { knownIssues } from '../../src/reading/known-issues.ts';
import { emptyAnswer } from './claude.ts';

const edgeSchema = z.object({ ref: z.string(), explicit: z.boolean(), evidence: z.string() });

/** One labelled issue, and what the tracker holds around it. */
const goldSchema = z.object({
  id: z.string(),
  repository: z.string(),
  number: z.int(),
  title: z.string(),
  body: z.string(),
  /** Release notes, an epic, a stack …, where the texts are of several forms. */
  form: z.string().default(''),
  language: z.string().default('en'),
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
export function readLabelled({ repository, number, title, body, knownIssues: rows }: GoldIssue) {
  const issue: IssueText = { repository, number, title, body, bodyCut: false };
  const trackerUrl = 'https://git.example.test';
  const text = readText(issue, { agentNames, trackerUrl, known: knownIssues(rows) });
  const { mentions } = text;
  return {
    issue,
    mentions,
    offline: readOffline(issue, agentNames, { text }),
    question: modelQuestion({ issue, mentions, agentNames }),
  };
}

/** What a scripted model is given: an issue, and what it is asked about. */
export interface Asked {
  readonly row: GoldIssue;
  /** Without their numbers. */
  readonly sentences: readonly string[];
  readonly references: readonly { readonly ref: string; readonly sentences: readonly number[] }[];
}

/** A scripted model answers the question about a labelled issue. */
export interface ScriptedModel {
  readonly name: string;
  readonly answer: (asked: Asked) => object;
}

interface Edge {
  readonly direction: Dependency['direction'];
  readonly ref: string;
}

/** How a model did with the labelled issues. */
export interface Evaluation {
  readonly name: string;
  readonly right: number;
  readonly wrong: readonly string[];
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
  /** Right edges of the text that the model denies. */
  readonly disputedRight: number;
  /** Of those that block: neither proposed nor disputed. */
  readonly blocking: { readonly right: number; readonly wrong: readonly string[] };
}

/**
 * Reads the labelled issues with this model; targets the tracker does not hold are dropped, as Gitea would, and
 * so is what the model disputes. A proposal counts: it is how the model reads the text. `second`: the model that is
 * asked for a second opinion.
 */
export function evaluateModel(
  rows: readonly GoldIssue[],
  model: ScriptedModel,
  second?: ScriptedModel,
): Evaluation {
  const results = rows.map((row) => evaluateRow(row, model, second));
  const sum = (count: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    name: model.name,
    right: sum(({ right }) => right),
    wrong: results.flatMap(({ wrong }) => wrong),
    missed: results.flatMap(({ missed }) => missed),
    implicitFound: sum(({ implicitFound }) => implicitFound),
    implicit: sum(({ implicit }) => implicit),
    ofModel: sum(({ ofModel }) => ofModel),
    ofModelRight: sum(({ ofModelRight }) => ofModelRight),
    ruledOut: results.flatMap(({ ruledOut }) => ruledOut),
    traps: results.flatMap(({ traps }) => traps),
    disputedRight: sum(({ disputedRight }) => disputedRight),
    blocking: {
      right: sum(({ blocking }) => blocking.right),
      wrong: results.flatMap(({ blocking }) => blocking.wrong),
    },
  };
}

/** Harmonic mean of precision and recall. */
export function f1({ right, wrong, missed }: Pick<Evaluation, 'right' | 'wrong' | 'missed'>) {
  return (2 * right) / (2 * right + wrong.length + missed.length);
}

export function precision({ right, wrong }: Pick<Evaluation, 'right' | 'wrong'>): number {
  return right / (right + wrong.length);
}

/** F1 of the edges that only understanding finds: found ones, and those that only the model made up. */
export function implicitF1(result: Evaluation): number {
  const { implicit, implicitFound, ofModel, ofModelRight } = result;
  return (2 * implicitFound) / (implicit + implicitFound + ofModel - ofModelRight);
}

/** The reading of a labelled issue when the model answers like this. */
export function readWith(row: GoldIssue, answer: object) {
  const { question, offline } = readLabelled(row);
  return mergeAnswer({
    question,
    offline,
    answer: answerSchema.parse({ ...emptyAnswer, ...answer }),
    model: 'scripted',
  });
}

/** What a scripted model is asked about a labelled issue. */
export function askedAbout(row: GoldIssue): Asked {
  return askedIn(row, readLabelled(row).question);
}

function askedIn(row: GoldIssue, { sentences, references }: ModelQuestion): Asked {
  const numbersOf = (places: (typeof references)[number]['places']) => [
    ...new Set(places.flatMap((place) => place.sentences)),
  ];
  const listed = references.map(({ ref, places }) => ({ ref, sentences: numbersOf(places) }));
  return { row, sentences, references: listed };
}

function evaluateRow(row: GoldIssue, model: ScriptedModel, second: ScriptedModel | undefined) {
  const { issue, mentions } = readLabelled(row);
  const first = readWith(row, model.answer(askedAbout(row)));
  const reading = second === undefined ? first : confirmed(row, first, second);
  const known = new Set(row.knownIssues.map(({ ref }) => refSeenFrom(issue, ref)));
  const all = reading.dependencies
    .map((edge) => ({ ...edge, ref: localRef(issue, edge) }))
    .filter(({ ref }) => known.has(ref));
  const edges = all.filter(({ standing }) => standing !== 'disputed');
  const gold = goldEdges(row);
  const isRight = (edge: Edge) => gold.some((labelled) => isSame(labelled, edge));
  const ofModel = edges.filter(({ source }) => source === 'model');
  const none = new Set(row.gold.notDependencies.map((ref) => refSeenFrom(issue, ref)));
  const named = (edge: Edge) => `${row.id} ${edge.direction} ${edge.ref}`;
  const missed = gold.filter((labelled) => !edges.some((edge) => isSame(labelled, edge)));
  return {
    right: edges.filter(isRight).length,
    wrong: edges.filter((edge) => !isRight(edge)).map((edge) => `${named(edge)} (${edge.source})`),
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
    disputedRight: all.filter((edge) => edge.standing === 'disputed' && isRight(edge)).length,
    blocking: {
      right: all.filter((edge) => countsAsEdge(edge) && isRight(edge)).length,
      wrong: all.filter((edge) => countsAsEdge(edge) && !isRight(edge)).map(named),
    },
  };
}

/** The reading after another model was asked about what only the first one says. */
function confirmed(row: GoldIssue, reading: Reading, second: ScriptedModel): Reading {
  const { issue, mentions } = readLabelled(row);
  const only = edgesToConfirm(issue, reading.dependencies);
  if (only.size === 0) return reading;
  const question = modelQuestion({ issue, mentions, agentNames, only });
  const answer = answerSchema.parse({ ...emptyAnswer, ...second.answer(askedIn(row, question)) });
  return withSecondOpinion(issue, reading, groundAnswer(question, answer));
}

function isSame(one: Edge, other: Edge): boolean {
  return one.ref === other.ref && one.direction === other.direction;
}

/** Why a labelled edge is not there, as far as the grammar can tell. */
function whyNot(issue: IssueText, mentions: readonly Mention[], { ref }: Edge): string {
  const named = mentions.filter((mention) => localRef(issue, mention) === ref);
  if (named.length === 0) return 'not found in the text';
  return named
    .map(({ verdict }) => ('reason' in verdict ? (verdict.reason ?? verdict.kind) : verdict.kind))
    .join(', ');
}

/** The labelled edges, seen from the issue itself. */
export function goldEdges(row: GoldIssue) {
  const { blockedBy, blocks } = row.gold;
  const seen = (edge: z.infer<typeof edgeSchema>) => ({
    ...edge,
    ref: refSeenFrom({ ...row, bodyCut: false }, edge.ref),
  });
  return [
    ...blockedBy.map((edge) => ({ ...seen(edge), direction: 'blocked_by' as const })),
    ...blocks.map((edge) => ({ ...seen(edge), direction: 'blocks' as const })),
  ];
}

/** A full ref as an answer names it: `#7` in its own repository. */
export function refSeenFrom(issue: IssueText, ref: string): string {
  const [repository = '', number] = ref.split('#');
  return localRef(issue, { repository, number: Number(number) });
}
