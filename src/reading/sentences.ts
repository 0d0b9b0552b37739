import { refSign } from './grammar/pattern.ts';
import { scopeOf, type Meaning } from './grammar/rules.ts';
import type { Passage } from './markdown/passage.ts';
import { partitionPoint } from './partition-point.ts';
import { isNoIssue, type Reference } from './references.ts';

/** References joined as a list: the words around them hold for all. */
export interface Group {
  readonly start: number;
  readonly end: number;
  readonly references: readonly Reference[];
}

/** A sentence in which each group is one sign. */
export interface Sentence {
  readonly text: string;
  readonly groups: readonly Group[];
  /** A relation of its own, as a row of a table has; `uncertain` where the row speaks of another issue. */
  readonly scope: Meaning | undefined;
  /** Turns a place in `text` into one in the passage. */
  readonly toPassage: (at: number) => number;
}

const joiner =
  /^[)\]]?(?:\s*\([^()]{0,100}\))?\s*(?:,|;(?=\s*[#\w./-]*$)|&|\/|\+|and|or|nor|as well as|plus|und|et|y|e|en)?(?:,?\s*(?:and|or|&))?\s*(?:(?:the|also|on|by|for)\s+)?(?:(?:issues?|prs?|pull requests?|tickets?)\s+)?[([]?$/i;

/** Singular verbs, or verbs of a wish: with the reference before a mere comma it is no list. */
const ownVerb =
  /^ +(?:(?:is|was|has|does|would|could|might)(?:n[’']t)?|contains|explains|describes|shows|lists|needs|blocks|depends|requires|waits|comes|goes)\b/i;

/** Joins neighbours such as `#3, #4 (the lock) and #9`. What names no issue counts only in a list with one. */
export function groupReferences({ text }: Passage, references: readonly Reference[]): Group[] {
  const groups: { start: number; end: number; references: Reference[] }[] = [];
  for (const reference of references) {
    const last = groups.at(-1);
    const between = last === undefined ? '' : text.slice(last.end, reference.start);
    const joined =
      last !== undefined &&
      between.length < 140 &&
      /\S/.test(between) &&
      !between.includes('\n') &&
      joiner.test(between) &&
      !(/^[,;\s]*$/.test(between) && ownVerb.test(text.slice(reference.end, reference.end + 20)));
    if (joined) {
      last.references.push(reference);
      last.end = reference.end;
    } else groups.push({ start: reference.start, end: reference.end, references: [reference] });
  }
  return groups.filter(({ references: named }) => !named.every(isNoIssue));
}

/** Maximum length of a sentence; a longer one is cut, which bounds the work of each rule. */
const maxSentence = 1_500;

/** The relations that the head of a table gives to its columns. */
export interface Columns {
  readonly scopes: readonly (Meaning | undefined)[];
  /** True for references to this issue itself: the row describes it. */
  readonly isSelf: (group: Group) => boolean;
}

/** The sentences of a passage, each with its groups; a row of a table is one sentence per cell. */
export function splitSentences(
  passage: Passage,
  groups: readonly Group[],
  columns: Columns,
): Sentence[] {
  const visible = hide(passage);
  if (passage.kind === 'row') return splitRow(passage, visible, groups, columns);
  const { text, toPassage, places } = withSigns(visible, groups, 0, visible.length);
  const sentences: Sentence[] = [];
  let next = 0;
  for (const { start, end } of sentenceRanges(text)) {
    const inside: Group[] = [];
    while (next < groups.length && (places[next] ?? 0) < end) {
      const group = groups[next];
      if (group !== undefined) inside.push(group);
      next += 1;
    }
    sentences.push({
      text: text.slice(start, end),
      groups: inside,
      scope: undefined,
      toPassage: (at) => toPassage(start + at),
    });
  }
  return sentences;
}

/** The relations that the head of a table gives to its columns. */
export function scopesOfColumns(head: Passage): (Meaning | undefined)[] {
  const visible = hide(head);
  return head.cells.map(({ start, end }) => scopeOf(visible.slice(start, end)));
}

/** The first cell may be the relation of the second; else the head of the table gives each cell its relation. */
function splitRow(
  { cells }: Passage,
  visible: string,
  groups: readonly Group[],
  columns: Columns,
): Sentence[] {
  const [first] = cells;
  const label = first === undefined ? '' : visible.slice(first.start, first.end);
  const relation = scopeOf(label);
  let next = 0;
  const split = cells.map(({ start, end }) => {
    const inside: Group[] = [];
    for (let group = groups[next]; group !== undefined && group.end <= end; group = groups[next]) {
      if (group.start >= start) inside.push(group);
      next += 1;
    }
    return { groups: inside, ...withSigns(visible, inside, start, end) };
  });
  const isAboutThis =
    columns.scopes[0] !== undefined || /^\W*this(?: (?:issue|one))?\W*$/i.test(label);
  // Where an earlier cell names another issue, the row speaks of that one.
  const named = split.findIndex(
    ({ groups: inside }, index) => inside.length > 0 && columns.scopes[index] === undefined,
  );
  const isOther = !isAboutThis && split[named]?.groups.every(columns.isSelf) === false;
  const hasScopes = isAboutThis || named === 0 || !/\w/.test(label);
  return split.map(({ groups: inside, text, toPassage }, index) => {
    const beside = index === 1 ? relation : undefined;
    const scope = beside ?? (hasScopes ? columns.scopes[index] : undefined);
    return {
      text,
      groups: inside,
      scope: isOther && index > named ? 'uncertain' : scope,
      toPassage,
    };
  });
}

/** Blanks the text that does not count; code stays a word. */
function hide({ text, spans }: Passage): string {
  if (spans.length === 0) return text.replaceAll(refSign, ' ');
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, hidden } of spans) {
    parts.push(text.slice(at, start), (hidden === 'code' ? 'x' : ' ').repeat(end - start));
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join('').replaceAll(refSign, ' ');
}

function withSigns(text: string, groups: readonly Group[], start: number, end: number) {
  const parts: string[] = [];
  const places: number[] = [];
  let at = start;
  let length = 0;
  for (const group of groups) {
    parts.push(text.slice(at, group.start), refSign);
    length += group.start - at + 1;
    places.push(length - 1);
    at = group.end;
  }
  parts.push(text.slice(at, end));
  const toPassage = (place: number) => {
    const last = partitionPoint(places, (at) => at < place) - 1;
    const group = groups[last];
    return group === undefined ? start + place : group.end + place - (places[last] ?? 0) - 1;
  };
  return { text: parts.join(''), places, toPassage };
}

/** Words that a line cannot end a sentence with. */
const goesOn =
  /(?:[,&(–—-]|\b(?:by|on|upon|for|to|of|with|and|or|nor|the|is|are|be|not|longer|requires?|needs?|blocks?|unblocks?|after|until|before|both|this|issues?|prs?|also|but|see|than))\s*$/i;
/** A label with nothing behind it: `Blocked by: -`. */
const nothing = /:\s*[–—-]\s*$/;
const startsAnew =
  /^\s*(?:[\p{Lu}•·*▪–—"'([-]|\d+[.)]\s|\uE000|[a-z][a-z -]{1,30}\s*:|(?:blocked|blocks|depends|requires|unblocks|waits|waiting|needs|after|required|needed|see|related|fixes|closes)\b)/u;
const abbreviation = /\b(?:e\.g|i\.e|etc|cf|vs|approx|incl|resp|no|z\.b|bzw|ca)\.$/i;

function* sentenceRanges(text: string): Generator<{ start: number; end: number }> {
  let start = 0;
  let depth = 0;
  let opened = 0;
  for (const { 0: sign, index } of text.matchAll(/[.!?]+|[()\n]/g)) {
    const end = index + sign.length;
    while (end - start > maxSentence) {
      yield { start, end: start + maxSentence };
      start += maxSentence;
    }
    if (sign === '(') {
      depth += 1;
      opened = index;
    } else if (sign === ')') depth = Math.max(0, depth - 1);
    else if (sign === '\n') {
      const line = text.slice(Math.max(start, index - 60), index);
      const isOpen = goesOn.test(line) && !nothing.test(line);
      if (isOpen || !startsAnew.test(text.slice(end, end + 60))) continue;
      depth = 0;
      yield { start, end };
      start = end;
    } else if (
      (depth === 0 || index - opened > 300) &&
      /^["'”’)\]*_]*(?:\s|$)/.test(text.slice(end, end + 8))
    ) {
      if (sign === '.' && abbreviation.test(text.slice(Math.max(start, end - 12), end))) continue;
      depth = 0;
      yield { start, end };
      start = end;
    }
  }
  for (; text.length - start > maxSentence; start += maxSentence)
    yield { start, end: start + maxSentence };
  if (start < text.length) yield { start, end: text.length };
}
