import type { Estimate } from '../../issue/estimate.ts';
import { thousands } from '../../lib/text.ts';
import { isOpen } from '../../reading/model/asked-references.ts';
import type { Mention } from '../../reading/mentions.ts';
import type { ChosenAgentView } from '../../issue/plan.ts';
import type { CodedSentence } from '../../issue/coded.ts';
import { onlyClaudeText, proposalText, typedIn, type Proposal } from '../../issue/proposals.ts';
import { localRef } from '../../issue/ref.ts';
import type { IssueText, Reading } from '../../issue/reading.ts';
import type { Factors } from '../../issue/factors.ts';
import type { Declarations } from '../../reading/declarations/values.ts';
import type { Io } from '../io.ts';
import { painter, printable, wrap, type Colour } from '../output.ts';
import { ownRef, type TextEdge, type TextEdges } from './text-edges.ts';

/** Plan of one text. */
export interface PlannedText extends TextEdges {
  readonly issue: IssueText;
  readonly reading: Omit<Reading, 'warnings'>;
  readonly declared: Declarations;
  readonly estimate: Estimate;
  readonly assignment: ChosenAgentView;
  readonly mentions: readonly Mention[];
  readonly warnings: readonly CodedSentence[];
}

/** One line of the plan: its name, its value, and the source of the value. */
interface Entry {
  readonly name: string;
  readonly value: string;
  readonly colour: Colour;
  readonly note: string;
}

const nameWidth = 13;
const shownMentions = 200;
const shownQuote = 100;
/** Width of a terminal whose width is not known or too small. */
const defaultWidth = 80;
const minWidth = 40;

