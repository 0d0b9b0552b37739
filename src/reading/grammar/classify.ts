import {
  ambiguousLabel,
  anyMore,
  asides,
  denial,
  example,
  foreignSubject,
  hearsay,
  history,
  historyAfter,
  hypothesis,
  hypothesisAfter,
  labelLead,
  labels,
  negatedAfter,
  negation,
  negatedSubject,
  ownSubject,
  pastVerb,
  pluralSubject,
  question,
  refSign,
  rules,
  unnamedSubject,
  waiting,
  type Rule,
} from './grammar.ts';
import type { RuledOut } from '../mentions.ts';

/** What the words around one list of references make of it, in one sentence. */
export interface Judgement {
  readonly kind: 'dependency' | 'ruled_out' | 'undecided';
  readonly direction: 'blocked_by' | 'blocks' | undefined;
  readonly reason: RuledOut | undefined;
  /** The words that decided, as a range of the sentence. */
  readonly start: number;
  readonly end: number;
}

/** What a heading, label or first cell says about the references under or beside it. */
export type Scope = 'blocked_by' | 'blocks' | 'related';

/**
 * Judges every list of references (`refSign`) of a sentence, in order. `scope` is the relation the
 * sentence stands under, as an item of a list or a cell of a table.
 */
export function judgeSentence(sentence: string, scope: Scope | undefined): Judgement[] {
  const text = simplify(sentence);
  const places = [...text.matchAll(new RegExp(refSign, 'g'))].map(({ index }) => index);
  const judged = new Map<number, Judgement>();
  for (const rule of rules) {
    for (const match of text.matchAll(rule.pattern)) {
      const at = text.indexOf(refSign, match.index);
      if (!judged.has(at)) judged.set(at, judge(text, rule, match, at));
    }
  }
  judgeSubjects(places, judged);
  judgeLabelled(text, places, judged);
  if (scope !== undefined) judgeScoped(text, places, judged, scope);
  judgeAsides(text, places, judged);
  return places.map(
    (at) => judged.get(at) ?? { ...ruledOut('related', at), kind: 'undecided', reason: undefined },
  );
}

/** The relation a text consists of, as a heading, label or first cell does. */
export function scopeOf(text: string): Scope | undefined {
  if (text.length < 3 || text.length > 80) return undefined;
  const words = simplify(text)
    .replace(/[^\p{L}\p{N} -]+/gu, ' ')
    .replace(/(?<=\w)-(?=\w)|\s+/g, ' ')
    .replace(/^[\d\s-]+|[\s-]+$/g, '')
    .replace(labelLead, '');
  if (ambiguousLabel.test(words)) return undefined;
  const relation = words.replace(
    /(?: (?:on )?(?:these|the following|other))?(?: (?:issues?|prs?|pull requests?|tickets?|tasks?))?$/,
    '',
  );
  return labels.find(({ pattern }) => pattern.test(relation))?.means;
}

/** Lower case and plain signs, character for character. */
function simplify(text: string): string {
  return text
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/\s/g, ' ')
    .replace(/[’‘ʼ]/g, "'");
}

function judge(text: string, rule: Rule, match: RegExpExecArray, at: number): Judgement {
  const start = match.index;
  const end = Math.max(match.index + match[0].length, at + 1);
  if (rule.means !== 'blocked_by' && rule.means !== 'blocks')
    return { kind: 'ruled_out', direction: undefined, reason: rule.means, start, end };
  const direction = rule.means;
  const reason = rule.negated === true ? 'negated' : whyNot(text, { rule, match, at, end });
  if (reason === undefined) return { kind: 'dependency', direction, reason, start, end };
  return { kind: 'ruled_out', direction, reason, start, end };
}

interface Matched {
  readonly rule: Rule;
  readonly match: RegExpExecArray;
  readonly at: number;
  readonly end: number;
}

function whyNot(text: string, { rule, match, at, end }: Matched): RuledOut | undefined {
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

const clauseSign = /[,;:()!?]|\bbut\b|\bbecause\b| [-–—] |[–—]/g;

/** From the last comma or conjunction up to a place. */
function clauseBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - reach), at);
  return before.slice(lastEnd(before, clauseSign));
}

/** How far back the words in front of a relation are looked at. */
const reach = 300;

/** The start of the part of a sentence that a condition governs. */
function partStart(text: string, at: number): number {
  const from = Math.max(0, at - reach);
  return from + lastEnd(text.slice(from, at), /;|\bbut\b| [-–—] |—|: /g);
}

function lastEnd(text: string, sign: RegExp): number {
  let end = 0;
  for (const match of text.matchAll(sign)) end = match.index + match[0].length;
  return end;
}

