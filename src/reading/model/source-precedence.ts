import type { Dependency, IssueText } from '../../issue/reading.ts';
import type { Source } from '../../issue/source.ts';
import type { Warning } from '../../issue/warnings.ts';
import { localRef } from '../../issue/ref.ts';

/**
 * Precedence of the sources, highest first: a dependency set on Gitea wins over the text, the text
 * over Claude. Of values the source of the highest precedence counts. Edges of all sources are kept; where
 * two give one pair opposite directions, the higher source wins.
 */
const precedence: readonly Source[] = ['gitea', 'declared', 'model', 'formula', 'default'];

/** A value with its source. */
export interface SourcedValue<T> {
  readonly value: T;
  readonly source: Source;
  readonly evidence: string | null;
}

/** A value of this source; undefined when the source gives none. */
export function from<T>(
  source: Source,
  value: T | null,
  evidence: string | null = null,
): SourcedValue<T> | undefined {
  return value === null ? undefined : { value, source, evidence };
}

/** The value of the highest source; of equals the first. */
export function strongest<T>(
  ...fields: [...(SourcedValue<T> | undefined)[], SourcedValue<T>]
): SourcedValue<T> {
  const said = fields.filter((field) => field !== undefined);
  return said.reduce((best, field) => (rank(field) < rank(best) ? field : best));
}

/** Place of a source in the precedence; the lowest number wins. */
export function rank({ source }: { readonly source: Source }): number {
  return precedence.indexOf(source);
}

/**
 * Merges the edges of all sources to one for each pair of issues. Where sources disagree about the direction,
 * the highest wins; where the highest contradicts itself, neither direction counts.
 */
export function mergeEdges(
  issue: IssueText,
  edges: readonly Dependency[],
): { dependencies: Dependency[]; warnings: Warning[] } {
  const dependencies: Dependency[] = [];
  const warnings: Warning[] = [];
  for (const [ref, said] of Map.groupBy(edges, (edge) => localRef(issue, edge))) {
    const [first, ...rest] = said.toSorted((a, b) => rank(a) - rank(b));
    if (first === undefined) continue;
    const { source, direction } = first;
    const other = rest.find((edge) => edge.direction !== direction);
    if (other?.source === source) {
      warnings.push({ code: 'direction_contradicts', params: { source, ref } });
      continue;
    }
    dependencies.push(first);
    if (other === undefined) continue;
    const params = { ref, winner: source, loser: other.source, direction };
    warnings.push({ code: 'direction_disagrees', params });
  }
  return { dependencies, warnings };
}
