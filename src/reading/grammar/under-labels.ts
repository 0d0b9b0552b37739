import { excluded, keepFirst, type Classifications } from './classification.ts';
import { isAsked } from './clauses.ts';
import { refSign } from './fragments.ts';
import { scopeOf, type Scope } from './labels.ts';
import type { ExclusionReason } from '../mentions.ts';

/**
 * Classifies the references behind a label in the sentence itself, as in `Blocked by: the lock in #3, the
 * printer in #4`: a label reaches to the end of its line.
 */
export function classifyBehindLabel(
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
    if (scope === 'related') keepFirst(classified, at, { ...excluded('related', at), start: 0 });
    else if (asked)
      keepFirst(classified, at, { ...excluded('question', at), direction: scope, start: 0 });
    else
      keepFirst(classified, at, {
        kind: 'dependency',
        direction: scope,
        reason: undefined,
        start: 0,
        end: at + 1,
      });
  }
}

/**
 * Classifies the references of a list item or cell under a relation: those it begins with, or else its only
 * ones.
 */
export function classifyInScope(
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
  if (scope === 'related') {
    keepFirst(classified, first, { ...excluded('related', first), start: first });
    return;
  }
  const gone =
    /\b(?:no longer|not any ?more|not needed|not (?:a )?(?:block(?:er|ing)|required|necessary)|obsolete|dropped|isn't needed|not really|instead of)\b/.test(
      text,
    );
  const reason: ExclusionReason | undefined = gone
    ? 'negated'
    : isAsked(text, item.slice(-40))
      ? 'question'
      : undefined;
  const kind = reason === undefined ? 'dependency' : 'ruled_out';
  keepFirst(classified, first, {
    kind,
    direction: scope,
    reason,
    start: leading ? first : 0,
    end: first + 1,
  });
}

/** `- #12 – blocks` under "Dependencies" leaves the direction open. `(blocking)` describes #12 itself. */
function contradictsScope(item: string, scope: Scope): boolean {
  const own = item.includes(refSign) || /\bblocking\b/i.test(item) ? undefined : scopeOf(item);
  return own !== undefined && own !== 'related' && own !== scope;
}

function depthAt(text: string, at: number): number {
  const before = text.slice(0, at);
  return before.split('(').length - before.split(')').length;
}
