/** Why a reference in a text is no dependency of the issue. */
export const exclusionReasons = [
  'negated',
  'retracted',
  'struck_through',
  'quoted',
  'code',
  'comment',
  'hypothetical',
  'question',
  'history',
  'related',
  'part_of',
  'third_party',
  'foreign_url',
  'context_only',
  'self',
  'unknown_target',
  'contradiction',
  'code_mismatch',
  'instruction',
  'not_a_reference',
] as const;
export type ExclusionReason = (typeof exclusionReasons)[number];

/** Meaning of a reference in the text, as far as the grammar can tell. */
export type Verdict =
  | { readonly kind: 'dependency'; readonly direction: 'blocked_by' | 'blocks' }
  /** A checked task: it was a dependency, which is met. */
  | { readonly kind: 'met'; readonly direction: 'blocked_by' | 'blocks' }
  | { readonly kind: 'ruled_out'; readonly reason: ExclusionReason }
  /** The grammar cannot decide: the model may. */
  | { readonly kind: 'undecided' };

/** One place in the title or body that names another issue. */
export interface Mention {
  /** `owner/repo` as written; null for the issue's own repository. */
  readonly repository: string | null;
  readonly number: number;
  readonly verdict: Verdict;
  /** The sentence, list item or table row around it, as it stands in the text, at most 500 characters. */
  readonly sentence: string;
  /** The words that decided, exactly as they stand in the text, at most 200 characters. */
  readonly evidence: string;
}

/** A mention with the direction of its words, also where they deny it. */
export interface DirectedMention {
  readonly mention: Mention;
  readonly direction: 'blocked_by' | 'blocks' | undefined;
  /** The address of an issue on another host. */
  readonly address?: string | undefined;
}
