import type { DirectedMention, ExclusionReason } from './mentions.ts';
import type { IssueText } from '../issue/reading.ts';
import { formatRef } from '../issue/ref.ts';

/** A dependency denied in such words further down is retracted. */
const retracting: readonly ExclusionReason[] = ['negated', 'history'];

/**
 * Excludes the dependencies that the rest of the text contradicts: those retracted further down, and those
 * declared in both directions.
 */
export function resolveContradictions(
  found: readonly DirectedMention[],
  issue: IssueText,
): DirectedMention[] {
  const retractedAt = new Map<string, number>();
  const directions = new Map<string, Set<string>>();
  const keyOf = ({ mention: { repository, number } }: DirectedMention) =>
    formatRef({ repository: repository ?? issue.repository, number }).toLowerCase();
  for (const [index, item] of found.entries()) {
    const { verdict } = item.mention;
    if (
      verdict.kind === 'ruled_out' &&
      retracting.includes(verdict.reason) &&
      item.direction !== undefined
    )
      retractedAt.set(`${item.direction} ${keyOf(item)}`, index);
  }
  const kept = found.map((item, index) => {
    const { verdict } = item.mention;
    if (verdict.kind !== 'dependency') return item;
    const at = retractedAt.get(`${verdict.direction} ${keyOf(item)}`) ?? -1;
    if (at > index) return exclude(item, 'retracted');
    const both = directions.get(keyOf(item)) ?? new Set();
    directions.set(keyOf(item), both.add(verdict.direction));
    return item;
  });
  return kept.map((item) =>
    item.mention.verdict.kind === 'dependency' && directions.get(keyOf(item))?.size === 2
      ? exclude(item, 'contradiction')
      : item,
  );
}

function exclude(found: DirectedMention, reason: ExclusionReason): DirectedMention {
  return { ...found, mention: { ...found.mention, verdict: { kind: 'ruled_out', reason } } };
}
