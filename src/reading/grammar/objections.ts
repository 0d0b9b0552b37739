import { clauseBefore, isAsked, partStart } from './clauses.ts';
import { refSign, words } from './pattern.ts';
import type { HardReason, SoftReason } from '../mentions.ts';
import type { Rule } from './rules.ts';

const goesOn = words`(?!(and|so|as|because|since|but|which|while|until|if|when|whether)\b)[a-z'-]+`;
/** A denial right in front of a relation, with a few words between. */
const denied = new RegExp(
  `(?:${words`
    \b(not(?! only| just)|never|neither|nor|no|nothing|nobody|none of|without|cannot|hardly|no longer)
    \b(instead of|rather than|avoid(s|ing)?|stop(s|ped)?)|n't
  `})(?: ${goesOn}){0,4} *$`,
);
/** Denial of a belief of somebody else: "it is not true that". */
const disbelieved = new RegExp(
  `${words`(not true|not the case|wrong|untrue|(\bnot|n't) (think|believe|say|mean))( that)?`}\\b[^,;:.]*$`,
);
/** A denial behind the references. */
const deniedBehind = new RegExp(
  words`
    ^[\s\])]*((is|are|has been) )?(any ?more|no longer|no more|gone|obsolete|dropped|removed|outdated)\b
    ^[\s\])]*[:\x28–—-]+\s*(no longer|not (any ?more|true|needed)|obsolete|outdated|wrong|dropped)\b
    ^,? ((but|which|that) )?((that|this|it) )?(is|was) (wrong|not (true|so|the case)|untrue|a mistake)\b
    ^,? ((but|and) )?(this|it)( one| issue)? (is|does|was)(n't| not)\W*$
  `,
);

/** Words that speak against a relation, in its part of the sentence or in its own clause. */
const soft: readonly (readonly [SoftReason, 'part' | 'clause', RegExp])[] = [
  [
    'question',
    'part',
    /\b(?:whether|wonder(?:ing)?|unclear|unsure|not sure|no idea|does any\w+)\b/,
  ],
  [
    'hypothetical',
    'part',
    /\b(?:if|unless|in case|suppos(?:e|ing)|imagine|hearsay|rumou?rs?|heard)\b/,
  ],
  [
    'hypothetical',
    'part',
    /\b(?:some(?:body|one)|any(?:body|one)|every(?:body|one)|people|they|some|others|folks|it was)\b.* (?:say|said|claim|think|thought|believe|told|suggest|assume)\w*\b/,
  ],
  [
    'hypothetical',
    'clause',
    /\b(?:would|could|might|may|probably|maybe|perhaps|possibly|supposedly|apparently|allegedly|in theory|seems?|looks? (?:like|as if)|thinks?|thought|believes?|guess(?:es)?|suspects?|doubt|word has it|told)\b|'d\b/,
  ],
  [
    'history',
    'clause',
    /\b(?:was|were|had|used to|got|formerly|previously|originally|initially|earlier|at first|in the past|last \w+)\b/,
  ],
];
const example = /^\W*(?:e\.g\.?|for (?:example|instance)|examples?|z\.b\.)(?!\w)/;
/** Verbs of a relation in the past tense, and a time that is over. */
const past = /^\W*(?:depended|waited|required(?! (?:by|for))|needed(?! (?:by|for)))\b/;
const passive = /\b(?:is|are|been|be|gets?|still|currently)\b[^,]*$|^[\W_]*$/;
const over =
  /^[^,;.?]{0,20}\b(?:last (?:week|sprint|month|year)|back then|at the time|in the past|until (?:recently|yesterday))\b/;
const unless = /^[^,;:.(]{0,40}?\s(?:if|unless|in case)\b/;

/** Between a reference and the verb of which it is the subject: "#12 (still) is blocked by #13". */
const otherSubject = /^[\s\w'()]*$|^,?\s+(?:which|that|who)\b[\s\w'()]*$/;
const ownSubject =
  /\b(?:this|it|we|i|us|our|here|so|and|but|then|now|therefore|because|issue|first|please)\b/;
const related = /block|depend|requir|need|wait|prereq|after|before|hold|pending|\bthis\b/;
/** Subjects without a number that are not this issue: "whoever depends on #12", "users that need #12". */
const strangers = new RegExp(
  `${words`
    (?<!\b(is|are) )\bwhat(ever)?|\b(who(ever)?|(some|any|every)(thing|one|body)( else)?|people|users|those|others)( (that|who|which))?
    \bthe ([\w-]+ )?(milestone|release|train|launch|roll ?out|customer)|\bv?\d+\.\d+[\w.]*
  `}(?: (?:is|are|also|still|currently|have|has|been))*\\s*$`,
);

/** A verb for several, of which this issue is none: "Tooltip and Menu wait for #12". */
const manyVerb = /^\W*(?:wait|depend|require|need|(?:un)?block)\b/;
const manyOwn =
  /\b(?:we|i)\b|(?:^|\b(?:to|must|will|would|should|shall|can|not|n't|do|does|did|also|still|now|then|and|or|that|which|these|both|please|just|only|you))\W*$/;
/** Several of which this issue is none: "Users that depend on #12". "Changes that unblock #12" are its own. */
const plural = /^\W*(?:[\w-]+ )?(?!this )[a-z-]+s (?:that|who|which)(?: (?:are|also|still))*\s*$/;

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
  const clause = flipped ? mods : before;
  if (denied.test(clause) || disbelieved.test(part) || deniedBehind.test(behind)) return 'negated';
  if (flipped && /\b(?:none of|not|neither|nor)(?: (?:is|are|does|do|did))?\s*$/.test(before))
    return 'negated';
  // A key of JSON, not a label.
  if (/"\s*:\s*["[{]/.test(match[0])) return 'code';
  if (isQuoted(text, match.index, behind)) return 'quoted';
  if (!flipped && isAboutAnother(text, match.index, at, isItem)) return 'third_party';
  if (!flipped && manyVerb.test(match[0]) && !manyOwn.test(before)) return 'third_party';
  if (!flipped && (strangers.test(before) || (means === 'blocked_by' && plural.test(before))))
    return 'third_party';
  const reach = { part: `${part} ${mods}`, clause: flipped ? `${before} ${mods}` : before };
  const found = soft.find(([, where, pattern]) => pattern.test(reach[where]));
  if (found !== undefined) return found[0];
  const isPast = past.test(match[0]) && !passive.test(before);
  if (means !== 'part_of' && (isPast || over.test(behind))) return 'history';
  if (/^[^.;:!?]{0,20}\bover there\b/.test(behind)) return 'third_party';
  if (/^[\w\s'"”)\]]{0,40}\?/.test(behind)) return 'question';
  if (unless.test(behind) || example.test(text)) return 'hypothetical';
  return isAsked(text, behind) ? 'question' : undefined;
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
  if (last < 0) return false;
  const between = text.slice(last + 1, verbAt);
  if (isItem && !related.test(text.slice(0, last)) && !ownSubject.test(between))
    return !/[.;]/.test(between);
  return between.length < 120 && otherSubject.test(between) && !ownSubject.test(between);
}
