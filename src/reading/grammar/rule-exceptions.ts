import { clauseBefore, isAsked, partStart } from './clauses.ts';
import { hearsay } from './exclusions.ts';
import { refSign } from './fragments.ts';
import type { Rule } from './relations.ts';
import type { HardReason, SoftReason } from '../mentions.ts';

/** Negation right in front of a relation, back to the last comma or conjunction. */
const negation =
  /(?:\b(?:not(?! only\b| just\b)|instead of|rather than|avoid(?:s|ing)?|no longer|never|neither|nor|cannot|hardly|stop(?:s|ped)?|without|nothing|nobody|no)|n[’']t)(?: (?:really|actually|currently|directly|strictly|even|ever|any ?more|any longer|in fact|be|being|get|getting|have|has|had|need|needs|needing|going|seem|want|appear|to|a|an|been|at all|considered|marked as|necessarily|itself|here|is|are|this|it|longer|technically|hard|reason|point|use|cause|excuse|either|we|does|do|else|that|also|yet))*\s*$/;
/** Negation behind the reference. */
const negatedAfter =
  /^[\s)\]]*(?:(?:is|are|has been|have been) (?:gone|obsolete|dropped|removed|history|outdated)|any ?more|no longer|no more|[:(–—-]+\s*(?:no longer|not any ?more|obsolete|outdated|not true|wrong|no more|dropped|not needed|was wrong)|,? (?:but |which |that )?(?:that |this |it )?(?:is|was) (?:wrong|not (?:true|so|the case)|untrue|false|nonsense|a mistake)|,? (?:but |and )?(?:this|it)(?: one| issue| pr| ticket)? (?:is|does|was)(?:n't| not)(?=[\s.!)]*$))\b/;
/** Denial in front of a belief of somebody else: "it is not true that". */
const denial =
  /(?:\b(?:not true|not the case|wrong|false|untrue|a myth|a mistake|nonsense) that|(?:\bnot|n't) (?:think|believe|say|mean|see)(?: that| how| why)?|\bnot that)\b[^,;:.]*$/;
const anyMore = /\bnot\b[^,;.]*\bany ?more\b/;

const history =
  /\b(?:was|were|had been|used to(?: be| be waiting)?|got|formerly|previously|originally|initially|earlier|at first|back then|had to|in the past|last (?:week|sprint|month|year|spring|summer|autumn|fall|winter))\b(?: (?:once|also|still|originally|initially|previously|first|temporarily|long|being|(?:supposed|meant|planned|expected|intended|going) to|to be|be|partly|really|indeed|briefly|just|only))*\s*$/;
/** Verbs of a relation in the past tense. */
const pastVerb =
  /^(?:depended|waited|required(?! (?:by|for))|blocked(?![\s-]+(?:by|on|until|behind))|needed(?! (?:by|for)))\b/;
const historyAfter =
  /^[^,;.?]{0,20}\b(?:last (?:week|sprint|month|year|spring|summer|autumn|fall|winter)|back then|at (?:the|that) time|in the past|until (?:yesterday|recently|last|now)|before (?:it|that|they) (?:landed|was|were))\b/;

/** Hypothesis anywhere before the relation, in its part of the sentence. */
const hypothesis =
  /\b(?:if|unless|suppose|supposing|in case|imagine|pretend|hypothetically)\b|\b(?:would|could|might|may|probably|maybe|perhaps|possibly|potentially|supposedly|apparently|allegedly|reportedly|presumably|theoretically|in theory|thinks|believes|suspects|assumes|guesses|i (?:think|guess|believe|suspect|assume)|(?:we|i|he|she|they) thought|thought that|doubt|seems?(?: to)?|looks? (?:like|as if)|rumou?r|claim(?:s|ed)?|[’']d)\b(?: [\w’']+){0,6}\s*$/;
const hypothesisAfter = /^[^,;:.(]{0,40}?\s(?:if|unless|in case|were it)\b/;
const question =
  /\b(?:whether|wonder(?:ing)?|unclear|not sure|unsure|no idea|does any(?:body|one)|is it true|ask(?:ed|ing)? (?:if|whether)|to be (?:checked|clarified|decided) (?:if|whether))\b/;

/** Words between a reference and the verb of which it is the subject: "#12 (still) is blocked by #13". */
const foreignSubject = /^[\s\w'’()]*$|^,?\s+(?:which|that|who)\b[\s\w'’()]*$/;
const ownSubject =
  /\b(?:this|it|we|i|us|our|here|so|and|but|then|now|therefore|because|issue|first|please)\b/;

/** Negation in front of the subject of a relation. */
const negatedSubject =
  /\b(?:none of|not|(?:neither|nor)(?: (?:is|are|do|does|did|has|have|can|will))?)\s*$/;
/** Subject of a relation that has no name: "whoever depends on #12". */
const unnamedSubject =
  /(?:(?<!\b(?:is|are) )\b(?:what(?:ever)?|who(?:ever)?|(?:some|any)(?:thing|one|body) else)|\b(?:any(?:one|body)|every(?:one|body)|people|users|those|others)(?: (?:that|who|which))?)(?: (?:is|are|also|still|currently|exactly|really))*\s*$/;
/** Plural subject: "Users that depend on #12 will break". This issue is one, so it is not meant. */
const pluralSubject =
  /^\W*(?:(?:all|any|the|other|some|most|many) )*[\w-]+(?<!\bthi)s (?:that|who|which)(?: (?:are|also|still|currently|really))*\s*$/;
const example = /^\W*(?:e\.g\.?|for (?:example|instance)|examples?|z\.b\.)(?!\w)/;

/** A rule with the place where it matched; `at`: the reference it reaches. */
export interface RuleMatch {
  readonly rule: Rule;
  readonly match: RegExpExecArray;
  readonly at: number;
  readonly end: number;
}

/** The reason why a reference is no dependency although a rule says so; undefined when it is one. */
export function exceptionTo(
  text: string,
  { rule, match, at, end }: RuleMatch,
): HardReason | SoftReason | undefined {
  const flip = rule.form === 'flip';
  const before = clauseBefore(text, match.index);
  const after = text.slice(end);
  const verb = flip ? (match.groups?.['mods'] ?? '') : before;
  const part = text.slice(partStart(text, match.index), match.index);
  if (negation.test(verb) || negatedAfter.test(after) || denial.test(part)) return 'negated';
  if (anyMore.test(`${verb}${match[0]}${after.slice(0, 20)}`) && /\bnot\b|n't\b/.test(verb))
    return 'negated';
  // A key of JSON, not a label.
  if (/"\s*:\s*["[{]/.test(match[0])) return 'code';
  if (!flip && isAboutAnother(text, match.index, at)) return 'third_party';
  if (!flip && unnamedSubject.test(before)) return 'related';
  if (!flip && rule.means === 'blocked_by' && pluralSubject.test(before)) return 'related';
  if (flip && negatedSubject.test(before)) return 'negated';
  if (isQuoted(text, match.index, after)) return 'quoted';
  if (example.test(text)) return 'hypothetical';
  if (history.test(verb) || historyAfter.test(after)) return 'history';
  if (
    !flip &&
    pastVerb.test(match[0].replace(/^[\s\W]+/, '')) &&
    !/\b(?:is|are|been|be|get|gets|still|currently)\b[^,]*$/.test(before) &&
    !/^[\W_]*$/.test(before)
  )
    return 'history';
  if (
    hearsay.test(part) ||
    hypothesis.test(part) ||
    hypothesis.test(` ${verb}`) ||
    hypothesisAfter.test(after)
  )
    return 'hypothetical';
  if (question.test(part) || isAsked(text, after)) return 'question';
  return undefined;
}

/** `the board says "blocked by #12"`; an apostrophe is no quotation mark. */
function isQuoted(text: string, start: number, after: string): boolean {
  const before = text.slice(Math.max(0, start - 3), start);
  return (
    (/["“„«]\s*$/.test(before) && /["”“»]/.test(after)) ||
    (/(?:^|[\s(])'$/.test(before) && /'(?!\w)/.test(after))
  );
}

/** `#12 is blocked by #13`: the verb has another issue for its subject. */
function isAboutAnother(text: string, verbAt: number, at: number): boolean {
  const last = text.lastIndexOf(refSign, Math.min(verbAt, at - 1));
  if (last < 0) return false;
  const between = text.slice(last + 1, verbAt);
  return between.length < 120 && foreignSubject.test(between) && !ownSubject.test(between);
}
