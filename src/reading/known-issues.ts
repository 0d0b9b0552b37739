import { codesOfTitle, type KnownCodes } from '../issue/codes.ts';
import type { IssueText } from '../issue/reading.ts';
import { formatRef } from '../issue/ref.ts';

/** The issues of the tracker that a text is checked against. Refs are `owner/repo#12`. */
export interface KnownIssues {
  /** Only some issues are known: an unknown one may exist all the same. */
  readonly partial?: true;
  readonly has: (ref: string) => boolean;
  /** The issues whose title carries a code such as COORD-005. */
  readonly refsWithCode: (code: string) => readonly string[];
}

/** A text with the stored issues that its codes name. */
export interface CodedText extends IssueText {
  readonly known?: KnownCodes | undefined;
}

/** One issue of a complete tracker. */
export interface KnownIssue {
  /** `owner/repo#12`. */
  readonly ref: string;
  readonly title: string;
}

/** A complete tracker: the issues listed beside a text. */
export function knownIssues(rows: readonly KnownIssue[]): KnownIssues {
  const refs = new Set(rows.map(({ ref }) => ref.toLowerCase()));
  const coded = rows.map(({ ref, title }) => ({ ref, codes: codesOfTitle(title) }));
  return {
    has: (ref) => refs.has(ref.toLowerCase()),
    refsWithCode: (code) => coded.filter(({ codes }) => codes.includes(code)).map(({ ref }) => ref),
  };
}

/** A partial tracker: the issues that the codes of a text name. */
export function knownByCodes(repository: string, { carriers, titled }: KnownCodes): KnownIssues {
  const known = new Set([...titled].map((number) => refKey(repository, number)));
  return {
    partial: true,
    has: (ref) => known.has(ref.toLowerCase()),
    refsWithCode: (code) =>
      (carriers.get(code) ?? []).map((number) => formatRef({ repository, number })),
  };
}

function refKey(repository: string, number: number): string {
  return formatRef({ repository, number }).toLowerCase();
}