/** A question, unless the question mark belongs to a later part of the sentence. */
function isAsked(text: string, after: string): boolean {
  return /\?[\s"'”)\]*!?.]*$/.test(text) && !/[;–—:]| - /.test(after);
}

/** `#12 is blocked by #13`: the verb has another issue for its subject. */
function isAboutAnother(text: string, verbAt: number, at: number): boolean {
  const last = text.lastIndexOf(refSign, Math.min(verbAt, at - 1));
  if (last < 0) return false;
  const between = text.slice(last + 1, verbAt);
  return between.length < 120 && foreignSubject.test(between) && !ownSubject.test(between);
}

/** The other issue a relation is about is no dependency either, unless the text says so elsewhere. */
function judgeSubjects(places: readonly number[], judged: Map<number, Judgement>): void {
  for (const [at, judgement] of [...judged]) {
    if (judgement.reason !== 'third_party') continue;
    const subject = places[places.indexOf(at) - 1];
    if (subject === undefined) continue;
    if (judged.get(subject)?.kind !== 'dependency' || judgement.start <= subject)
      judged.set(subject, { ...judgement, start: subject, end: judgement.end });
  }
}

/** `Blocked by: the lock in #3, the printer in #4`: a label reaches to the end of its line. */
function judgeLabelled(
  text: string,
  places: readonly number[],
  judged: Map<number, Judgement>,
): void {
  const colon = /^[^:\uE000]{2,50}?(?::| [–—-] )/.exec(text);
  if (colon === null) return;
  const scope = scopeOf(colon[0]);
  if (scope === undefined) return;
  if (colon[0].includes('"')) {
    // A key of JSON, not a label.
    for (const at of places) keep(judged, at, ruledOut('code', at));
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
    if (scope === 'related') keep(judged, at, { ...ruledOut('related', at), start: 0 });
    else if (asked) keep(judged, at, { ...ruledOut('question', at), direction: scope, start: 0 });
    else
      keep(judged, at, {
        kind: 'dependency',
        direction: scope,
        reason: undefined,
        start: 0,
        end: at + 1,
      });
  }
}

/** What is left is ruled out by what stands beside it, where nothing speaks of waiting. */
function judgeAsides(
  text: string,
  places: readonly number[],
  judged: Map<number, Judgement>,
): void {
  if (places.every((at) => judged.has(at))) return;
  const rest = blank(text, judged.values());
  const waits = waiting.test(rest);
  for (const { reason, always, pattern } of asides) {
    if (waits && always !== true) continue;
    for (const { index, 0: words } of text.matchAll(pattern)) {
      const end = index + words.length;
      const reached = words.includes(refSign)
        ? places.filter((at) => index <= at && at < end)
        : places.filter((at) => partStart(text, at) === partStart(text, index));
      for (const at of reached) keep(judged, at, ruledOut(reason, at));
    }
  }
  if (isAsked(text, text.slice(places.at(-1))))
    for (const at of places) keep(judged, at, ruledOut('question', at));
}

/** What rules have read is read: a relation to one reference says nothing about the next. */
function blank(text: string, read: Iterable<Judgement>): string {
  const signs = text.split('');
  for (const { start, end } of read) signs.fill(' ', start, end);
  return signs.join('');
}

function depthAt(text: string, at: number): number {
  const before = text.slice(0, at);
  return before.split('(').length - before.split(')').length;
}

/** Under a relation: the references the item begins with, or the only ones it has. */
function judgeScoped(
  text: string,
  places: readonly number[],
  judged: Map<number, Judgement>,
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
  if (leading && turnsRound(item, scope)) return;
  if (scope === 'related') {
    keep(judged, first, { ...ruledOut('related', first), start: first });
    return;
  }
  const gone =
    /\b(?:no longer|not any ?more|not needed|not (?:a )?(?:block(?:er|ing)|required|necessary)|obsolete|dropped|isn't needed|not really|instead of)\b/.test(
      text,
    );
  const reason: RuledOut | undefined = gone
    ? 'negated'
    : isAsked(text, item.slice(-40))
      ? 'question'
      : undefined;
  const kind = reason === undefined ? 'dependency' : 'ruled_out';
  keep(judged, first, {
    kind,
    direction: scope,
    reason,
    start: leading ? first : 0,
    end: first + 1,
  });
}

/** `- #12 – blocks` under "Dependencies": which way round is open. `(blocking)` is said of #12 itself. */
function turnsRound(item: string, scope: Scope): boolean {
  const own = item.includes(refSign) || /\bblocking\b/i.test(item) ? undefined : scopeOf(item);
  return own !== undefined && own !== 'related' && own !== scope;
}

function keep(judged: Map<number, Judgement>, at: number, judgement: Judgement): void {
  if (!judged.has(at)) judged.set(at, judgement);
}

function ruledOut(reason: RuledOut, at: number): Judgement {
  return { kind: 'ruled_out', direction: undefined, reason, start: at, end: at + 1 };
}
