import { objectionTo } from './objections.ts';
import { refSign, simplify } from './pattern.ts';
import { rules, scopeOf, type Meaning } from './rules.ts';
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
  means: Meaning | undefined,
  objection: Classification['reason'],
  [start, end]: readonly [number, number],
  form: DependencyForm = 'phrase',
): Classification {
  if (means === 'negated') return { direction: 'blocked_by', reason: means, form, start, end };
  if (means === 'blocked_by' || means === 'blocks')
    return { direction: means, reason: objection, form, start, end };
  return { direction: undefined, reason: objection ?? means, form, start, end };
}

/**
 * Classifies every list of references (`refSign`) of a sentence, in order. `scope` is the relation the sentence
 * stands under, as an item of a list or a cell of a table, or `uncertain` where another issue is spoken of. What
 * stands behind a label comes first, then the rules, then the scope.
 */
export function classifySentence(
  sentence: string,
  scope: Meaning | undefined,
  isItem: boolean,
): Classification[] {
  const text = simplify(sentence);
  const places = [...text.matchAll(new RegExp(refSign, 'g'))].map(({ index }) => index);
  const asked = isDoubted.test(text.slice(places.at(-1) ?? 0)) ? 'uncertain' : undefined;
  const open = (at: number, why: Classification['reason'] = asked) =>
    classification(undefined, why, [at, at + 1]);
  if (scope === 'uncertain') return places.map((at) => open(at, scope));
  const found = new Map<number, Classification>();
  // A label reaches to the end of its line: `Blocked by: the lock in #3, the printer in #4`, `Depends-on: #3`.
  const label = /^[^:\uE000]{2,50}?(?::| [–—-] )/.exec(text)?.[0] ?? '';
  let labelled = scopeOf(label);
  for (const [index, at] of places.entries()) {
    const last = places[index - 1] ?? label.length;
    if (endOfLine.test(sentence.slice(last, at))) labelled = undefined;
    if (labelled !== undefined && !ends.test(text.slice(last, at)))
      found.set(at, classification(labelled, asked, [0, at + 1], 'template'));
  }
  // Items of a list are often references alone, in which no phrase can be found.
  for (const { means, pattern } of /\p{L}/u.test(text) ? rules : [])
    for (const match of text.matchAll(pattern)) {
      const at = text.indexOf(refSign, match.index);
      const range = [match.index, match.index + match[0].length] as const;
      if (!found.has(at))
        found.set(at, classification(means, objectionTo(text, means, match, isItem), range));
    }
  const scoped = inScope(text, places, scope);
  return places.map((at) => found.get(at) ?? (at === places[0] ? scoped : undefined) ?? open(at));
}

/** An arrow back to a reference takes something back; or the words behind it are a question, not a later part of them. */
const isDoubted = /^.[\s)\]]*(?:←|<-)|^(?!.* - )[^;–—:]*\?[\s"'”)\]*!?.]*$/;
/** Words between a label and a reference, or two references, behind which it no longer holds. */
const ends =
  /[;."]|\([^)]*$|\b(?:not|no|none|nothing|nobody|was|were|see|or|if|when|maybe|than|instead|former|old)\b/;
/** The end of a line on which a list is not to go on: `#3,`, `#3 and`. */
const endOfLine = /(?:[^\s,&d]|[^n]d)\s*\n/i;

/** `Bump lodash to 4.17 (#12)` under "Dependencies" is a line of a change log. */
const isUpdate =
  /^\W*(?:\w+(?:\([^()]*\))?!?: ?)?(?:bump|update|upgrade|pin)[sd]?\b|\bby @[\w-]+ in\b|\bfrom v?\d[\w.]* to v?\d/;
const isGone =
  /\b(?:no longer|not (?:any ?more|really|(?:a )?block(?:er|ing)|needed|required|necessary)|instead of)\b|[:(–—-] ?(?:obsolete|dropped)\b/;
const beforeFirst =
  /^[\s\W\d]*(?:\[[ x]\]\s*)?(?:(?:issue|pr|pull request|ticket|the)\s+)*[^\p{L}\p{N}]*$/u;

/** Under a relation stands the reference that an item or cell begins with, or else its only one. */
function inScope(
  text: string,
  [first, ...more]: readonly number[],
  scope: Meaning | undefined,
): Classification | undefined {
  if (first === undefined || scope === undefined) return undefined;
  const leading = beforeFirst.test(text.slice(0, first));
  if (!leading && more.length > 0) return undefined;
  const item = text.slice(leading ? first + 1 : 0);
  // `- #12 – blocks` under "Dependencies" leaves the direction open; `(blocking)` describes #12 itself.
  const own = /\bblocking\b|\uE000/.test(item) ? undefined : scopeOf(item);
  if (leading && own !== scope && (own === 'blocked_by' || own === 'blocks')) return undefined;
  const asked = isDoubted.test(item) ? 'uncertain' : undefined;
  const objection = isGone.test(text) ? 'negated' : isUpdate.test(text) ? 'related' : asked;
  return classification(scope, objection, [leading ? first : 0, first + 1], 'template');
}
