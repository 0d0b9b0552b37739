import { classifySentence } from './grammar/classify.ts';
import type { Classification } from './grammar/classification.ts';
import { refSign } from './grammar/fragments.ts';
import { isInstruction } from './grammar/instructions.ts';
import { scopeOf, type Scope } from './grammar/labels.ts';
import { parseMarkdown, parseTitle, type Passage } from './markdown.ts';
import type { Mention, ExclusionReason, Verdict } from './mentions.ts';
import type { KnownCodes } from '../issue/codes.ts';
import type { IssueText, Warning } from '../issue/reading.ts';
import { formatRef } from '../issue/ref.ts';
import { findReferences, type Reference } from './references.ts';
import { readDeclared, type Declared } from './sections.ts';
import {
  groupReferences,
  scopesOfColumns,
  splitSentences,
  type Group,
  type Sentence,
} from './sentences.ts';

/** What the tracker holds, as far as a text is checked against it. Refs are `owner/repo#12`. */
export interface KnownIssues {
  /** What is not known may exist all the same. */
  readonly partial?: true;
  readonly has: (ref: string) => boolean;
  /** The issues whose title carries a code such as COORD-005. */
  readonly refsWithCode: (code: string) => readonly string[];
}

/** A text with what is known of the issues that its codes name. */
export interface CodedText extends IssueText {
  readonly known?: KnownCodes | undefined;
}

/** The part of a tracker that is known by its codes. */
export function knownByCodes(repository: string, { carriers, titled }: KnownCodes): KnownIssues {
  const known = new Set([...titled].map((number) => refKey(repository, number)));
  return {
    partial: true,
    has: (ref) => known.has(ref.toLowerCase()),
    refsWithCode: (code) =>
      (carriers.get(code) ?? []).map((number) => formatRef({ repository, number })),
  };
}

function refKey(repository: string, number: number): string {
  return formatRef({ repository, number }).toLowerCase();
}

/** What reading a text needs besides the text. */
export interface TextContext {
  readonly agentNames: readonly string[];
  /** Base URL of the tracker; without it no URL is the tracker's own. */
  readonly trackerUrl?: string | undefined;
  /** Without it a code alone names nothing; unless it is complete, no reference is dropped for being unknown. */
  readonly known?: KnownIssues | undefined;
}

/** Everything one text says. */
export interface TextReading {
  readonly mentions: readonly Mention[];
  readonly declared: Declared;
  readonly warnings: readonly Warning[];
}

/** Colours are numbers too, of as many digits. */
const digitsOfColour = /^#(?:\d{3,4}|\d{6}|\d{8})$/;
const colours =
  /\b(?:colou?rs?|backgrounds?|palette|hex|css|shades?|gr[ae]y|rgb|theme|white|black|borders?|fill|stroke|tint)\b/;

/** More references than this in one text are a list, and not read on. */
const mentionLimit = 2_000;
/** A wider range names no issues one by one. */
const widestRange = 1_000;
const widestUncheckedRange = 100;
const sentenceLimit = 500;
const evidenceLimit = 200;

/** Reads title and body: every reference with what it amounts to, and the values declared. Never throws. */
export function readText(issue: IssueText, context: TextContext): TextReading {
  const passages = [parseTitle(issue.title), ...parseMarkdown(issue.body)];
  const instructions = new Set(passages.filter(({ text }) => isInstruction(text)));
  const readable = passages.filter(
    (passage) => passage.hidden === undefined && !instructions.has(passage),
  );
  const declared = readDeclared(readable, context.agentNames);
  const found = settle(readMentions(passages, instructions, issue, context), issue);
  return {
    mentions: found.map(({ mention }) => mention),
    declared,
    warnings: warningsOf(found, issue),
  };
}

function warningsOf(found: readonly Found[], issue: IssueText): Warning[] {
  const refsOf = (reason: ExclusionReason) => {
    const of = found.filter(
      ({ mention: { verdict }, direction }) =>
        verdict.kind === 'ruled_out' && verdict.reason === reason && direction !== undefined,
    );
    const refs = of.map(({ mention: { repository, number } }) => `${repository ?? ''}#${number}`);
    return [...new Set(refs)].slice(0, 10).join(', ');
  };
  const self = refsOf('self') !== '';
  const both = refsOf('contradiction');
  const codes = refsOf('code_mismatch');
  const instructed = refsOf('instruction') !== '';
  return [
    ...(self ? [selfReference(issue)] : []),
    ...(both === '' ? [] : [bothDirections(both)]),
    ...(codes === '' ? [] : [codeDisagrees(codes)]),
    ...(instructed ? [textForProgram] : []),
    ...(found.length >= mentionLimit ? [tooManyMentions] : []),
  ];
}

