import { isAsked, partStart, simplify } from './clauses.ts';
import { exclusions, waiting } from './exclusions.ts';
import { refSign } from './fragments.ts';
import { scopeOf, type Scope } from './labels.ts';
import { rules, type Rule } from './relations.ts';
import { exceptionTo } from './rule-exceptions.ts';
import type { DependencyForm, HardReason, SoftReason } from '../mentions.ts';

/** Meaning of one list of references, by the words around it in one sentence. */
export interface Classification {
  readonly kind: 'dependency' | 'ruled_out' | 'undecided';
  readonly direction: 'blocked_by' | 'blocks' | undefined;
  readonly reason: HardReason | SoftReason | undefined;
  readonly form: DependencyForm;
  /** The words that decided, as a range of the sentence. */
  readonly start: number;
  readonly end: number;
}

/** The lists of references classified so far, by their place in the sentence. */
type Classifications = Map<number, Classification>;

/** The first classification of a place counts. */
function keepFirst(classified: Classifications, at: number, classification: Classification): void {
  if (!classified.has(at)) classified.set(at, classification);
}

function excluded(reason: HardReason | SoftReason, at: number): Classification {
  return classificationOf(undefined, reason, at, at + 1);
}

/** A reason excludes the dependency. */
function classificationOf(
  scope: Scope | undefined,
  reason: HardReason | SoftReason | undefined,
  start: number,
  end: number,
  form: DependencyForm = 'phrase',
): Classification {
  const direction = scope === 'blocked_by' || scope === 'blocks' ? scope : undefined;
  const kind = reason === undefined ? 'dependency' : 'ruled_out';
  return { kind, direction, reason, form, start, end };
}

/**
 * Classifies every list of references (`refSign`) of a sentence, in order. `scope` is the relation the
 * sentence stands under, as an item of a list or a cell of a table.
 */
export function classifySentence(sentence: string, scope: Scope | undefined): Classification[] {
  const text = simplify(sentence);
  const places = [...text.matchAll(new RegExp(refSign, 'g'))].map(({ index }) => index);
  const classified = new Map<number, Classification>();
  // Items of a list are often references alone, in which no phrase can be found.
  const phrases = /\p{L}/u.test(text) ? rules : [];
  for (const rule of phrases) {
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
  const end = Math.max(match.index + match[0].length, at + 1);
  const { means } = rule;
  if (means !== 'blocked_by' && means !== 'blocks' && means !== 'part_of')
    return classificationOf(undefined, means, match.index, end);
  const reason = rule.negated === true ? 'negated' : exceptionTo(text, { rule, match, at, end });
  return classificationOf(means, reasonIn(means, reason), match.index, end);
}

/** Why a reference in a relation is no dependency: `exception`, if there is one, or the relation is another one. */
function reasonIn(
  scope: Scope,
  exception: HardReason | SoftReason | undefined,
): HardReason | SoftReason | undefined {
  return exception ?? (scope === 'blocked_by' || scope === 'blocks' ? undefined : scope);
}

/** `#12 is blocked by #13`: #12 is no dependency either, unless the text says so elsewhere. */
function excludeSubjects(places: readonly number[], classified: Classifications): void {
  for (const [at, classification] of [...classified]) {
    if (classification.reason !== 'third_party' || classification.direction === undefined) continue;
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
  const words = /\p{L}/u.test(text) ? exclusions : [];
  for (const { reason, always, pattern } of words) {
    if (waits && always !== true) continue;
    for (const { index, 0: found } of text.matchAll(pattern)) {
      const end = index + found.length;
      const reached = found.includes(refSign)
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

/**
 * Classifies the references behind a label in the sentence itself, as in `Blocked by: the lock in #3, the
 * printer in #4`: a label reaches to the end of its line.
 */
function classifyBehindLabel(
  text: string,
  places: readonly number[],
  classified: Classifications,
): void {
  const colon = /^[^:\uE000]{2,50}?(?::| [–—-] )/.exec(text);
  if (colon === null) return;
  const scope = scopeOf(colon[0]);
  if (scope === undefined) return;
  if (colon[0].includes('"')) {
    // A key of JSON, not a label.
    for (const at of places) keepFirst(classified, at, excluded('code', at));
    return;
  }
  const asked = isAsked(text, text.slice(places.at(-1) ?? 0));
  for (const at of places) {
    if (
      at < colon[0].length ||
      depthAt(text, at) > 0 ||
      /[;.]/.test(text.slice(colon[0].length, at))
    )
      continue;
    const between = text.slice(places[places.indexOf(at) - 1] ?? colon[0].length, at);
    if (
      /\b(?:not|no|none|nothing|nobody|was|were|see|or|if|when|maybe|than|instead|former|old)\b/.test(
        between,
      )
    )
      continue;
    const reason = asked && scope !== 'related' ? 'question' : undefined;
    keepFirst(
      classified,
      at,
      classificationOf(scope, reasonIn(scope, reason), 0, at + 1, 'template'),
    );
  }
}

/**
 * Classifies the references of a list item or cell under a relation: those it begins with, or else its only
 * ones.
 */
function classifyInScope(
  text: string,
  places: readonly number[],
  classified: Classifications,
  scope: Scope,
): void {
  const first = places[0];
  if (first === undefined) return;
  const leading =
    /^[\s\W\d]*(?:\[[ x]\]\s*)?(?:(?:issue|pr|pull request|ticket|the)\s+)*[^\p{L}\p{N}]*$/u.test(
      text.slice(0, first),
    );
  if (!leading && places.length > 1) return;
  const item = text.slice(leading ? first + 1 : 0);
  if (leading && contradictsScope(item, scope)) return;
  if (scope === 'related') return keepFirst(classified, first, excluded('related', first));
  const gone =
    /\b(?:no longer|not any ?more|not needed|not (?:a )?(?:block(?:er|ing)|required|necessary)|obsolete|dropped|isn't needed|not really|instead of)\b/.test(
      text,
    );
  const asked = isAsked(text, item.slice(-40));
  const reason = gone ? 'negated' : asked ? 'question' : undefined;
  const start = leading ? first : 0;
  keepFirst(
    classified,
    first,
    classificationOf(scope, reasonIn(scope, reason), start, first + 1, 'template'),
  );
}

/** `- #12 – blocks` under "Dependencies" leaves the direction open. `(blocking)` describes #12 itself. */
function contradictsScope(item: string, scope: Scope): boolean {
  const own = item.includes(refSign) || /\bblocking\b/i.test(item) ? undefined : scopeOf(item);
  return (own === 'blocked_by' || own === 'blocks') && own !== scope;
}

function depthAt(text: string, at: number): number {
  const before = text.slice(0, at);
  return before.split('(').length - before.split(')').length;
}
