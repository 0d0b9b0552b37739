import { readPatterns, refSign } from './pattern.ts';
import type { HardReason, SoftReason } from '../mentions.ts';
import type { Meaning } from './rules.ts';

/**
 * Words that speak against a relation: the reason, and the place where they do. `verb` is the clause in front of
 * the relation, `¦`, and the relation; `since` what is between it and another reference; `around` the signs around both.
 */
const table = readPatterns(String.raw`
filler           (?!(and|so|as|because|since|but|which|while|until|if|when|whether)\b)[a-z'-]+
still            (is|are|also|still|currently|really|have|has|been)
negated_before   (\b(not(?! only| just)|never|neither|nor|no|nothing|nobody|none of|without|cannot|hardly|instead of|rather than|avoid(s|ing)?|stop(s|ped)?)|n't)( <filler>){0,4}\s*$
negated_part     (not true|not the case|wrong|untrue|(\bnot|n't) (think|believe|say|mean))( that)?\b[^,;:.]*$
negated_clause   \b(none of|not|neither|nor)( (is|are|does|do|did))?\s*$
negated_behind   ^[\s\])]*((is|are|has been) )?(any ?more|no longer|no more|gone|obsolete|dropped|removed|outdated)\b
                 ^[\s\])]*[:\x28–—-]+\s*(no longer|not (any ?more|true|needed|required|really)|obsolete|outdated|wrong|dropped)\b
                 ^,? ((but|which|that) )?((that|this|it) )?(is|was) (wrong|not (true|so|the case)|untrue|a mistake)\b
                 ^,? ((but|and) )?(this|it)( one| issue)? (is|does|was)(n't| not)\W*$
code_verb        ¦.*"\s*:\s*["\[{] // A key of JSON, not a label.
quoted_around    ["“„«]\s*¦.*["”“»]|(^|[\s\x28])'¦.*'(?!\w)
uncertain_part   \b(whether|wonder(ing)?|unclear|unsure|not sure|no idea|does any\w+)\b|^\W*(over )?there,( (has|have|had|is|still|also))*\W*$
                 ^\W*(says|said|claims|reckons|thinks)\b
                 \bi (first |once |originally )?(wrote|said|claimed|thought|assumed|believed)\b
                 \b(if|unless|in case|suppos(e|ing)|imagine|hearsay|rumou?rs?|heard)\b
                 \b((some|any|every)(one|body)|people|they|some|others|folks|it was)\b.* (say|said|claim|think|thought|believe|told|suggest|assume)\w*\b
uncertain_clause \b(would|could|might|may|probably|maybe|perhaps|possibly|supposedly|apparently|allegedly)\b|'d\b
                 \b(in theory|seems?|looks? (like|as if)|thinks?|thought|believes?|suspects?|doubt|word has it|told)\b
// Subjects that are not this issue: "whoever depends on #12", "the release waits", "Tooltip and Menu wait".
uncertain_verb   ((?<!\b(is|are) )\bwhat(ever)?|\bwho(ever)?|(?<!\w)@[\w-]+)( <still>)*\s*¦
                 \b((some|any|every)(thing|one|body)( else)?|people|users|those|others)( (that|who|which))?( <still>)*\s*¦
                 \b(only|just) the\b[^,;:.]*¦|\b(code|text|building|data|memory) ¦
                 (\bthe ([\w-]+ )?(milestone|release|train|launch|roll ?out|customer)|\bv?\d+\.\d+[\w.]*)( <still>)*\s*¦
                 ^\W*([\w-]+ )?(?!this )[a-z-]+s (that|who|which)( <still>)*\s*¦(?!(un ?)?block(s|ing)?\b(?! by)|holds? up)
                 ^(?!\W*¦)(?!.*\b(we|i)\b)(?!.*\b(to|must|will|would|should|shall|can|not|do(es)?|did|and|or|that|which|also|still|now|then|these|both|please|just|only|you)\W*¦)(?!.*\b(do(es)?|did|will|can|should|must) (this|it|that)\W*¦).*¦\W*(wait|depend|require|need|(un)?block)\b
uncertain_behind ^[\s\x29\]]*(←|<-)|^[^.;:!?]{0,20}\bover there\b|^\W*(just|only) the\b|^[\w\s'"”\x29\]]{0,40}\?
                 ^[^,;:.\x28]{0,40}? (if|unless|in case)\b
                 ^(?!.*\s-\s)[^;–—:]*\?[\s"'”\x29\]*!?.]*$
// "#12 (still) is blocked by #13". An item is about the issue that it names first: "Parser (#12), blocked by #13".
own              \b(this|it|we|i|us|our|here|so|and|but|then|now|therefore|because|issue|first|please)\b
uncertain_since  ^(?!.*<own>)(,?\s+(which|that|who)\b)?[\s\w'\x28\x29]{0,120}$
uncertain_item   ^(?!.*<own>)[^.;¦]*$
uncertain_all    ^\W*(e\.g\.?|for (example|instance)|examples?|z\.b\.)(?!\w)
history_clause   \b(was|were|had|used to|got|formerly|previously|originally|initially|earlier|in the past|last \w+)\b
history_behind   ^[^,;.?]{0,20}\b(last (week|sprint|month|year)|back then|at the time|in the past|until (recently|yesterday))\b
history_verb     ^(?!\W*¦)(?!.*\b(is|are|been|be|gets?|still|currently)\b[^,]*¦).*¦\W*(depended|waited|(required|needed)(?! (by|for)))\b
`);
const reasons = ['negated', 'code', 'quoted', 'uncertain', 'history'] as const;
const objections = [...table].flatMap(([name, source]) => {
  const [reason, place] = name.split('_');
  const known = reasons.find((each) => each === reason);
  return known === undefined ? [] : [{ reason: known, place, pattern: new RegExp(source, 'u') }];
});

