import { thousands } from '../../lib/text.ts';
import { formulaTokens, hasFactors } from '../../issue/formula.ts';
import { acceptedEdges, groundAnswer, namesAgent, type ReadText } from './grounding.ts';
import type { ModelAnswer } from './question.ts';
import type { Dependency, IssueText, Reading, Source, Warning } from '../../issue/reading.ts';
import { localRef } from './asked-references.ts';

/**
 * Who is believed, first to last. Of values the first who says something counts; edges are all kept, and
 * where two say opposite things of one pair the first counts.
 */
const authority: readonly Source[] = ['gitea', 'declared', 'model', 'formula', 'default'];

/** Sizes of the text and of Claude that differ by no more than this share are no disagreement. */
const toleratedDifference = 0.25;

interface Merge extends ReadText {
  /** The reading without the model. */
  readonly offline: Reading;
  readonly answer: ModelAnswer;
  readonly model: string;
  readonly agentNames: readonly string[];
}

/**
 * Puts the model's answer, as far as the text bears it out, below the explicit text. What is overruled
 * becomes a warning with both values.
 */
export function mergeAnswer({ issue, mentions, offline, answer, model, agentNames }: Merge) {
  const text = { issue, mentions };
  const grounded = groundAnswer(text, answer, agentNames);
  const accepted = acceptedEdges(text, grounded);
  const edges = mergeEdges(issue, [...offline.dependencies, ...accepted.edges]);
  const agent = grounded.assigned_agent;
  const factors = {
    files: offline.factors.files ?? answer.files,
    complexity: offline.factors.complexity ?? answer.complexity,
    tests: offline.factors.tests ?? answer.tests,
    docs: offline.factors.docs ?? answer.docs,
  };
  const formula = hasFactors(factors) ? formulaTokens(factors) : null;
  const values = {
    estimatedContext: strongest(
      from('model', answer.estimated_context_tokens),
      from('formula', formula),
      offline.estimatedContext,
    ),
    difficulty: strongest(from('model', answer.difficulty), offline.difficulty),
    assignedAgent: strongest<string | null>(
      from('model', agent !== null && namesAgent(issue, agent) ? agent : null),
      offline.assignedAgent,
    ),
    factors,
  };
  const helped =
    accepted.edges.length > 0 ||
    Object.values(factors).some((value) => value !== null) ||
    [values.estimatedContext, values.difficulty, values.assignedAgent].some(
      ({ source }) => source === 'model',
    );
  const complete =
    values.estimatedContext.source !== 'default' && values.difficulty.source !== 'default';
  const reading: Reading = {
    ...offline,
    ...values,
    ...(answer.estimated_context_tokens === null
      ? {}
      : { modelContext: answer.estimated_context_tokens }),
    outcome: complete ? 'complete' : 'partial',
    model,
    dependencies: edges.dependencies,
    warnings: [
      ...offline.warnings.filter(({ code }) => !helped || code !== 'nothing_readable'),
      ...valueDisagreements(offline, grounded),
      ...edges.warnings,
      ...accepted.warnings,
      ...missedDependencies(issue, offline, grounded),
    ],
  };
  return reading;
}

interface Field<T> {
  readonly value: T;
  readonly source: Source;
  readonly evidence: string | null;
}

function from<T>(source: Source, value: T | null): Field<T> | undefined {
  return value === null ? undefined : { value, source, evidence: null };
}

/** The field of the highest authority; of equals the first. */
function strongest<T>(...fields: [...(Field<T> | undefined)[], Field<T>]): Field<T> {
  const said = fields.filter((field) => field !== undefined);
  return said.reduce((best, field) => (rank(field) < rank(best) ? field : best));
}

function rank({ source }: { readonly source: Source }): number {
  return authority.indexOf(source);
}

/**
 * One edge a pair and direction, from the highest authority that says so. A pair declared in both
 * directions is decided by the highest authority; when that contradicts itself there is neither.
 */
