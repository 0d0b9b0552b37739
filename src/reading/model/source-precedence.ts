import type { Dependency, IssueText } from '../../issue/reading.ts';
import type { Source } from '../../issue/source.ts';
import type { Warning } from '../../issue/warnings.ts';
import { localRef } from './asked-references.ts';

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
export function from<T>(source: Source, value: T | null): SourcedValue<T> | undefined {
  return value === null ? undefined : { value, source, evidence: null };
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

function turnedRound(ref: string, first: Dependency, other: Dependency): Warning {
  const { source: winner, direction } = first;
  return { code: 'direction_disagrees', params: { ref, winner, loser: other.source, direction } };
}

function contradicts(ref: string, { source }: Dependency): Warning {
  return { code: 'direction_contradicts', params: { source, ref } };
}
