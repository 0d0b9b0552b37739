import type { Mention } from '../mentions.ts';
import type { ModelAnswer, Relation } from './question.ts';
import type { Dependency, IssueText } from '../../issue/reading.ts';
import type { Warning } from '../../issue/warnings.ts';
import { isOpen, listReferences, parseLocalRef } from './asked-references.ts';
import { foldedText } from '../visible-text.ts';

/** Maximum dependencies taken from the model in each direction. */
const maxDependencies = 20;
const evidenceLength = 200;
/** Maximum number of references that a warning names. */
const maxRefs = 10;
/** A quote must contain a word or a number, not only a dash. */
const saysSomething = /\p{L}{2}|\d/u;

/** An issue's text with its mentions, as the grammar classified them. */
export interface TextWithMentions {
  readonly issue: IssueText;
  readonly mentions: readonly Mention[];
}

/**
 * Grounds an answer in the text: drops unknown agents, references that were not asked about, and relations
 * whose quote does not stand in the text. Only a grounded answer may be stored: every word in it is the
 * issue's own.
 */
export function groundAnswer(
  { issue, mentions }: TextWithMentions,
  answer: ModelAnswer,
  agentNames: readonly string[],
): ModelAnswer {
  const listed = listReferences(issue, mentions);
  const texts = [foldedText(issue.title), foldedText(issue.body)];
  const relations = answer.relations.flatMap(({ ref: said, relation, quote }): Relation[] => {
    const ref = parseLocalRef(issue, said);
    if (ref === undefined || !listed.has(ref)) return [];
    if (relation === 'neither') return [{ ref, relation, quote: null }];
    const words = foldedText(quote ?? '');
    const stands = saysSomething.test(words) && texts.some((text) => text.includes(words));
    return stands ? [{ ref, relation, quote: words }] : [];
  });
  const assigned_agent = agentNames.find((name) => name === answer.assigned_agent) ?? null;
  return { ...answer, assigned_agent, relations: distinct(relations) };
}

function distinct(relations: readonly Relation[]): Relation[] {
  const byText = new Map(relations.map((relation) => [JSON.stringify(relation), relation]));
  return [...byText.values()];
}

/**
 * The edges of a grounded answer that the text supports: the quote lies in the sentence of a mention that
 * the grammar has not ruled out, or around it. A later check asks Gitea if the target exists.
 */
export function acceptedEdges(
  { issue, mentions }: TextWithMentions,
  { relations }: ModelAnswer,
): { edges: Dependency[]; warnings: Warning[] } {
  const listed = listReferences(issue, mentions);
  const edges = new Map<string, Dependency>();
  const ruledOut = new Set<string>();
  for (const { ref, relation, quote } of relations) {
    if (relation === 'neither' || quote === null) continue;
    const places = listed.get(ref) ?? [];
    const quoted = places.filter(({ sentence }) => overlaps(quote, foldedText(sentence)));
    const place = quoted.find(isOpen);
    if (place !== undefined) {
      edges.set(`${relation} ${ref}`, {
        direction: relation,
        repository: ref.startsWith('#') ? null : place.repository,
        number: place.number,
        source: 'model',
        evidence: quote.slice(0, evidenceLength),
      });
    } else if (quoted.length > 0 || !places.some(isOpen)) ruledOut.add(ref);
  }
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

function overlaps(quote: string, sentence: string): boolean {
  return sentence !== '' && (sentence.includes(quote) || quote.includes(sentence));
}

/** True when the text names this agent; otherwise it cannot recommend it. */
export function namesAgent({ title, body }: IssueText, agent: string): boolean {
  const name = agent.replace(/\W/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\w-])${name}(?![\w-])`, 'i').test(
    foldedText(`${title}\n${body}`),
  );
}
