import { clauseBefore, isAsked, partStart } from './clauses.ts';
import { readPatterns, refSign } from './pattern.ts';
import type { HardReason, SoftReason } from '../mentions.ts';
import type { Rule } from './rules.ts';

/** Words that speak against a relation, by the place where they do. */
const table = readPatterns(String.raw`
filler      (?!(and|so|as|because|since|but|which|while|until|if|when|whether)\b)[a-z'-]+
still       (is|are|also|still|currently|really|have|has|been)
claims      (say|said|claim|think|thought|believe|told|suggest|assume)\w*\b
// In front of the relation, with a few words between.
denied      (\b(not(?! only| just)|never|neither|nor|no|nothing|nobody|none of|without|cannot|hardly)|n't)( <filler>){0,4}\s*$
            \b(instead of|rather than|avoid(s|ing)?|stop(s|ped)?)( <filler>){0,4}\s*$
disbelief   (not true|not the case|wrong|untrue|(\bnot|n't) (think|believe|say|mean))( that)?\b[^,;:.]*$
neither     \b(none of|not|neither|nor)( (is|are|does|do|did))?\s*$
// Behind the references.
denial      ^[\s\])]*((is|are|has been) )?(any ?more|no longer|no more|gone|obsolete|dropped|removed|outdated)\b
            ^[\s\])]*[:\x28–—-]+\s*(no longer|not (any ?more|true|needed)|obsolete|outdated|wrong|dropped)\b
            ^,? ((but|which|that) )?((that|this|it) )?(is|was) (wrong|not (true|so|the case)|untrue|a mistake)\b
            ^,? ((but|and) )?(this|it)( one| issue)? (is|does|was)(n't| not)\W*$
over        ^[^,;.?]{0,20}\b(last (week|sprint|month|year)|back then|at the time|in the past|until (recently|yesterday))\b
elsewhere   ^[^.;:!?]{0,20}\bover there\b|^\W*(just|only) the\b
asked       ^[\w\s'"”\x29\]]{0,40}\?
unless      ^[^,;:.\x28]{0,40}? (if|unless|in case)\b
// In the part of the sentence, or in the clause, before the relation.
unsure      \b(whether|wonder(ing)?|unclear|unsure|not sure|no idea|does any\w+)\b
condition   \bi (first |once |originally )?(wrote|said|claimed|thought|assumed|believed)\b
            \b(if|unless|in case|suppos(e|ing)|imagine|hearsay|rumou?rs?|heard)\b
            \b((some|any|every)(one|body)|people|they|some|others|folks|it was)\b.* <claims>
doubt       \b(would|could|might|may|probably|maybe|perhaps|possibly|supposedly|apparently|allegedly)\b|'d\b
            \b(in theory|seems?|looks? (like|as if)|thinks?|thought|believes?|suspects?|doubt|word has it|told)\b
was         \b(was|were|had|used to|got|formerly|previously|originally|initially|earlier|in the past|last \w+)\b
past        ^\W*(depended|waited|(required|needed)(?! (by|for)))\b
passive     \b(is|are|been|be|gets?|still|currently)\b[^,]*$|^[\W_]*$
example     ^\W*(e\.g\.?|for (example|instance)|examples?|z\.b\.)(?!\w)
// Subjects that are not this issue: "whoever depends on #12", "the release waits", "Tooltip and Menu wait".
stranger    ((?<!\b(is|are) )\bwhat(ever)?|\bwho(ever)?)( <still>)*\s*$
            \b((some|any|every)(thing|one|body)( else)?|people|users|those|others)( (that|who|which))?( <still>)*\s*$
            \b(only|just) the\b[^,;:.]*$|\b(code|text|building|data|memory) $
            (\bthe ([\w-]+ )?(milestone|release|train|launch|roll ?out|customer)|\bv?\d+\.\d+[\w.]*)( <still>)*\s*$
there       ^\W*(over )?there\W*$
plural      ^\W*([\w-]+ )?(?!this )[a-z-]+s (that|who|which)( <still>)*\s*$
verb        ^\W*(wait|depend|require|need|(un)?block)\b
own         \b(we|i)\b|^\W*$|\b(to|must|will|would|should|shall|can|not|does|do|did|and|or|that|which)\W*$
            \b(do|does|did|will|can|should|must|would|could) (this|it|that)\W*$
            \b(n't|also|still|now|then|these|both|please|just|only|you)\W*$
// Between a reference and the verb of which it is the subject: "#12 (still) is blocked by #13".
foreign     ^[\s\w'\x28\x29]*$|^,?\s+(which|that|who)\b[\s\w'\x28\x29]*$
this        \b(this|it|we|i|us|our|here|so|and|but|then|now|therefore|because|issue|first|please)\b
related     block|depend|requir|need|wait|prereq|after|before|hold|pending|\bthis\b
`);
const patterns = new Map([...table].map(([name, source]) => [name, new RegExp(source, 'u')]));

