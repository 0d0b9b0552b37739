import type { HardReason, Mention } from '../mentions.ts';
import type { IssueText } from '../../issue/reading.ts';
import { parseRef } from '../../issue/ref.ts';
import { visibleText } from '../visible-text.ts';

/** A reference of the text, in the form in which the model is asked about it. */
export interface AskedReference {
  /** `#7`, or `acme/lib#7` for another repository. */
  readonly ref: string;
  readonly sentences: readonly string[];
}

/** Maximum references in one question; more are a list, not a plan. The undecided ones come first. */
const maxReferences = 40;
const maxSentences = 2;
const sentenceLength = 300;
/** Maximum mentions used of one reference; a hostile text names one a thousand times. */
const maxMentions = 20;

/** Reasons of mentions that refer to no other issue of the tracker, or that a person does not see. */
const noReference: ReadonlySet<HardReason> = new Set([
  'self',
  'not_a_reference',
  'foreign_url',
  'comment',
  'other_project',
]);

/** The references of a text by `ref`: those the grammar leaves open first, then in order of appearance. */
export function listReferences(
  issue: IssueText,
  mentions: readonly Mention[],
): ReadonlyMap<string, readonly Mention[]> {
  const named = mentions.filter(
    ({ verdict }) => verdict.kind !== 'ruled_out' || !noReference.has(verdict.reason),
  );
  const byRef = Map.groupBy([...named.filter(isOpen), ...named.filter(isSettled)], (mention) =>
    localRef(issue, mention),
  );
  byRef.delete(`#${issue.number}`);
  return new Map(
    [...byRef].slice(0, maxReferences).map(([ref, places]) => [ref, places.slice(0, maxMentions)]),
  );
}

/** The references with their sentences, as far as a person sees them. */
export function describeReferences(
  issue: IssueText,
  mentions: readonly Mention[],
): AskedReference[] {
  return [...listReferences(issue, mentions)].map(([ref, places]) => ({
    ref,
    sentences: [...new Set(places.map(({ sentence }) => visibleQuote(sentence)))]
      .slice(0, maxSentences)
      .map((sentence) => sentence.slice(0, sentenceLength).toWellFormed()),
  }));
}

/** True when the grammar found a dependency here, or could not decide. */
export function isOpen({ verdict }: Mention): boolean {
  return verdict.kind === 'dependency' || verdict.kind === 'undecided';
}

function isSettled(mention: Mention): boolean {
  return !isOpen(mention);
}

/** One name for an issue seen from another: `#7` in its own repository, else `acme/lib#7` in lower case. */
export function localRef(
  issue: IssueText,
  { repository, number }: { readonly repository: string | null; readonly number: number },
): string {
  const name = (repository ?? issue.repository).toLowerCase();
  return name === issue.repository.toLowerCase() ? `#${number}` : `${name}#${number}`;
}

/** The same from what somebody wrote; undefined when that names no issue. */
export function parseLocalRef(issue: IssueText, text: string): string | undefined {
  const ref = parseRef(text.startsWith('#') ? `${issue.repository}${text}` : text);
  return ref === undefined ? undefined : localRef(issue, ref);
}

/** A quote may have been cut inside a comment, whose beginning it lacks then. */
function visibleQuote(sentence: string): string {
  const begin = sentence.indexOf('<!--');
  const end = sentence.indexOf('-->');
  const isCut = end >= 0 && (begin < 0 || end < begin);
  return visibleText(isCut ? sentence.slice(end + '-->'.length) : sentence);
}