export function mergeEdges(
  issue: IssueText,
  edges: readonly Dependency[],
): { dependencies: Dependency[]; warnings: Warning[] } {
  const byTarget = Map.groupBy(edges, (edge) => localRef(issue, edge));
  const merged = [...byTarget].map(([ref, said]) => {
    const [first, ...rest] = [...said].sort((a, b) => rank(a) - rank(b));
    const other = rest.find(({ direction }) => direction !== first?.direction);
    if (first === undefined || other === undefined) return { kept: first, warning: undefined };
    return other.source === first.source
      ? { kept: undefined, warning: contradicts(ref, first) }
      : { kept: first, warning: turnedRound(ref, first, other) };
  });
  return {
    dependencies: merged.flatMap(({ kept }) => kept ?? []),
    warnings: merged.flatMap(({ warning }) => warning ?? []),
  };
}

const speakers: Record<Source, string> = {
  gitea: 'Gitea',
  declared: 'the text',
  model: 'Claude',
  formula: 'the formula',
  default: 'nobody',
};

function turnedRound(ref: string, first: Dependency, other: Dependency): Warning {
  const winner = speakers[first.source];
  const loser = speakers[other.source];
  const text = `${capital(winner)} says that ${inWords(ref, first)}, ${loser} that ${inWords(ref, other)}: ${winner} counts.`;
  return { code: 'direction_disagrees', text };
}

function contradicts(ref: string, { source }: Dependency): Warning {
  const text = `${capital(speakers[source])} says both that this issue waits for ${ref} and that ${ref} waits for it: neither counts.`;
  return { code: 'direction_contradicts', text };
}

function inWords(ref: string, { direction }: Pick<Dependency, 'direction'>): string {
  return direction === 'blocked_by' ? `this issue waits for ${ref}` : `${ref} waits for this issue`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function valueDisagreements(offline: Reading, answer: ModelAnswer): Warning[] {
  const { factors } = offline;
  return [
    ...sizeDisagrees(offline.estimatedContext, answer.estimated_context_tokens),
    ...disagreement('difficulty', declared(offline.difficulty), answer.difficulty),
    ...disagreement('agent', declared(offline.assignedAgent), answer.assigned_agent),
    ...disagreement('files', factors.files, answer.files),
    ...disagreement('complexity', factors.complexity, answer.complexity),
    ...disagreement('tests', factors.tests, answer.tests),
    ...disagreement('docs', factors.docs, answer.docs),
  ];
}

function declared<T>({ value, source }: Field<T>): T | null {
  return rank({ source }) < rank({ source: 'model' }) ? value : null;
}

function sizeDisagrees(field: Field<number>, answered: number | null): Warning[] {
  const size = declared(field);
  if (size === null || answered === null) return [];
  if (Math.abs(answered - size) <= size * toleratedDifference) return [];
  return disagreement('size', `${thousands(size)} tokens`, `${thousands(answered)} tokens`);
}

function disagreement<T extends string | number>(
  name: string,
  said: T | null,
  answered: T | null,
): Warning[] {
  if (said === null || answered === null || answered === said) return [];
  const text = `The text declares ${name} ${said}, Claude reads ${answered}: the text counts.`;
  return [{ code: `${name}_disagrees`, text }];
}

/** Dependencies of the text of which the model says that they are none. */
function missedDependencies(issue: IssueText, offline: Reading, answer: ModelAnswer): Warning[] {
  return offline.dependencies.flatMap((dependency) => {
    const ref = localRef(issue, dependency);
    const said = answer.relations.filter((relation) => relation.ref === ref);
    if (said.length === 0 || said.some(({ relation }) => relation !== 'neither')) return [];
    const text = `The text says that ${inWords(ref, dependency)}, Claude that neither waits for the other: the text counts.`;
    return [{ code: 'dependency_disagrees', text }];
  });
}
