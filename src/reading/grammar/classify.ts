import {
  excluded,
  keepFirst,
  type Classification,
  type Classifications,
} from './classification.ts';
import { isAsked, partStart, simplify } from './clauses.ts';
import { exclusions, waiting } from './exclusions.ts';
import { refSign } from './fragments.ts';
import type { Scope } from './labels.ts';
import { rules, type Rule } from './relations.ts';
import { exceptionTo } from './rule-exceptions.ts';
import { classifyBehindLabel, classifyInScope } from './under-labels.ts';

/**
 * Classifies every list of references (`refSign`) of a sentence, in order. `scope` is the relation the
 * sentence stands under, as an item of a list or a cell of a table.
 */
export function classifySentence(sentence: string, scope: Scope | undefined): Classification[] {
  const text = simplify(sentence);
  const places = [...text.matchAll(new RegExp(refSign, 'g'))].map(({ index }) => index);
  const classified = new Map<number, Classification>();
  for (const rule of rules) {
    for (const match of text.matchAll(rule.pattern)) {
      const at = text.indexOf(refSign, match.index);
      if (!classified.has(at)) classified.set(at, classify(text, rule, match, at));
    }
  }
  excludeSubjects(places, classified);
  classifyBehindLabel(text, places, classified);
  if (scope !== undefined) classifyInScope(text, places, classified, scope);
  excludeOthers(text, places, classified);
  return places.map(
    (at) =>
      classified.get(at) ?? { ...excluded('related', at), kind: 'undecided', reason: undefined },
  );
}

function classify(text: string, rule: Rule, match: RegExpExecArray, at: number): Classification {
  const start = match.index;
  const end = Math.max(match.index + match[0].length, at + 1);
  if (rule.means !== 'blocked_by' && rule.means !== 'blocks')
    return { kind: 'ruled_out', direction: undefined, reason: rule.means, start, end };
  const direction = rule.means;
  const reason = rule.negated === true ? 'negated' : exceptionTo(text, { rule, match, at, end });
  if (reason === undefined) return { kind: 'dependency', direction, reason, start, end };
  return { kind: 'ruled_out', direction, reason, start, end };
}

/** `#12 is blocked by #13`: #12 is no dependency either, unless the text says so elsewhere. */
function excludeSubjects(places: readonly number[], classified: Classifications): void {
  for (const [at, classification] of [...classified]) {
    if (classification.reason !== 'third_party') continue;
    const subject = places[places.indexOf(at) - 1];
    if (subject === undefined) continue;
    if (classified.get(subject)?.kind !== 'dependency' || classification.start <= subject)
      classified.set(subject, { ...classification, start: subject, end: classification.end });
  }
}

/** Excludes the references that no rule reached by the words beside them, where no word speaks of waiting. */
function excludeOthers(text: string, places: readonly number[], classified: Classifications): void {
  if (places.every((at) => classified.has(at))) return;
  const rest = blank(text, classified.values());
  const waits = waiting.test(rest);
  for (const { reason, always, pattern } of exclusions) {
    if (waits && always !== true) continue;
    for (const { index, 0: words } of text.matchAll(pattern)) {
      const end = index + words.length;
      const reached = words.includes(refSign)
        ? places.filter((at) => index <= at && at < end)
        : places.filter((at) => partStart(text, at) === partStart(text, index));
      for (const at of reached) keepFirst(classified, at, excluded(reason, at));
    }
  }
  if (isAsked(text, text.slice(places.at(-1))))
    for (const at of places) keepFirst(classified, at, excluded('question', at));
}

/** Blanks the words that rules have matched: a relation to one reference does not hold for the next. */
function blank(text: string, matched: Iterable<Classification>): string {
  const signs = text.split('');
  for (const { start, end } of matched) signs.fill(' ', start, end);
  return signs.join('');
}