function selfReference(issue: IssueText): Warning {
  return {
    code: 'self_reference',
    text: `The text declares a dependency of #${issue.number} on itself: it was dropped.`,
  };
}

function bothDirections(refs: string): Warning {
  return {
    code: 'contradiction',
    text: `The text says both that this issue waits for ${refs} and that it is waited for: neither counts.`,
  };
}

function codeDisagrees(refs: string): Warning {
  return {
    code: 'code_mismatch',
    text: `A code does not name one issue alone, or another one than the number beside it (${refs}): the line counts for none.`,
  };
}

const textForProgram: Warning = {
  code: 'instruction_ignored',
  text: 'A part of the text is addressed to the program that reads it: it was passed over.',
};
const tooManyMentions: Warning = {
  code: 'too_many_mentions',
  text: `The text names other issues ${mentionLimit.toLocaleString('en-US')} times or more: what follows was not read.`,
};

/** A mention with what only the whole text can settle. */
interface Found {
  readonly mention: Mention;
  /** The direction its words speak of, also when they deny it. */
  readonly direction: 'blocked_by' | 'blocks' | undefined;
}

/** `instructions`: the passages that talk to the program that reads them. */
function readMentions(
  passages: readonly Passage[],
  instructions: ReadonlySet<Passage>,
  issue: IssueText,
  context: TextContext,
): Found[] {
  const found: Found[] = [];
  const scopes = createScopes();
  let instructed = false;
  for (const passage of passages) {
    if (found.length >= mentionLimit) break;
    const references = findReferences(passage, context.trackerUrl);
    const { scope, columns } = scopes.enter(passage);
    const addressed: boolean =
      instructions.has(passage) || (instructed && passage.kind !== 'heading');
    instructed = addressed && /:\s*$/.test(passage.text);
    if (references.length === 0) continue;
    for (const item of readPassage(passage, references, {
      scope,
      columns,
      addressed,
      issue,
      context,
    })) {
      found.push(item);
      if (found.length >= mentionLimit) break;
    }
  }
  return found;
}

interface Surroundings {
  readonly scope: Scope | undefined;
  readonly columns: readonly (Scope | undefined)[];
  readonly addressed: boolean;
  readonly issue: IssueText;
  readonly context: TextContext;
}

function* readPassage(
  passage: Passage,
  references: readonly Reference[],
  around: Surroundings,
): Generator<Found> {
  const counted: Reference[] = [];
  for (const reference of references) {
    const hidden = passage.hidden ?? hiddenAt(passage, reference);
    if (hidden === undefined && !reference.foreign) counted.push(reference);
    else {
      const verdict = { kind: 'ruled_out', reason: hidden ?? 'foreign_url' } as const;
      const sentence = passage.quote(Math.max(0, reference.start - 100), reference.end);
      const evidence = passage.quote(reference.start, reference.end);
      yield* expand(reference, { verdict, direction: undefined, sentence, evidence }, around);
    }
  }
  if (counted.length === 0) return;
  const groups = groupReferences(passage, counted);
  const isSelf = ({ references: named }: Group) =>
    named.every(({ repository, number }) => isIssue(around.issue, repository, number));
  for (const sentence of splitSentences(passage, groups, { scopes: around.columns, isSelf })) {
    if (sentence.groups.length === 0) continue;
    const judgements = classifySentence(
      sentence.text,
      sentence.scope ?? scopeIn(passage, sentence, around.scope),
    );
    for (const [index, group] of sentence.groups.entries()) {
      const judgement = judgements[index];
      if (judgement === undefined) continue;
      const verdict = isColour(judgement, passage, sentence, group)
        ? ({ kind: 'ruled_out', reason: 'not_a_reference' } as const)
        : verdictOf(judgement, passage, sentence, around);
      const evidence = quoteShort(
        passage,
        sentence.toPassage(judgement.start),
        sentence.toPassage(judgement.end),
        evidenceLimit,
        group,
      );
      const whole = quoteShort(
        passage,
        sentence.toPassage(0),
        sentence.toPassage(sentence.text.length),
        sentenceLimit,
        group,
      );
      for (const reference of group.references)
        yield* expand(
          reference,
          { verdict, direction: judgement.direction, sentence: whole, evidence },
          around,
        );
    }
  }
}

