import type { Dependency } from '../../issue/reading.ts';

/**
 * An edge that the model alone reads, with its standing. It is `proposed` where another issue would have to wait,
 * which its own text, Gitea or a person confirms, and where the second opinion does not share it.
 */
export function withModelStanding(edge: Dependency, isShared = true): Dependency {
  const isProposed = edge.direction === 'blocks' || !isShared;
  return isProposed ? { ...edge, standing: 'proposed' } : edge;
}
