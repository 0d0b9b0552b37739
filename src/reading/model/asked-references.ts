import { isDenial, speaksAgainst, type Mention } from '../mentions.ts';
import type { IssueText } from '../../issue/reading.ts';
import { localRef } from '../../issue/ref.ts';
import { visibleText } from '../visible-text.ts';

/** Maximum references in one question; more are a list, not a plan. The undecided ones come first. */
const maxReferences = 40;
/** Maximum mentions used of one reference; a hostile text names one a thousand times. */
const maxMentions = 20;

/** The places of one reference that the model is asked about. */
export interface OpenReference {
  /** `#7`, or `acme/lib#7` for another repository. */
  readonly ref: string;
  readonly places: readonly Mention[];
  /** A person says somewhere that there is no dependency, or none any more: the model alone makes no edge. */
  readonly denied: boolean;
}

/**
 * The references of a text that are worth a question: those with a place that the grammar leaves open, as long
 * as nothing is settled already by the template, a denial or a tick. At most 40, in order of appearance, the
 * undecided ones first.
 */
export function openReferences(issue: IssueText, mentions: readonly Mention[]): OpenReference[] {
  const byRef = Map.groupBy(mentions, (mention) => localRef(issue, mention));
  byRef.delete(`#${issue.number}`);
  const open = [...byRef].flatMap(([ref, all]) => {
    // A phrase may be disputed, the template may not.
    if (!all.some(isOpen) || all.some(isTemplate)) return [];
    if (all.some(isDenial) && !all.some(isDependency)) return [];
    const places = [...all.filter(isOpen), ...all.filter((mention) => !isOpen(mention))];
    return [{ ref, places: places.slice(0, maxMentions), denied: all.some(speaksAgainst) }];
  });
  const isPhrase = ({ places }: OpenReference) => places.some(isDependency);
  return [...open.filter((each) => !isPhrase(each)), ...open.filter(isPhrase)].slice(
    0,
    maxReferences,
  );
}

/** True when the grammar found a dependency here, or could not decide. */
export function isOpen({ verdict }: Mention): boolean {
  return verdict.kind === 'dependency' || verdict.kind === 'undecided';
}

function isDependency({ verdict }: Mention): boolean {
  return verdict.kind === 'dependency';
}

function isTemplate({ verdict }: Mention): boolean {
  return verdict.kind === 'dependency' && verdict.form !== 'phrase';
}

/** The words around a mention as a person sees them. A quote may have been cut inside a comment, whose beginning it lacks then. */
export function visibleSentence({ sentence }: Mention): string {
  const begin = sentence.indexOf('<!--');
  const end = sentence.indexOf('-->');
  const isCut = end >= 0 && (begin < 0 || end < begin);
  return visibleText(isCut ? sentence.slice(end + '-->'.length) : sentence);
}
