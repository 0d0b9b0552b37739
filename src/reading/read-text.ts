import { withPlainSpaces } from '../lib/text.ts';
import type { KnownIssues } from './known-issues.ts';
import { parseMarkdown, parseTitle } from './markdown/markdown.ts';
import type { DirectedMention, HardReason, Mention, SoftReason, Verdict } from './mentions.ts';
import type { IssueText } from '../issue/reading.ts';
import type { UnreadableCause } from '../issue/unreadable.ts';
import type { Warning } from '../issue/warnings.ts';
import { mentionLimit, readMentions } from './read-mentions.ts';
import { findOtherWords, isInstruction } from './other-words.ts';
import { readDeclarations } from './declarations/read-declarations.ts';
import type { Declarations } from './declarations/values.ts';
import { formatRef } from '../issue/ref.ts';
import { TooMuchWork, Work, workLimit } from './work.ts';

/** Facts besides the text that its reading depends on. */
interface TextContext {
  readonly agentNames: readonly string[];
  /** Base URL of the tracker; without it no URL is the tracker's own. */
  readonly trackerUrl?: string | undefined;
  /** Without it a code alone names nothing; unless it is complete, no reference is dropped for being unknown. */
  readonly known?: KnownIssues | undefined;
  readonly workLimit?: number | undefined;
}

/** Everything one text says. */
export interface TextReading {
  readonly mentions: readonly Mention[];
  readonly declared: Declarations;
  readonly warnings: readonly Warning[];
  /** Why nothing of the text is known; undefined for a text that was read. */
  readonly unreadable?: UnreadableCause | undefined;
}

/** What is known of a text that could not be read: nothing. */
export function unreadableText(cause: UnreadableCause): TextReading {
  return { mentions: [], declared: {}, warnings: [], unreadable: cause };
}

/**
 * Reads title and body: every reference with its meaning, and the declared values. A text that takes too many
 * steps is unreadable as a whole: half of it might lack the dependency that counts. Never throws.
 */
export function readText(issue: IssueText, context: TextContext): TextReading {
  try {
    return readWithin(new Work(context.workLimit ?? workLimit), issue, context);
  } catch (error) {
    return unreadableText(error instanceof TooMuchWork ? 'work' : 'failed');
  }
}

function readWithin(work: Work, issue: IssueText, context: TextContext): TextReading {
  const [title, body] = [issue.title, issue.body].map(withPlainSpaces);
  const passages = [parseTitle(title ?? '', work), ...parseMarkdown(body ?? '', work)];
  const instructions = new Set(passages.filter(({ text }) => isInstruction(text)));
  const others = findOtherWords(passages);
  const readable = passages.filter(
    (passage) => passage.hidden === undefined && !instructions.has(passage) && !others.has(passage),
  );
  const declared = readDeclarations(readable, context.agentNames);
  const { trackerUrl, known } = context;
  const all = readMentions({ passages, instructions, others, issue, known, trackerUrl, work });
  const found = resolveContradictions(all, issue);
  return {
    mentions: found.map(({ mention }) => mention),
    declared,
    warnings: warningsOf(found, issue),
  };
}

function warningsOf(found: readonly DirectedMention[], { number }: IssueText): Warning[] {
  const refsOf = (reason: HardReason | SoftReason) => {
    const of = found.filter(
      ({ mention: { verdict }, direction }) =>
        'reason' in verdict && verdict.reason === reason && direction !== undefined,
    );
    const refs = of.map(({ mention: { repository, number } }) => `${repository ?? ''}#${number}`);
    return [...new Set(refs)].slice(0, maxRefs);
  };
  const warnings: Warning[] = [];
  if (refsOf('self').length > 0)
    warnings.push({ code: 'self_reference', params: { found: 'text', ref: `#${number}` } });
  for (const code of ['contradiction', 'code_mismatch'] as const) {
    const refs = refsOf(code);
    if (refs.length > 0) warnings.push({ code, params: { refs } });
  }
  const contextOnly = refsOf('context_only');
  if (contextOnly.length > 0)
    warnings.push({ code: 'context_only', params: { refs: contextOnly } });
  const outside = new Set(
    found.flatMap(({ direction, address }) => (direction === 'blocked_by' ? (address ?? []) : [])),
  );
  if (outside.size > 0)
    warnings.push({ code: 'outside_dependencies', params: { count: outside.size } });
  if (refsOf('instruction').length > 0) warnings.push({ code: 'instruction_ignored', params: {} });
  if (found.length >= mentionLimit)
    warnings.push({ code: 'too_many_mentions', params: { limit: mentionLimit } });
  return warnings;
}

/** Maximum number of references that a warning names. */
const maxRefs = 10;

/** What comes of a dependency that is denied, or past, in words further down. */
const retractions: ReadonlyMap<string | undefined, Verdict> = new Map<string, Verdict>([
  ['negated', { kind: 'ruled_out', reason: 'retracted' }],
  ['history', { kind: 'undecided', reason: 'history' }],
]);

/**
 * Excludes the dependencies that the rest of the text contradicts: those retracted further down, and those
 * declared in both directions.
 */
function resolveContradictions(
  found: readonly DirectedMention[],
  issue: IssueText,
): DirectedMention[] {
  const takenBack = new Map<string, { readonly at: number; readonly verdict: Verdict }>();
  const directions = new Map<string, Set<string>>();
  const keyOf = ({ mention: { repository, number } }: DirectedMention) =>
    formatRef({ repository: repository ?? issue.repository, number }).toLowerCase();
  for (const [index, item] of found.entries()) {
    const { verdict } = item.mention;
    const back = 'reason' in verdict ? retractions.get(verdict.reason) : undefined;
    if (back !== undefined && item.direction !== undefined)
      takenBack.set(`${item.direction} ${keyOf(item)}`, { at: index, verdict: back });
  }
  const kept = found.map((item, index) => {
    const { verdict } = item.mention;
    if (verdict.kind !== 'dependency') return item;
    const back = takenBack.get(`${verdict.direction} ${keyOf(item)}`);
    if (back !== undefined && back.at > index) return decide(item, back.verdict);
    const both = directions.get(keyOf(item)) ?? new Set();
    directions.set(keyOf(item), both.add(verdict.direction));
    return item;
  });
  return kept.map((item) =>
    item.mention.verdict.kind === 'dependency' && directions.get(keyOf(item))?.size === 2
      ? decide(item, { kind: 'ruled_out', reason: 'contradiction' })
      : item,
  );
}

function decide(found: DirectedMention, verdict: Verdict): DirectedMention {
  return { ...found, mention: { ...found.mention, verdict } };
}
