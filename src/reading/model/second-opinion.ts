import type { Dependency, IssueText, Reading } from '../../issue/reading.ts';
import { countsAsEdge } from '../../issue/reading.ts';
import type { ModelAnswer } from './answer.ts';
import { localRef } from '../../issue/ref.ts';
import { withModelStanding } from './standing.ts';

/** The references for which this issue would wait because one model says so, and nobody else. */
export function edgesToConfirm(
  issue: IssueText,
  dependencies: readonly Dependency[],
): ReadonlySet<string> {
  return new Set(dependencies.filter(isOfModelAlone).map((edge) => localRef(issue, edge)));
}

/** The reading after another model was asked about those: where it says something else, the edge is a proposal. */
export function withSecondOpinion(
  issue: IssueText,
  reading: Reading,
  { relations }: Pick<ModelAnswer, 'relations'>,
): Reading {
  const dependencies = reading.dependencies.map((edge): Dependency => {
    const ref = localRef(issue, edge);
    const said = relations.filter((relation) => relation.ref === ref);
    const shared = said.length === 0 || said.some(({ relation }) => relation === edge.direction);
    return isOfModelAlone(edge) ? withModelStanding(edge, shared) : edge;
  });
  return { ...reading, dependencies };
}

function isOfModelAlone(edge: Dependency): boolean {
  return edge.source === 'model' && edge.direction === 'blocked_by' && countsAsEdge(edge);
}
