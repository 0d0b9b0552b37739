import type { KnownIssues } from '../issue/read-text.ts';

/** An issue of the tracker, as far as texts are checked against it. */
export interface KnownIssue {
  /** `owner/repo#12`. */
  readonly ref: string;
  readonly title: string;
}

/** The issues listed beside a text, as the tracker. */
export function knownIssues(rows: readonly KnownIssue[]): KnownIssues {
  const refs = new Set(rows.map(({ ref }) => ref.toLowerCase()));
  return {
    has: (ref) => refs.has(ref.toLowerCase()),
    refsWithCode: (code) => {
      const whole = new RegExp(`(?<![\\w-])${code}(?![\\w-])`);
      return rows.filter(({ title }) => whole.test(title)).map(({ ref }) => ref);
    },
  };
}
