import type { Dependency } from './reading.ts';
import { textLines } from './sections.ts';

/** Most dependencies one issue may declare; more is a list, not a plan. */
export const dependencyLimit = 100;

/** Names are bounded so that a hostile line takes no longer than a plain one. */
const name = String.raw`[\w.-]{1,100}\/[\w.-]{1,100}`;
const reference = String.raw`(?:${name})?#[1-9]\d{0,8}\b(?:\s*\([\w-]{1,40}\))?`;
const relation = new RegExp(
  String.raw`(?<![\w-])(blocked by|depends on|blocks)\b[\s:*]*(${reference}(?:(?:\s*[,&]\s*|\s+and\s+|\s*,\s*and\s+)${reference})*)`,
  'gi',
);
const single = /([\w.-]+\/[\w.-]+)?#([1-9]\d{0,8})/g;
/** Characters before a relation in which a negation is looked for. */
const negationReach = 30;
const negated = /\b(?:not|no longer|never|isn't|aren't|wasn't|doesn't)\s*$/i;

/** What a reader of the page sees as code declares nothing. */
const inlineCode = /``[^`]*``|`[^`]*`/g;

/**
 * Finds the plain forms "blocked by #1, #2 and acme/lib#3", "depends on #1" and "blocks #4". A first,
 * narrow grammar: code, HTML comments and directly negated relations are passed over, nothing else is
 * judged.
 */
export function findDependencies(title: string, body: string): Dependency[] {
  const found = new Map<string, Dependency>();
  for (const text of [title, ...textLines(body)]) {
    const line = text.replace(inlineCode, ' ');
    for (const match of line.matchAll(relation)) {
      if (negated.test(line.slice(Math.max(0, match.index - negationReach), match.index))) continue;
      const direction = match[1]?.toLowerCase() === 'blocks' ? 'blocks' : 'blocked_by';
      const evidence = match[0].replaceAll('*', '').slice(0, 200);
      for (const [, repository, digits] of (match[2] ?? '').matchAll(single)) {
        const number = Number(digits);
        const id = `${direction} ${repository?.toLowerCase() ?? ''}#${number}`;
        if (found.has(id) || found.size >= dependencyLimit) continue;
        found.set(id, {
          direction,
          repository: repository ?? null,
          number,
          source: 'declared',
          evidence,
        });
      }
    }
  }
  return [...found.values()];
}