/** The scope counts for items of a list and for paragraphs that are nothing but references. */
function scopeIn(
  passage: Passage,
  sentence: Sentence,
  scope: Scope | undefined,
): Scope | undefined {
  if (passage.kind !== 'paragraph') return undefined;
  if (passage.depth > 0) return scope;
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
  // Around the reference, so that it stands in what is shown.
  const from = Math.max(start, Math.min(group.start - limit / 2, end - limit));
  return passage.quote(from, end).slice(0, limit).trim();
}

function hiddenAt({ spans }: Passage, { start, end }: Reference) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.end ?? Infinity) <= start) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span !== undefined && span.start < end ? span.hidden : undefined;
}

function isColour(
  { kind }: Classification,
  { text }: Passage,
  sentence: Sentence,
  { references }: Group,
): boolean {
  return (
    kind === 'undecided' &&
    references.every(({ start, end }) => digitsOfColour.test(text.slice(start, end))) &&
    colours.test(sentence.text.toLowerCase())
  );
}

function verdictOf(
  judgement: Classification,
  passage: Passage,
  sentence: Sentence,
  around: Surroundings,
): Verdict {
  const { kind, direction, reason } = judgement;
  if (around.addressed && reason !== 'not_a_reference')
    return { kind: 'ruled_out', reason: 'instruction' };
  if (kind === 'dependency' && direction !== undefined)
    return passage.checked === true ? { kind: 'met', direction } : { kind, direction };
  if (reason !== undefined) return { kind: 'ruled_out', reason };
  const todo =
    passage.checked === true ||
    (passage.checked === false && /^\W*\[ \]\s*(?:\w+\s+)?\uE000/.test(sentence.text));
  return todo ? { kind: 'ruled_out', reason: 'related' } : { kind: 'undecided' };
}

interface Saying {
  readonly verdict: Verdict;
  readonly direction: Found['direction'];
  readonly sentence: string;
  readonly evidence: string;
}

/** One mention for each issue a reference names, checked against the tracker where that is known. */
function* expand(
  reference: Reference,
  saying: Saying,
  { issue, context: { known } }: Surroundings,
): Generator<Found> {
  const { sentence, evidence, direction } = saying;
  const isMissing = (of: string, number: number) =>
    known !== undefined &&
    known.partial !== true &&
    !known.has(formatRef({ repository: of, number }));
  const named = (repository: string | null, number: number, verdict: Verdict): Found => ({
    mention: { repository, number, verdict, sentence, evidence },
    direction,
  });
  const open = saying.verdict.kind !== 'ruled_out';
  const carriers = reference.code === undefined ? [] : (known?.refsWithCode(reference.code) ?? []);
  if (reference.number === undefined) {
    const [carrier] = carriers;
    const other = carrier === undefined ? undefined : splitRef(carrier);
    if (other === undefined) return;
    const verdict: Verdict =
      carriers.length > 1 && open ? { kind: 'ruled_out', reason: 'code_mismatch' } : saying.verdict;
    yield named(
      ownAsNull(other.repository, issue),
      other.number,
      checked(other.repository, other.number, verdict),
    );
    return;
  }
  const repository = reference.repository ?? issue.repository;
  if (carriers.length === 1 && open && reference.to === undefined) {
    const other = splitRef(carriers[0] ?? '');
    const same =
      carriers[0]?.toLowerCase() ===
      formatRef({ repository, number: reference.number }).toLowerCase();
    const told =
      known?.partial !== true || known.has(formatRef({ repository, number: reference.number }));
    if (!same && told && other !== undefined) {
      const verdict: Verdict = { kind: 'ruled_out', reason: 'code_mismatch' };
      yield named(reference.repository, reference.number, verdict);
      yield named(ownAsNull(other.repository, issue), other.number, verdict);
      return;
    }
  }
  const last = reference.to ?? reference.number;
  const width = last - reference.number;
  const step =
    width > (known === undefined || known.partial === true ? widestUncheckedRange : widestRange)
      ? width
      : 1;
  for (let number = reference.number; number <= last; number += step) {
    const inside = number !== reference.number && number !== last;
    if (inside && isMissing(repository, number)) continue;
    const verdict: Verdict = step > 1 && open ? { kind: 'undecided' } : saying.verdict;
    yield named(reference.repository, number, checked(repository, number, verdict));
  }

  function checked(of: string, number: number, verdict: Verdict): Verdict {
    if (verdict.kind === 'ruled_out' && verdict.reason !== 'contradiction') return verdict;
    if (isIssue(issue, of, number)) return { kind: 'ruled_out', reason: 'self' };
    if (isMissing(of, number)) return { kind: 'ruled_out', reason: 'unknown_target' };
    return verdict;
  }
}