function says(name: string, text: string): boolean {
  const pattern = patterns.get(name);
  if (pattern === undefined) throw new Error(`No words are called ${name}.`);
  return pattern.test(text);
}

/** A rule with the place where it matched; `at`: the reference it reaches. */
export interface RuleMatch {
  readonly rule: Rule;
  readonly match: RegExpExecArray;
  readonly at: number;
  readonly end: number;
  /** The sentence is an item of a list. */
  readonly isItem: boolean;
}

/** Why a reference is no dependency although a rule says so; undefined when it is one. */
export function objectionTo(
  text: string,
  { rule: { flipped, means }, match, at, end, isItem }: RuleMatch,
): HardReason | SoftReason | undefined {
  const before = clauseBefore(text, match.index);
  const part = text.slice(partStart(text, match.index), match.index);
  const behind = text.slice(end);
  const mods = match.groups?.['mods'] ?? '';
  if (says('denied', flipped ? mods : before) || says('disbelief', part)) return 'negated';
  if (says('denial', behind) || (flipped && says('neither', before))) return 'negated';
  // A key of JSON, not a label.
  if (/"\s*:\s*["[{]/.test(match[0])) return 'code';
  if (isQuoted(text, match.index, behind)) return 'quoted';
  if (!flipped && isAboutAnother(text, match.index, at, isItem)) return 'third_party';
  if (!flipped && isOfStrangers(before, match[0], means)) return 'third_party';
  if (flipped && says('there', part)) return 'third_party';
  const [inPart, inClause] = [part, before].map((words) => `${words} ${mods}`);
  if (says('unsure', inPart ?? '')) return 'question';
  if (says('condition', inPart ?? '') || says('doubt', inClause ?? '')) return 'hypothetical';
  const isPast = says('past', match[0]) && !says('passive', before);
  if (says('was', inClause ?? '') || (means !== 'part_of' && (isPast || says('over', behind))))
    return 'history';
  if (says('elsewhere', behind)) return 'third_party';
  if (says('asked', behind) || isAsked(text, behind)) return 'question';
  return says('unless', behind) || says('example', text) ? 'hypothetical' : undefined;
}

/** A subject without a number that is not this issue; one that stands for several is none of "changes that unblock". */
function isOfStrangers(before: string, words: string, means: Rule['means']): boolean {
  return (
    says('stranger', before) ||
    (means === 'blocked_by' && says('plural', before)) ||
    (says('verb', words) && !says('own', before))
  );
}

/** `the board says "blocked by #12"`; an apostrophe is no quotation mark. */
function isQuoted(text: string, start: number, behind: string): boolean {
  const before = text.slice(Math.max(0, start - 3), start);
  return (
    (/["“„«]\s*$/.test(before) && /["”“»]/.test(behind)) ||
    (/(?:^|[\s(])'$/.test(before) && /'(?!\w)/.test(behind))
  );
}

/**
 * `#12 is blocked by #13`: the verb has another issue for its subject. An item of a list is about the issue that
 * it names first: `- [ ] Parser (#12), blocked by #13`.
 */
function isAboutAnother(text: string, verbAt: number, at: number, isItem: boolean): boolean {
  const last = text.slice(0, Math.min(verbAt, at)).lastIndexOf(refSign);
  const between = text.slice(last + 1, verbAt);
  if (last < 0 || says('this', between)) return false;
  if (isItem && !says('related', text.slice(0, last))) return !/[.;]/.test(between);
  return between.length < 120 && says('foreign', between);
}
