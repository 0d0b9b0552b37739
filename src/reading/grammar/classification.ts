import type { ExclusionReason } from '../mentions.ts';

/** Meaning of one list of references, by the words around it in one sentence. */
export interface Classification {
  readonly kind: 'dependency' | 'ruled_out' | 'undecided';
  readonly direction: 'blocked_by' | 'blocks' | undefined;
  readonly reason: ExclusionReason | undefined;
  /** The words that decided, as a range of the sentence. */
  readonly start: number;
  readonly end: number;
}

/** The lists of references classified so far, by their place in the sentence. */
export type Classifications = Map<number, Classification>;

/** The first classification of a place counts. */
export function keepFirst(
  classified: Classifications,
  at: number,
  classification: Classification,
): void {
  if (!classified.has(at)) classified.set(at, classification);
}

export function excluded(reason: ExclusionReason, at: number): Classification {
  return { kind: 'ruled_out', direction: undefined, reason, start: at, end: at + 1 };
}
