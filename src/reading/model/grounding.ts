import type { ModelAnswer, Relation } from './answer.ts';
import { evidenceJoint, type Dependency, type IssueText } from '../../issue/reading.ts';
import type { Warning } from '../../issue/warnings.ts';
import { isInstruction } from '../other-words.ts';
import { parseLocalRef } from '../../issue/ref.ts';
import { isOpen } from './asked-references.ts';
import type { AskedReference, ModelQuestion } from './question.ts';
import { withModelStanding } from './standing.ts';
import { foldedText } from '../visible-text.ts';

/** Maximum dependencies taken from the model in each direction. */
const maxDependencies = 20;
const evidenceLength = 200;
/** Maximum number of references that a warning names. */
const maxRefs = 10;

/**
 * Grounds an answer in the text: drops unknown agents, references that were not asked about, sentences that are
 * not there, and relations without one. Only a grounded answer may be stored: it holds no word of the model.
 */
export function groundAnswer(question: ModelQuestion, answer: ModelAnswer): ModelAnswer {
  const { issue, sentences, references } = question;
  const asked = new Set(references.map(({ ref }) => ref));
  const relations = answer.relations.flatMap(({ ref: said, relation, ...named }): Relation[] => {
    const ref = parseLocalRef(issue, said);
    if (ref === undefined || !asked.has(ref)) return [];
    if (relation === 'neither') return [{ ref, relation, sentences: [] }];
    const known = named.sentences.filter((number) => number <= sentences.length);
    return known.length === 0 ? [] : [{ ref, relation, sentences: known }];
  });
  return { ...answer, ...groundedValues(question, answer), relations: distinct(relations) };
}

/**
 * What is declared stands in a sentence that does not talk to its reader; a value without one is an estimate,
 * and an agent without one nobody's recommendation. No estimate stands beside a declared value.
 */
function groundedValues({ agentNames, sentences }: ModelQuestion, answer: ModelAnswer) {
  const stands = (number: number | null) => {
    const sentence = sentences[(number ?? 0) - 1];
    return sentence !== undefined && !isInstruction(sentence);
  };
  const hasSize = stands(answer.declared_context_sentence);
  const hasDifficulty = stands(answer.declared_difficulty_sentence);
  const tokens = hasSize ? answer.declared_context_tokens : null;
  const difficulty = hasDifficulty ? answer.declared_difficulty : null;
  const agent = stands(answer.declared_agent_sentence)
    ? (agentNames.find((name) => name === answer.declared_agent) ?? null)
    : null;
  return {
    declared_context_tokens: tokens,
    declared_context_sentence: tokens === null ? null : answer.declared_context_sentence,
    declared_difficulty: difficulty,
    declared_difficulty_sentence: difficulty === null ? null : answer.declared_difficulty_sentence,
    declared_agent: agent,
    declared_agent_sentence: agent === null ? null : answer.declared_agent_sentence,
    estimated_context_tokens:
      tokens === null ? (answer.estimated_context_tokens ?? answer.declared_context_tokens) : null,
    estimated_difficulty:
      difficulty === null ? (answer.estimated_difficulty ?? answer.declared_difficulty) : null,
  };
}

function distinct(relations: readonly Relation[]): Relation[] {
  const byText = new Map(relations.map((relation) => [JSON.stringify(relation), relation]));
  return [...byText.values()];
}

/**
 * The edges of a grounded answer that the text supports: no sentence that is named alone has the reference in
 * places that are ruled out, and no person denies it anywhere. The rest is a warning.
 */
export function acceptedEdges(
  question: ModelQuestion,
  { relations }: Pick<ModelAnswer, 'relations'>,
): { edges: Dependency[]; warnings: Warning[] } {
  const asked = new Map(question.references.map((reference) => [reference.ref, reference]));
  const edges = new Map<string, Dependency>();
  const ruledOut = new Set<string>();
  for (const { ref, relation, sentences } of relations) {
    const reference = asked.get(ref);
    const place = reference?.places[0]?.mention;
    if (relation === 'neither' || reference === undefined || place === undefined) continue;
    if (reference.denied || standsOnlyRuledOut(reference, sentences)) ruledOut.add(ref);
    else if (!edges.has(`${relation} ${ref}`))
      edges.set(
        `${relation} ${ref}`,
        withModelStanding({
          direction: relation,
          repository: ref.startsWith('#') ? null : place.repository,
          number: place.number,
          source: 'model',
          evidence: evidenceIn(question, sentences, place.number),
        }),
      );
  }
  for (const key of edges.keys()) ruledOut.delete(key.replace(/^\w+ /, ''));
  const warnings: Warning[] = [];
  if (ruledOut.size > 0) {
    const refs = [...ruledOut].slice(0, maxRefs);
    const params = { refs, more: ruledOut.size - refs.length };
    warnings.push({ code: 'dependency_ruled_out', params });
  }
  const inDirection = Object.groupBy(edges.values(), ({ direction }) => direction);
  return {
    edges: [inDirection.blocked_by ?? [], inDirection.blocks ?? []].flatMap((same) =>
      same.slice(0, maxDependencies),
    ),
    warnings,
  };
}

/** True when the sentences hold the reference, but in no place that the grammar leaves open. */
function standsOnlyRuledOut({ places }: AskedReference, sentences: readonly number[]): boolean {
  const named = places.filter((place) => place.sentences.some((each) => sentences.includes(each)));
  return named.length > 0 && !named.some(({ mention }) => isOpen(mention));
}

/** The words of the sentences, at most 200 characters, with the number of the reference among them. */
function evidenceIn({ sentences }: ModelQuestion, numbers: readonly number[], of?: number): string {
  const words = numbers
    .map((number) => (sentences[number - 1] ?? '').replace(/\s+/g, ' '))
    .join(evidenceJoint);
  const at = of === undefined ? 0 : words.search(new RegExp(String.raw`(?<!\d)${of}(?!\d)`));
  const behind = Math.min(at + evidenceLength / 2, words.length) - evidenceLength;
  const start = at < evidenceLength - 20 ? 0 : Math.max(0, behind);
  return words.slice(start, start + evidenceLength).toWellFormed();
}

/** The words of the sentence that declares a value; null where none does. */
export function evidenceOf(question: ModelQuestion, sentence: number | null): string | null {
  return sentence === null ? null : evidenceIn(question, [sentence]);
}

/** True when the text names this agent; otherwise it cannot recommend it. */
export function namesAgent({ title, body }: IssueText, agent: string): boolean {
  const name = agent.replace(/\W/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\w-])${name}(?![\w-])`, 'i').test(
    foldedText(`${title}\n${body}`),
  );
}
