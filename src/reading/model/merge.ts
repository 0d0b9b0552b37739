import type { Factors } from '../../issue/factors.ts';
import { formulaTokens, hasFactors } from '../../issue/estimate.ts';
import { acceptedEdges, groundAnswer, namesAgent, type TextWithMentions } from './grounding.ts';
import type { ModelAnswer } from './question.ts';
import type { IssueText, Reading } from '../../issue/reading.ts';
import type { Warning } from '../../issue/warnings.ts';
import { localRef } from './asked-references.ts';
import { from, mergeEdges, rank, strongest, type SourcedValue } from './source-precedence.ts';

/** Maximum difference, as a share, between two sizes that do not count as a disagreement. */
const toleratedDifference = 0.25;

interface AnswerMerge extends TextWithMentions {
  /** The reading without the model. */
  readonly offline: Reading;
  readonly answer: ModelAnswer;
  readonly model: string;
  readonly agentNames: readonly string[];
}

/**
 * Merges the model's answer, as far as the text supports it, below the explicit text. Each overruled value
 * becomes a warning that names both.
 */
export function mergeAnswer({ issue, mentions, offline, answer, model, agentNames }: AnswerMerge) {
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

function valueDisagreements(offline: Reading, answer: ModelAnswer): Warning[] {
  const { factors } = offline;
  return [
    ...sizeDisagrees(offline.estimatedContext, answer.estimated_context_tokens),
    ...disagreement('difficulty_disagrees', declared(offline.difficulty), answer.difficulty),
    ...disagreement('agent_disagrees', declared(offline.assignedAgent), answer.assigned_agent),
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

/** Warnings for dependencies of the text that the model denies. */
function missedDependencies(issue: IssueText, offline: Reading, answer: ModelAnswer): Warning[] {
  return offline.dependencies.flatMap((dependency) => {
    const ref = localRef(issue, dependency);
    const said = answer.relations.filter((relation) => relation.ref === ref);
    if (said.length === 0 || said.some(({ relation }) => relation !== 'neither')) return [];
    const params = { ref, direction: dependency.direction };
    return [{ code: 'dependency_disagrees', params }];
  });
}
