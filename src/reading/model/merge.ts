import type { Factors } from '../../issue/factors.ts';
import { formulaTokens, hasFactors } from '../../issue/estimate.ts';
import type { ModelAnswer } from './answer.ts';
import { acceptedEdges, evidenceOf, groundAnswer, namesAgent } from './grounding.ts';
import type { ModelQuestion } from './question.ts';
import type { Dependency, Reading } from '../../issue/reading.ts';
import type { Warning } from '../../issue/warnings.ts';
import { localRef } from '../../issue/ref.ts';
import { from, mergeEdges, rank, strongest, type SourcedValue } from './source-precedence.ts';

/** Maximum difference, as a share, between two sizes that do not count as a disagreement. */
const toleratedDifference = 0.25;

interface AnswerMerge {
  readonly question: ModelQuestion;
  /** The reading without the model. */
  readonly offline: Reading;
  readonly answer: ModelAnswer;
  readonly model: string;
}

/**
 * Merges the model's answer, as far as the text supports it, below the explicit text. Each overruled value
 * becomes a warning that names both.
 */
export function mergeAnswer({ question, offline, answer, model }: AnswerMerge): Reading {
  const { issue } = question;
  const grounded = groundAnswer(question, answer);
  const accepted = acceptedEdges(question, grounded);
  const declaredEdges = disputed(question, offline.dependencies, grounded);
  const edges = mergeEdges(issue, [...declaredEdges.dependencies, ...accepted.edges]);
  const said = saidValues(question, grounded);
  const factors = {
    files: offline.factors.files ?? answer.files,
    complexity: offline.factors.complexity ?? answer.complexity,
    tests: offline.factors.tests ?? answer.tests,
    docs: offline.factors.docs ?? answer.docs,
  };
  const formula = hasFactors(factors) ? formulaTokens(factors) : null;
  const agent = said.agent?.value ?? null;
  const values = {
    estimatedContext: strongest(said.size, from('formula', formula), offline.estimatedContext),
    difficulty: strongest(said.difficulty, offline.difficulty),
    assignedAgent: strongest<string | null>(
      agent !== null && namesAgent(issue, agent) ? said.agent : undefined,
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
  return {
    ...offline,
    ...values,
    ...(said.size === undefined ? {} : { modelContext: said.size.value }),
    outcome: complete ? 'complete' : 'partial',
    model,
    dependencies: edges.dependencies,
    warnings: [
      ...offline.warnings.filter(({ code }) => !helped || code !== 'nothing_readable'),
      ...valueDisagreements(offline, grounded, said),
      ...edges.warnings,
      ...accepted.warnings,
      ...declaredEdges.warnings,
      ...(question.cut ? [textCut] : []),
    ],
  };
}

const textCut: Warning = { code: 'model_text_cut', params: {} };

/** What the model reads in the text, with the words; else what it estimates. */
function saidValues(question: ModelQuestion, answer: ModelAnswer) {
  const evidence = (sentence: number | null) => evidenceOf(question, sentence);
  return {
    size:
      from('model', answer.declared_context_tokens, evidence(answer.declared_context_sentence)) ??
      from('model', answer.estimated_context_tokens),
    difficulty:
      from('model', answer.declared_difficulty, evidence(answer.declared_difficulty_sentence)) ??
      from('model', answer.estimated_difficulty),
    agent: from('model', answer.declared_agent, evidence(answer.declared_agent_sentence)),
  };
}

/** The dependencies of the text; one that the model was asked about and denies is disputed, with a warning. */
function disputed(
  { issue, references }: ModelQuestion,
  dependencies: readonly Dependency[],
  { relations }: ModelAnswer,
): { dependencies: Dependency[]; warnings: Warning[] } {
  const asked = new Set(references.map(({ ref }) => ref));
  const warnings: Warning[] = [];
  const judged = dependencies.map((dependency): Dependency => {
    const ref = localRef(issue, dependency);
    const said = relations.filter((relation) => relation.ref === ref);
    const isDenied = said.length > 0 && said.every(({ relation }) => relation === 'neither');
    if (!asked.has(ref) || !isDenied) return dependency;
    const params = { ref, direction: dependency.direction };
    warnings.push({ code: 'dependency_disagrees', params });
    return { ...dependency, standing: 'disputed' };
  });
  return { dependencies: judged, warnings };
}

function valueDisagreements(
  offline: Reading,
  answer: ModelAnswer,
  { size, difficulty, agent }: ReturnType<typeof saidValues>,
): Warning[] {
  const { factors } = offline;
  return [
    ...sizeDisagrees(offline.estimatedContext, size?.value ?? null),
    ...disagreement(
      'difficulty_disagrees',
      declared(offline.difficulty),
      difficulty?.value ?? null,
    ),
    ...disagreement('agent_disagrees', declared(offline.assignedAgent), agent?.value ?? null),
    ...disagreement('files_disagrees', factors.files, answer.files),
    ...complexityDisagrees(factors.complexity, answer.complexity),
    ...disagreement('tests_disagrees', factors.tests, answer.tests),
    ...disagreement('docs_disagrees', factors.docs, answer.docs),
  ];
}

function declared<T>({ value, source }: SourcedValue<T>): T | null {
  return rank({ source }) < rank({ source: 'model' }) ? value : null;
}

function sizeDisagrees(field: SourcedValue<number>, answered: number | null): Warning[] {
  const size = declared(field);
  if (size === null || answered === null) return [];
  if (Math.abs(answered - size) <= size * toleratedDifference) return [];
  return [{ code: 'size_disagrees', params: { declared: size, claude: answered } }];
}

function complexityDisagrees(
  complexity: Factors['complexity'],
  answered: Factors['complexity'],
): Warning[] {
  if (complexity === null || answered === null || answered === complexity) return [];
  const params = { complexity, with: 'claude', other: answered } as const;
  return [{ code: 'complexity_disagrees', params }];
}

type Disagreement =
  | 'difficulty_disagrees'
  | 'agent_disagrees'
  | 'files_disagrees'
  | 'tests_disagrees'
  | 'docs_disagrees';

function disagreement(
  code: Disagreement,
  said: string | number | null,
  answered: string | number | null,
): Warning[] {
  if (said === null || answered === null || answered === said) return [];
  return [{ code, params: { declared: said, claude: answered } }];
}
