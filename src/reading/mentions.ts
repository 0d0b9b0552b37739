/**
 * Why a mention is no dependency, whoever reads it: a person says so, or code can prove it. It is decided in
 *
 * - `markdown/` (`inline.ts`, `markdown.ts`): `code`, `quoted` by marks, `comment`, `struck_through`;
 * - `other-words.ts`: `quoted` mails, `other_project`, `instruction`;
 * - `grammar/` (`rules.ts`, `objections.ts`, `classify.ts`): `negated`, `not_a_reference`, `quoted` by quotation marks, `code` by a key of JSON;
 * - `read-mentions.ts`: `foreign_url`, `not_a_reference` for colours; a ticked box is a verdict of its own (`met`);
 * - `expand-reference.ts`: `self`, `unknown_target`, `code_mismatch`;
 * - `read-text.ts`: `retracted`, `contradiction`.
 */
export const hardReasons = [
  'negated',
  'retracted',
  'struck_through',
  'quoted',
  'code',
  'comment',
  'foreign_url',
  'self',
  'unknown_target',
  'contradiction',
  'code_mismatch',
  'instruction',
  'other_project',
  'not_a_reference',
] as const;
export type HardReason = (typeof hardReasons)[number];

/**
 * Words that speak against a dependency: none offline, a question with Claude. They stand in `grammar/`, those of a list
 * in `grammar/remarks.ts`.
 */
export const softReasons = ['related', 'part_of', 'uncertain', 'history', 'context_only'] as const;
export type SoftReason = (typeof softReasons)[number];

export type Direction = 'blocked_by' | 'blocks';

/**
 * How a dependency is said: `template` by the structure of the text (the line of the issue template, a heading or
 * label over a list, a table, a trailer), `phrase` in a sentence.
 */
export type DependencyForm = 'template' | 'phrase';

/** Meaning of a reference in the text, as far as the grammar can tell. */
export type Verdict =
  | { readonly kind: 'dependency'; readonly direction: Direction; readonly form: DependencyForm }
  /** A checked task: it was a dependency, which is met. */
  | { readonly kind: 'met'; readonly direction: Direction }
  | { readonly kind: 'ruled_out'; readonly reason: HardReason }
  /** The grammar cannot decide, so offline there is no edge: the model may. */
  | { readonly kind: 'undecided'; readonly reason?: SoftReason | undefined };

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

/** What a person says to end a dependency: "not blocked by", "no longer", an edit, a strike, a tick. */
export function isDenial({ verdict }: Mention): boolean {
  if (verdict.kind !== 'ruled_out') return verdict.kind === 'met';
  return ['negated', 'retracted', 'struck_through'].includes(verdict.reason);
}

/** A denial, or another relation: "related to", "see". No dependency that Claude alone reads outlives it. */
export function speaksAgainst(mention: Mention): boolean {
  const { verdict } = mention;
  if (verdict.kind !== 'undecided') return isDenial(mention);
  return verdict.reason === 'related' || verdict.reason === 'context_only';
}

/** A mention with the direction of its words, also where they deny it. */
export interface DirectedMention {
  readonly mention: Mention;
  readonly direction: Direction | undefined;
  /** The address of an issue on another host. */
  readonly address?: string | undefined;
}
