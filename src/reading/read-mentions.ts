import { isContextOnly } from './grammar/remarks.ts';
import { expandReference, isIssue, type Statement } from './expand-reference.ts';
import { classifySentence, type Classification } from './grammar/classify.ts';
import { refSign } from './grammar/pattern.ts';
import type { Meaning } from './grammar/rules.ts';
import type { KnownIssues } from './known-issues.ts';
import type { Passage } from './markdown/passage.ts';
import {
  softReasons,
  type DirectedMention,
  type HardReason,
  type SoftReason,
  type Verdict,
} from './mentions.ts';
import type { OtherWords } from './other-words.ts';
import { partitionPoint } from './partition-point.ts';
import type { IssueText } from '../issue/reading.ts';
import { findReferences, type Reference } from './references.ts';
import { createScopeTracker, type PassageScopes } from './scope-tracker.ts';
import { groupReferences, splitSentences, type Group, type Sentence } from './sentences.ts';
import type { Work } from './work.ts';

/** Maximum mentions of one text; more are a list, and are not read. */
export const mentionLimit = 2_000;
const sentenceLimit = 500;
const evidenceLimit = 200;
/** Steps of judging one list of references, beside those of searching its sentence. */
const stepsOfGroup = 50;

/** A number that may be a colour beside a word of colour: `#333`, `#336699`. */
const colourReach = 200;
const clauseEnd = /[,;()!?]|\b(?:but|and|because)\b| [-–—] |[–—]/;
const digitsOfColour = /^#(?:\d{3}|\d{6})$/;
const colours =
  /\b(?:colou?rs?|backgrounds?|palette|hex|css|shades?|gr[ae]y|rgb|white|black|borders?|fill|stroke|tint)\b/;

/** Everything that the mentions of a text depend on; `instructions`: passages addressed to the program. */
export interface MentionSource {
  readonly passages: readonly Passage[];
  readonly instructions: ReadonlySet<Passage>;
  /** Passages that are somebody else's words. */
  readonly others: ReadonlyMap<Passage, OtherWords>;
  readonly issue: IssueText;
  readonly known: KnownIssues | undefined;
  readonly trackerUrl: string | undefined;
  readonly work: Work;
}

/** Finds every mention of another issue, in order, with its meaning in its own sentence. */
export function readMentions(source: MentionSource): DirectedMention[] {
  const { passages, instructions, others, issue, known, trackerUrl, work } = source;
  const found: DirectedMention[] = [];
  const scopes = createScopeTracker();
  let instructed = false;
  for (const passage of passages) {
    if (found.length >= mentionLimit) break;
    const references = findReferences(passage, trackerUrl);
    const passageScopes = scopes.enter(passage);
    const addressed: boolean =
      instructions.has(passage) || (instructed && passage.kind !== 'heading');
    instructed = addressed && /:\s*$/.test(passage.text);
    if (references.length === 0) continue;
    const surroundings = { ...passageScopes, addressed, others, issue, known, work };
    for (const mention of readPassage(passage, references, surroundings)) {
      found.push(mention);
      if (found.length >= mentionLimit) break;
    }
  }
  return found;
}

interface Surroundings
  extends PassageScopes, Pick<MentionSource, 'others' | 'issue' | 'known' | 'work'> {
  /** The passage talks to the program that reads it. */
  readonly addressed: boolean;
}

function* readPassage(
  passage: Passage,
  references: readonly Reference[],
  surroundings: Surroundings,
): Generator<DirectedMention> {
  const { issue, known, others } = surroundings;
  const other = others.get(passage);
  const visible: Reference[] = [];
  for (const reference of references) {
    const isOther =
      other !== undefined && other.from <= reference.start && reference.start < other.to;
    const hidden =
      passage.hidden ?? hiddenAt(passage, reference) ?? (isOther ? other.reason : undefined);
    if (hidden === undefined) visible.push(reference);
    else {
      const verdict = { kind: 'ruled_out', reason: hidden } as const;
      const sentence = passage.quote(Math.max(0, reference.start - 100), reference.end);
      const evidence = passage.quote(reference.start, reference.end);
      const statement = { verdict, direction: undefined, sentence, evidence };
      yield* expandReference(reference, statement, issue, known);
    }
  }
  if (visible.length === 0) return;
  const groups = groupReferences(passage, visible);
  const isSelf = ({ references: named }: Group) =>
    named.every(
      ({ repository, number, foreign }) => !foreign && isIssue(issue, repository, number),
    );
  for (const sentence of splitSentences(passage, groups, { scopes: surroundings.columns, isSelf }))
    yield* readSentence(passage, sentence, surroundings);
}