function isIssue(issue: IssueText, repository: string | null, number: number | undefined): boolean {
  return number === issue.number && (repository === null || ownAsNull(repository, issue) === null);
}

function splitRef(ref: string) {
  const [repository, digits] = ref.split('#');
  const number = Number(digits);
  return repository === undefined || !Number.isSafeInteger(number)
    ? undefined
    : { repository, number };
}

function ownAsNull(repository: string, issue: IssueText): string | null {
  return repository.toLowerCase() === issue.repository.toLowerCase() ? null : repository;
}

const takesBack: readonly ExclusionReason[] = ['negated', 'history'];

/** What only the whole text shows: statements taken back later, and both directions for one pair. */
function settle(found: readonly Found[], issue: IssueText): Found[] {
  const takenBackAt = new Map<string, number>();
  const directions = new Map<string, Set<string>>();
  const keyOf = ({ mention: { repository, number } }: Found) =>
    formatRef({ repository: repository ?? issue.repository, number }).toLowerCase();
  for (const [index, item] of found.entries()) {
    const { verdict } = item.mention;
    if (
      verdict.kind === 'ruled_out' &&
      takesBack.includes(verdict.reason) &&
      item.direction !== undefined
    )
      takenBackAt.set(`${item.direction} ${keyOf(item)}`, index);
  }
  const kept = found.map((item, index) => {
    const { verdict } = item.mention;
    if (verdict.kind !== 'dependency') return item;
    const back = takenBackAt.get(`${verdict.direction} ${keyOf(item)}`) ?? -1;
    if (back > index) return ruledOut(item, 'retracted');
    const both = directions.get(keyOf(item)) ?? new Set();
    directions.set(keyOf(item), both.add(verdict.direction));
    return item;
  });
  return kept.map((item) =>
    item.mention.verdict.kind === 'dependency' && directions.get(keyOf(item))?.size === 2
      ? ruledOut(item, 'contradiction')
      : item,
  );
}

function ruledOut(found: Found, reason: ExclusionReason): Found {
  return { ...found, mention: { ...found.mention, verdict: { kind: 'ruled_out', reason } } };
}

/**
 * The relation that headings, labels and list items give to what stands under them: a heading until the
 * next one, a label for the list or the references right behind it, an item for the items nested in it,
 * the head of a table for its columns.
 */
function createScopes() {
  let heading: Scope | undefined;
  let label: Scope | undefined;
  const items: (Scope | undefined)[] = [];
  let columns: (Scope | undefined)[] = [];

  function enter(passage: Passage): Pick<Surroundings, 'scope' | 'columns'> {
    if (passage.kind !== 'row') columns = [];
    else if (passage.head) columns = scopesOfColumns(passage);
    return { scope: enterText(passage), columns };
  }

  function enterText(passage: Passage): Scope | undefined {
    const { kind, depth, text } = passage;
    if (passage.hidden !== undefined) return undefined;
    if (kind === 'heading') {
      heading = scopeOf(text);
      label = undefined;
      items.length = 0;
      return undefined;
    }
    if (kind !== 'paragraph') return undefined;
    const own = text.length < 80 ? scopeOf(lastLine(text)) : undefined;
    if (depth === 0) {
      items.length = 0;
      const before = label;
      label = own;
      return before ?? heading;
    }
    items.length = depth;
    items[depth - 1] = own;
    return items.slice(0, depth - 1).findLast((scope) => scope !== undefined) ?? label ?? heading;
  }

  return { enter };
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