/** Number of characters searched around a relation. */
const reach = 300;
/** Ends of a clause, and of the part of a sentence that a condition governs. */
const clauseEnd = /[,;:()!?]|\b(?:but|because)\b| [-–—] |[–—]/g;
const partEnd = /;|\bbut\b| [-–—] |—|: /g;

/** The words in front of a place, back to the last end of a clause. */
function clauseBefore(text: string, at: number, ends = clauseEnd): string {
  const before = text.slice(Math.max(0, at - reach), at);
  const last = [...before.matchAll(ends)].at(-1);
  return before.slice(last === undefined ? 0 : last.index + last[0].length);
}

const relation = /block|depend|requir|need|wait|prereq|after|before|hold|pending|\bthis\b/;

/**
 * Why a reference is no dependency although this rule matched there; undefined when it is one. `isItem`: the
 * sentence is an item of a list.
 */
export function objectionTo(
  text: string,
  means: Meaning,
  match: RegExpExecArray,
  isItem: boolean,
): HardReason | SoftReason | undefined {
  if (means === 'negated') return means;
  if (means === 'related' || means === 'not_a_reference') return undefined;
  const start = match.index;
  const before = clauseBefore(text, start);
  // A reference that is the subject: the words between it and its verb may deny it.
  const words = match.groups?.['mods'];
  const [flipped, mods] = [words !== undefined, words ?? ''];
  const behind = text.slice(start + match[0].length);
  const last = flipped ? -1 : text.slice(0, start).lastIndexOf(refSign);
  const since = last < 0 ? undefined : text.slice(last + 1, start);
  const places: Partial<Record<string, string>> = {
    before: flipped ? mods : before,
    part: `${clauseBefore(text, start, partEnd)} ${mods}`,
    clause: `${before} ${mods}`,
    verb: flipped ? '' : `${before}¦${match[0]}`,
    around: `${text.slice(Math.max(0, start - 3), start)}¦${behind}`,
    since,
    item: isItem && !relation.test(text.slice(0, last)) ? since : undefined,
    behind,
    all: text,
  };
  return objections.find(({ place, pattern }) => pattern.test(places[place ?? ''] ?? '¦'))?.reason;
}