function* readSentence(
  passage: Passage,
  sentence: Sentence,
  surroundings: Surroundings,
): Generator<DirectedMention> {
  if (sentence.groups.length === 0) return;
  surroundings.work.spend(sentence.text.length + stepsOfGroup * sentence.groups.length);
  const scope = sentence.scope ?? scopeIn(passage, sentence, surroundings.scope);
  const classifications = classifySentence(sentence.text, scope, passage.depth > 0);
  const quote = (start: number, end: number, limit: number, group: Group) =>
    quoteShort(passage, sentence.toPassage(start), sentence.toPassage(end), limit, group);
  for (const [index, group] of sentence.groups.entries()) {
    const classification = classifications[index];
    if (classification === undefined) continue;
    const { direction, start, end } = classification;
    const statement = {
      verdict: verdictOf(classification, passage, surroundings.addressed),
      direction,
      sentence: quote(0, sentence.text.length, sentenceLimit, group),
      evidence: quote(start, end, evidenceLimit, group),
    };
    for (const reference of group.references) {
      const own = statementOn(reference, statement, passage);
      yield* expandReference(reference, own, surroundings.issue, surroundings.known);
    }
  }
}

/** What the words say of one reference of the list: it may lie elsewhere, or have a remark of its own. */
function statementOn(
  reference: Reference,
  statement: Statement,
  { text, kind, depth }: Passage,
): Statement {
  const { verdict, direction } = statement;
  if (reference.foreign) {
    const waits = verdict.kind === 'dependency' ? direction : undefined;
    return {
      ...statement,
      verdict: { kind: 'ruled_out', reason: 'foreign_url' },
      direction: waits,
    };
  }
  if (verdict.kind === 'undecided' && verdict.reason === undefined && isColour(reference, text))
    return { ...statement, verdict: { kind: 'ruled_out', reason: 'not_a_reference' } };
  // In a list, the remark itself may be what denies it.
  const left =
    verdict.kind === 'dependency' || (isDenied(verdict) && (depth > 0 || kind === 'row'));
  const isOpen = verdict.kind === 'undecided' && verdict.reason === undefined;
  if (!(left || isOpen) || !isContextOnly(text, reference.end)) return statement;
  // Where no dependency is declared, nothing is left out: the remark speaks against one all the same.
  return {
    ...statement,
    verdict: { kind: 'undecided', reason: left ? 'context_only' : 'related' },
  };
}

function isDenied(verdict: Verdict): boolean {
  return verdict.kind === 'ruled_out' && verdict.reason === 'negated';
}

/** A relation holds for items of a list, and for paragraphs that consist of references alone; a doubt for all. */
function scopeIn(
  passage: Passage,
  sentence: Sentence,
  scope: Meaning | undefined,
): Meaning | undefined {
  if (passage.kind !== 'paragraph') return undefined;
  if (passage.depth > 0 || scope === 'uncertain') return scope;
  return /^[\s\W\d]*$/.test(sentence.text.replaceAll(refSign, '')) ? scope : undefined;
}

function quoteShort(
  passage: Passage,
  start: number,
  end: number,
  limit: number,
  group: Group,
): string {
  const quoted = passage.quote(start, end).trim();
  if (quoted.length <= limit) return quoted;
  // The quote is cut so that it contains the reference.
  const from = Math.max(start, Math.min(group.start - limit / 2, end - limit));
  return passage.quote(from, end).slice(0, limit).trim();
}

function hiddenAt({ spans }: Passage, { start, end }: Reference) {
  const span = spans[partitionPoint(spans, (other) => other.end <= start)];
  return span !== undefined && span.start < end ? span.hidden : undefined;
}

/** A colour is decided by the words of its own clause, in which a list of colours is one place. */
function isColour({ start, end }: Reference, text: string): boolean {
  if (!digitsOfColour.test(text.slice(start, end))) return false;
  const near = (words: string) =>
    words.toLowerCase().replace(/(?<=#\w{3,6} ?)(?:,|and)(?= ?#\w)/g, ' ');
  const before = near(text.slice(Math.max(0, start - colourReach), end));
  const behind = near(text.slice(start, end + colourReach));
  return (
    colours.test(before.split(clauseEnd).at(-1) ?? '') ||
    colours.test(behind.split(clauseEnd)[0] ?? '')
  );
}

function verdictOf(
  { direction, reason, form }: Classification,
  passage: Passage,
  addressed: boolean,
): Verdict {
  if (addressed && reason !== 'not_a_reference')
    return { kind: 'ruled_out', reason: 'instruction' };
  if (reason !== undefined)
    return isSoft(reason) ? { kind: 'undecided', reason } : { kind: 'ruled_out', reason };
  if (direction !== undefined)
    return passage.checked === true
      ? { kind: 'met', direction }
      : { kind: 'dependency', direction, form };
  // A tick speaks against it; an open box leaves it open.
  return passage.checked === true
    ? { kind: 'undecided', reason: 'related' }
    : { kind: 'undecided' };
}

function isSoft(reason: HardReason | SoftReason): reason is SoftReason {
  return softReasons.some((soft) => soft === reason);
}