/** The plan for a person: coloured and wrapped in a terminal, one line an entry elsewhere. */
export function renderPlan(plan: PlannedText, io: Io): string {
  const isTerminal = io.stdout.isTTY === true;
  const { columns = 0 } = io.stdout;
  const width = !isTerminal ? Infinity : columns < minWidth ? defaultWidth : columns;
  const paint = painter(io, io.stdout);

  function renderEntry({ name, value, colour, note }: Entry): string[] {
    const label = name.padEnd(nameWidth - 1) + ' ';
    const oneLine = `${label}${value}  ${note}`;
    if (oneLine.length <= width)
      return [`${label}${paint(colour, value)}  ${paint('dim', note)}`.trimEnd()];
    const values = wrap(value, width - nameWidth).map((line) => paint(colour, line));
    const notes = wrap(note, width - nameWidth).map((line) => paint('dim', line));
    const lines = [...values, ...notes].map((line) => ' '.repeat(nameWidth) + line);
    // A name too long for its column gets a line of its own.
    if (label.length > nameWidth) return [label.trimEnd(), ...lines];
    return lines.map((line, index) => (index === 0 ? label + line.slice(nameWidth) : line));
  }

  function section(title: string, entries: readonly Entry[]): string[] {
    return entries.length === 0 ? [] : ['', title, ...entries.flatMap(renderEntry)];
  }

  const { issue, reading, mentions, warnings } = plan;
  const own = ownRef(issue);
  const others = distinct(
    otherMentions(issue, reading, mentions).map((mention) => mentionEntry(mention, reading)),
  );
  const left = others.length - shownMentions;
  const title = printable(issue.title);
  const lines = [
    ...(title === '' ? [] : [...wrap(title, width).map((line) => paint('bold', line)), '']),
    ...fieldEntries(plan).flatMap(renderEntry),
    ...section(
      'Waits for',
      plan.blockedBy.map((edge) => edgeEntry(own, edge)),
    ),
    ...section(
      'Blocks',
      plan.blocks.map((edge) => edgeEntry(own, edge)),
    ),
    ...section(
      'Undecided',
      plan.proposals.map((proposal) => proposalEntry(own, proposal)),
    ),
    ...section('Also named', others.slice(0, shownMentions)),
    ...(left > 0 ? [`  and ${left} more`] : []),
    ...(warnings.length === 0 ? [] : ['', 'Warnings']),
    ...warnings.flatMap(({ code, text }) =>
      wrap(printable(`${text} (${code})`), width - 2).map((line) => `  ${paint('yellow', line)}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function fieldEntries({ reading, declared, estimate, assignment }: PlannedText): Entry[] {
  const { estimatedContext, difficulty, assignedAgent, factors } = reading;
  const range = `${thousands(estimate.low)} to ${thousands(estimate.high)}`;
  const size = `${thousands(estimate.likely)} tokens (${range})`;
  const entry = (name: string, value: string, note: string): Entry => ({
    name,
    value: printable(value),
    colour: 'bold',
    note: printable(note),
  });
  const field = (name: string, value: string, { source, evidence }: Sourced) =>
    entry(name, value, evidence === null ? source : `${source}: "${evidence}"`);
  return [
    entry('Read by', ...readBy(reading)),
    field('Context', size, estimatedContext),
    field('Difficulty', difficulty.value, difficulty),
    field('Recommended', assignedAgent.value ?? 'nobody', assignedAgent),
    entry('Factors', ...describeFactors(factors, declared)),
    entry('Agent', assignment.agent ?? 'none', assignment.reason.text),
  ];
}

interface Sourced {
  readonly source: string;
  readonly evidence: string | null;
}

function readBy({ outcome, model, reason, unreadable }: PlannedText['reading']): [string, string] {
  if (unreadable !== null) return ['nobody', 'unreadable: the service would hand it to nobody'];
  if (outcome === 'offline') return ['the grammar', 'offline, Claude is not asked'];
  if (outcome === 'fallback') return ['the grammar', `fallback: ${reason ?? ''}`];
  return [`the grammar and ${model ?? 'Claude'}`, outcome];
}

function describeFactors(factors: Factors, declared: Declarations): [string, string] {
  const named = Object.entries(factors).filter(([, value]) => value !== null);
  if (named.length === 0) return ['none', 'default'];
  const isDeclared = (name: string) =>
    Object.entries(declared).some(([other, found]) => other === name && found !== undefined);
  const ofModel = named.filter(([name]) => !isDeclared(name)).map(([name]) => name);
  const sources = [
    ...(ofModel.length < named.length ? ['declared'] : []),
    ...(ofModel.length === 0 ? [] : [`model: ${ofModel.join(', ')}`]),
  ];
  return [named.map(([name, value]) => `${name} ${value ?? ''}`).join(', '), sources.join('; ')];
}

function edgeEntry(own: string, { ref, source, evidence, removeWith }: TextEdge): Entry {
  const entry = { name: nameOf(own, ref), value: source, note: quote(evidence) };
  if (removeWith === undefined) return { ...entry, colour: 'green' };
  const note = `${entry.note}. ${onlyClaudeText(removeWith, inQuotes)}`;
  return { ...entry, colour: 'yellow', note };
}

/** What blocks nothing until a person decides. */
function proposalEntry(own: string, proposal: Proposal): Entry {
  const name = (ref: string) => typedIn(own, ref);
  const note = printable(proposalText(own, proposal, { name, type: inQuotes, quote }));
  return { name: nameOf(own, proposal.ref), value: proposal.standing, colour: 'yellow', note };
}

function inQuotes(line: string): string {
  return `"${line}"`;
}

function nameOf(own: string, ref: string): string {
  return printable(`  ${typedIn(own, ref)}`);
}

/** Mentions that are not shown as dependencies. */
function otherMentions(
  issue: IssueText,
  reading: PlannedText['reading'],
  mentions: readonly Mention[],
) {
  const shown = new Set(reading.dependencies.map((edge) => localRef(issue, edge)));
  return mentions.filter((mention) => !isOpen(mention) || !shown.has(localRef(issue, mention)));
}

function distinct(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

function mentionEntry(mention: Mention, { model }: PlannedText['reading']): Entry {
  const { repository, number, verdict, evidence, sentence } = mention;
  const undecided = verdict.kind === 'undecided';
  return {
    ...named(repository, number),
    value: describeVerdict(verdict, model),
    colour: undecided ? 'yellow' : verdict.kind === 'ruled_out' ? 'red' : 'green',
    note: quote(undecided ? sentence : evidence),
  };
}

function named(repository: string | null, number: number) {
  return { name: printable(`  ${repository ?? ''}#${number}`) };
}

function quote(words: string): string {
  const text = printable(words);
  return `"${text.length > shownQuote ? `${text.slice(0, shownQuote).toWellFormed()}…` : text}"`;
}

function describeVerdict(verdict: Mention['verdict'], model: string | null): string {
  switch (verdict.kind) {
    case 'dependency':
      return 'declared, but does not count';
    case 'met':
      return 'was a dependency, is met';
    case 'ruled_out':
      return `no dependency: ${verdict.reason.replaceAll('_', ' ')}`;
    case 'undecided':
      return [
        `undecided${verdict.reason === undefined ? '' : `: ${verdict.reason.replaceAll('_', ' ')}`}`,
        ...(model === null ? [] : ['also for Claude']),
      ].join(', ');
  }
}
