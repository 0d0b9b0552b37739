import { numberSentences } from '../../src/reading/model/numbered-sentences.ts';
import type { Dependency } from '../../src/issue/reading.ts';
import { emptyAnswer } from './claude.ts';
import { goldEdges, refSeenFrom, type Asked, type ScriptedModel } from './gold.ts';
import { randomNumbers } from './random.ts';

interface Relation {
  readonly ref: string;
  readonly sentences: readonly number[];
  readonly relation: string;
}

/** Answers what the labels say: the numbers are those of the sentences of the labelled evidence. */
export const labelledModel: ScriptedModel = {
  name: 'gold labels',
  answer: (asked) => ({ ...labelledValues(asked), relations: labelledRelations(asked) }),
};

function labelledValues({ row: { gold }, sentences }: Asked) {
  const stated = (value: string | number | null) =>
    value === null ? null : numberOf(sentences, String(value));
  return {
    ...emptyAnswer,
    ...gold.factors,
    declared_context_tokens: gold.estimatedContext,
    declared_context_sentence: stated(gold.estimatedContext),
    declared_difficulty: gold.difficulty,
    declared_difficulty_sentence: stated(gold.difficulty),
    declared_agent: gold.assignedAgent,
    declared_agent_sentence: stated(gold.assignedAgent),
  };
}

/** Some sentence, if none has the words. */
function numberOf(sentences: readonly string[], words: string): number {
  const at = sentences.findIndex((each) => each.toLowerCase().includes(words.toLowerCase()));
  return Math.max(1, at + 1);
}

export function labelledRelations({ row, references }: Asked): Relation[] {
  const text = numberSentences(row);
  const gold = goldEdges(row);
  return references.map(({ ref, sentences }) => {
    const edge = gold.find((labelled) => labelled.ref === ref);
    if (edge === undefined) return { ref, sentences: sentences.slice(0, 1), relation: 'neither' };
    return { ref, sentences: text.find(edge.evidence).slice(0, 2), relation: edge.direction };
  });
}

/** Claims one direction for all it is asked about and for all the tracker holds, with every sentence there is. */
export function greedyModel(relation: Dependency['direction']): ScriptedModel {
  return {
    name: `everything ${relation}`,
    answer: ({ row, references, sentences: all }) => ({
      relations: [
        ...references.flatMap(({ ref, sentences }) =>
          [sentences, [1], [all.length], [sentences.length, all.length + 1]].map((numbers) => ({
            ...{ ref, relation, sentences: numbers },
          })),
        ),
        ...row.knownIssues.map(({ ref }) => ({
          ref: refSeenFrom({ ...row, bodyCut: false }, ref),
          relation,
          sentences: [1, 2],
        })),
      ],
    }),
  };
}

/** Answers at random, though always the same: with a sentence of the reference or with any other. */
export function randomModel(seed: number): ScriptedModel {
  const random = createRandom(seed);
  return {
    name: `random ${seed}`,
    answer: ({ references, sentences: all }) => ({
      relations: references.map(({ ref, sentences }) => {
        const numbers = [...sentences, 1 + random(all.length)];
        const relation = ['blocks', 'blocked_by', 'neither'][random(3)] ?? 'neither';
        return { ref, relation, sentences: [numbers[random(numbers.length)] ?? 1] };
      }),
    }),
  };
}

/** Answers the labels, but for a share of the references one of the two other relations. */
export function erringModel(seed: number, share = 0.05): ScriptedModel {
  const random = createRandom(seed);
  return {
    name: `errs on ${100 * share} % of the references, ${seed}`,
    answer: (asked) => ({
      ...labelledValues(asked),
      relations: labelledRelations(asked).map((said, index) => {
        if (random(1_000) >= 1_000 * share) return said;
        const others = ['blocks', 'blocked_by', 'neither'].filter((each) => each !== said.relation);
        const { sentences = [] } = asked.references[index] ?? {};
        return { ref: said.ref, sentences, relation: others[random(2)] ?? 'neither' };
      }),
    }),
  };
}

/** Whole numbers from 0 up to a bound, the same ones for the same seed. */
function createRandom(seed: number): (below: number) => number {
  const next = randomNumbers(seed);
  return (below) => Math.floor(next() * below);
}
