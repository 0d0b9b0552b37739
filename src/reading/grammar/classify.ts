import { isAsked, simplify } from './clauses.ts';
import { scopeOf, type Scope } from './labels.ts';
import { objectionTo, type RuleMatch } from './objections.ts';
import { refSign } from './pattern.ts';
import { rules, type Rule } from './rules.ts';
import type { DependencyForm, Direction, HardReason, SoftReason } from '../mentions.ts';

/** Meaning of one list of references, by the words around it in one sentence. */
export interface Classification {
  /** The direction of the words, also where they deny it. */
  readonly direction: Direction | undefined;
  /** Why it is no dependency; with neither a direction nor a reason nothing is known. */
  readonly reason: HardReason | SoftReason | undefined;
  readonly form: DependencyForm;
  /** The words that decided, as a range of the sentence. */
  readonly start: number;
  readonly end: number;
}

/** What words mean is a direction, or else itself the reason why there is none. */
function classification(
  means: Exclude<Rule['means'], 'negated'> | Scope | undefined,
  objection: Classification['reason'],
  [start, end]: readonly [number, number],
  form: DependencyForm = 'phrase',
): Classification {
  if (means === 'blocked_by' || means === 'blocks')
    return { direction: means, reason: objection, form, start, end };
  return { direction: undefined, reason: objection ?? means, form, start, end };
}

/**
 * Classifies every list of references (`refSign`) of a sentence, in order. `scope` is the relation the
 * sentence stands under, as an item of a list or a cell of a table; `isItem`: it is an item. The first that reaches a list decides.
 */
export function classifySentence(
  sentence: string,
  scope: Scope | undefined,
  isItem: boolean,
): Classification[] {
  const text = simplify(sentence);
  const places = [...text.matchAll(new RegExp(refSign, 'g'))].map(({ index }) => index);
  const found = new Map<number, Classification>();
  for (const [at, said] of behindLabel(sentence, text, places)) found.set(at, said);
  // Items of a list are often references alone, in which no phrase can be found.
  for (const rule of /\p{L}/u.test(text) ? rules : []) {
    for (const match of text.matchAll(rule.pattern)) {
      const at = text.indexOf(refSign, match.index);
      if (!found.has(at)) found.set(at, byRule(text, { rule, match, at, isItem }));
    }
  }
  excludeSubjects(places, found);
  for (const [at, said] of inScope(text, places, scope)) if (!found.has(at)) found.set(at, said);
  const asked = isAsked(text, text.slice(places.at(-1) ?? 0)) ? 'question' : undefined;
  return places.map((at) => found.get(at) ?? classification(undefined, asked, [at, at + 1]));
}

function byRule(text: string, found: Omit<RuleMatch, 'end'>): Classification {
  const { match, at, rule } = found;
  const end = Math.max(match.index + match[0].length, at + 1);
  const { means } = rule;
  const range = [match.index, end] as const;
  if (means === 'negated') return classification('blocked_by', means, range);
  const isOther = means === 'not_a_reference' || means === 'related';
  return classification(means, isOther ? undefined : objectionTo(text, { ...found, end }), range);
}

/** `#12 is blocked by #13`: #12 is no dependency either, unless the text says so elsewhere. */
function excludeSubjects(places: readonly number[], found: Map<number, Classification>): void {
  for (const [at, said] of [...found]) {
    if (said.reason !== 'third_party' || said.direction === undefined) continue;
    const subject = places[places.indexOf(at) - 1];
    if (subject === undefined) continue;
    const own = found.get(subject);
    if (own === undefined || own.reason !== undefined || said.start <= subject)
      found.set(subject, { ...said, start: subject });
  }
}

/** Words between a label and a reference, or two references, behind which it no longer holds. */
const ends =
  /[;.]|\b(?:not|no|none|nothing|nobody|was|were|see|or|if|when|maybe|than|instead|former|old)\b/;

/** The end of a line on which a list is not to go on: `#3,`, `#3 and`. */
const endOfLine = /(?:[^\s,&d]|[^n]d)\s*\n/i;

/**
 * The references behind a label in the sentence itself, as in `Blocked by: the lock in #3, the printer in #4`
 * or the trailer `Depends-on: #3`: a label reaches to the end of its line.
 */
function* behindLabel(
  sentence: string,
  text: string,
  places: readonly number[],
): Generator<[number, Classification]> {
  const label = /^[^:\uE000]{2,50}?(?::| [–—-] )/.exec(text)?.[0] ?? '';
  const scope = scopeOf(label);
  if (scope === undefined) return;
  const asked = isAsked(text, text.slice(places.at(-1) ?? 0)) ? 'question' : undefined;
  let last = label.length;
  for (const at of places) {
    const between = text.slice(last, at);
    const lines = sentence.slice(last, at);
    last = at;
    // A key of JSON is no label. What stands in brackets behind a reference is about that one.
    if (label.includes('"')) yield [at, classification(scope, 'code', [0, at + 1])];
    else if (endOfLine.test(lines)) return;
    else if (ends.test(between) || isBracketed(text, at)) continue;
    else yield [at, classification(scope, asked, [0, at + 1], 'template')];
  }
}

/** `Bump lodash to 4.17 (#12)` under "Dependencies" is a line of a change log. */
const isUpdate =
  /^\W*(?:\w+(?:\([^()]*\))?!?: ?)?(?:bump|update|upgrade|pin)[sd]?\b|\bby @[\w-]+ in\b|\bfrom v?\d[\w.]* to v?\d/;

/** Under a relation stand the references that an item or cell begins with, or else its only ones. */
function* inScope(
  text: string,
  [first, ...more]: readonly number[],
  scope: Scope | undefined,
): Generator<[number, Classification]> {
  if (first === undefined || scope === undefined) return;
  const leading =
    /^[\s\W\d]*(?:\[[ x]\]\s*)?(?:(?:issue|pr|pull request|ticket|the)\s+)*[^\p{L}\p{N}]*$/u.test(
      text.slice(0, first),
    );
  if (!leading && more.length > 0) return;
  const item = text.slice(leading ? first + 1 : 0);
  if (leading && contradicts(item, scope)) return;
  const gone =
    /\b(?:no longer|not any ?more|not needed|not (?:a )?(?:block(?:er|ing)|required|necessary)|obsolete|dropped|not really|instead of)\b/.test(
      text,
    );
  const asked = isAsked(text, item.slice(-40)) ? 'question' : undefined;
  const objection = gone ? 'negated' : isUpdate.test(text) ? 'related' : asked;
  const range = [leading ? first : 0, first + 1] as const;
  yield [first, classification(scope, objection, range, 'template')];
}

/** `- #12 – blocks` under "Dependencies" leaves the direction open. `(blocking)` describes #12 itself. */
function contradicts(item: string, scope: Scope): boolean {
  const own = item.includes(refSign) || /\bblocking\b/.test(item) ? undefined : scopeOf(item);
  return (own === 'blocked_by' || own === 'blocks') && own !== scope;
}

function isBracketed(text: string, at: number): boolean {
  const before = text.slice(0, at);
  return before.split('(').length > before.split(')').length;
}
