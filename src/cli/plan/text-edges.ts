import type { PlanEdge } from '../../issue/plan.ts';
import { proposalOf, removalLine, type Proposal } from '../../issue/proposals.ts';
import { countsAsEdge, type Dependency, type IssueText } from '../../issue/reading.ts';
import { formatRef } from '../../issue/ref.ts';

/** An end of a dependency of one text; whether it is open is not known without the tracker. */
export type TextEdge = Omit<PlanEdge, 'state'>;

/** What one text comes to between issues, in the form of the API. */
export interface TextEdges {
  readonly blockedBy: readonly TextEdge[];
  readonly blocks: readonly TextEdge[];
  readonly proposals: readonly Proposal[];
}

/** The ref of a text's issue: `acme/orbit#12`, or `#NUMBER` for a text that is of no issue yet (number 0). */
export function ownRef(issue: IssueText): string {
  return issue.number === 0 ? '#NUMBER' : formatRef(issue);
}

/** The dependencies of a text that count, each with the line that ends it where it rests on Claude alone, and the others. */
export function edgesOfText(issue: IssueText, dependencies: readonly Dependency[]): TextEdges {
  const own = ownRef(issue);
  const home = issue.number === 0 ? '' : issue.repository;
  const refOf = ({ repository, number }: Dependency) =>
    formatRef({ repository: repository ?? home, number });
  const inDirection = (wanted: Dependency['direction']) =>
    dependencies
      .filter((edge) => edge.direction === wanted && countsAsEdge(edge))
      .map((edge): TextEdge => {
        const { source, evidence } = edge;
        const ref = refOf(edge);
        const isMarked = wanted === 'blocked_by' && source === 'model';
        return {
          ...{ ref, source, evidence },
          ...(isMarked ? { removeWith: removalLine(own, ref) } : {}),
        };
      });
  return {
    blockedBy: inDirection('blocked_by'),
    blocks: inDirection('blocks'),
    proposals: dependencies.flatMap((edge) => {
      const { direction, evidence, standing = 'counts' } = edge;
      if (standing === 'counts') return [];
      return [proposalOf(own, { ref: refOf(edge), direction, standing, evidence, readIn: own })];
    }),
  };
}
