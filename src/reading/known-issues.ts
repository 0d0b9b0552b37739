import { codesOfTitle } from '../issue/codes.ts';
import type { KnownIssues } from './read-text.ts';

/** An issue of the tracker, as far as texts are checked against it. */
export interface KnownIssue {
  /** `owner/repo#12`. */
  readonly ref: string;
  readonly title: string;
}

/** The issues listed beside a text, as the tracker. */
export function knownIssues(rows: readonly KnownIssue[]): KnownIssues {
  const refs = new Set(rows.map(({ ref }) => ref.toLowerCase()));
  const coded = rows.map(({ ref, title }) => ({ ref, codes: codesOfTitle(title) }));
  return {
    has: (ref) => refs.has(ref.toLowerCase()),
    refsWithCode: (code) => coded.filter(({ codes }) => codes.includes(code)).map(({ ref }) => ref),
  };
}
