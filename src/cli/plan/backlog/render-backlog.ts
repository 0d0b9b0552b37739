import Table from 'cli-table3';

import { onlyClaudeText } from '../../../issue/proposals.ts';
import { formatRef, refWithin } from '../../../issue/ref.ts';
import { reasonText } from '../../../issue/reasons.ts';
import { viewWarning } from '../../../issue/plan.ts';
import { thousands } from '../../../lib/text.ts';
import { printable, shorten, type Colour, type Style } from '../../output.ts';
import { maxIssues } from './read-backlog.ts';
import type { BacklogEdge, OrderedBacklog, OrderedIssue } from './order.ts';

/** A planned backlog with what it is about. */
export interface Backlog extends OrderedBacklog {
  readonly repository: string;
  /** There are more issues than were read. */
  readonly cut: boolean;
}

/** Narrowest column of titles, and of what an issue waits for. */
const minTitle = 12;
const minWaits = 14;
const maxTitle = 70;
const gap = 2;
const maxEvidence = 80;

/** Behind a blocker that only Claude names. */
const onlyClaudeSign = '*';

/** The edges that hold something back, by what they hold back. */
function blockersOf(edges: readonly BacklogEdge[]): ReadonlyMap<string, readonly BacklogEdge[]> {
  return Map.groupBy(
    edges.filter(({ holds }) => holds),
    ({ blocked }) => blocked,
  );
}

/** Totals of the open issues. */
function totalsOf({ issues }: OrderedBacklog) {
  const open = issues.filter(({ facts }) => facts.open);
  const sum = (bound: 'low' | 'likely' | 'high') =>
    open.reduce((tokens, { plan }) => tokens + plan.estimate[bound], 0);
  return {
    open: open.length,
    tokens: { low: sum('low'), likely: sum('likely'), high: sum('high') },
    canStart: open.filter(({ decision }) => decision.state === 'ready').length,
  };
}

/** The plans for a person: a table in the order of work, then edges, cycles and totals. */
export function renderBacklog(backlog: Backlog, style: Style): string {
  const { repository, issues, edges, cycles } = backlog;
  const { paint, width } = style;
  const short = (ref: string) => printable(refWithin(repository, ref));
  const shownEdges = edges.filter(({ holds, standing }) => holds || standing !== 'counts');
  const parts = [
    ...(issues.length === 0 ? [] : [table(backlog, style)]),
    ...list(
      'Edges',
      shownEdges.map((edge) => shorten(`  ${describeEdge(edge, short)}`, width)),
    ),
    ...list(
      'Cycles',
      cycles.map((path) =>
        paint('red', `  ${[...path, ...path.slice(0, 1)].map(short).join(' waits for ')}`),
      ),
    ),
    describeTotals(backlog).join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;

  function list(title: string, lines: readonly string[]): string[] {
    if (lines.length === 0) return [];
    return [[paint('bold', `${title} (${lines.length})`), ...lines].join('\n')];
  }
}

function describeEdge({ blocked, blocker, ...edge }: BacklogEdge, short: (ref: string) => string) {
  const remarks = [
    ...(edge.state === 'open' ? [] : [edge.state.replace('_', ' ')]),
    ...(edge.standing === 'counts' ? [] : [`${edge.standing}, blocks nothing`]),
  ];
  const state = remarks.length === 0 ? '' : ` (${remarks.join('; ')})`;
  const words = `"${shorten(edge.evidence, maxEvidence)}"`;
  return `${short(blocked)} waits for ${short(blocker)}${state}  ${edge.source}  ${words}`;
}

function describeTotals(backlog: Backlog): string[] {
  const { issues, cycles, cut, edges } = backlog;
  const { open, tokens, canStart } = totalsOf(backlog);
  const inCycles = new Set(cycles.flat()).size;
  const unplaced = issues.filter(({ facts, place }) => facts.open && place === undefined).length;
  const steps = Math.max(0, ...issues.map(({ step = 0 }) => step));
  const shown = edges.filter(({ holds }) => holds).length;
  const hasMarks = edges.some(({ holds, source }) => holds && source === 'model');
  return [
    `${counted(open, 'open issue')}: ${thousands(tokens.likely)} tokens (${thousands(tokens.low)} to ${thousands(tokens.high)}), ${counted(shown, 'edge')}.`,
    `${canStart} may start at once; the longest chain has ${counted(steps, 'issue')}.`,
    ...(unplaced === 0
      ? []
      : [
          `${counted(cycles.length, 'cycle')} with ${counted(inCycles, 'issue')}: ${unplaced} of the open issues can never start until ${cycles.length === 1 ? 'it is' : 'they are'} broken.`,
        ]),
    ...(hasMarks
      ? [
          `${onlyClaudeSign} ${onlyClaudeText('Not blocked by #NUMBER', (line) => `"${line}"`, 'the words beside the edge')}.`,
        ]
      : []),
    ...(cut ? [`There are more issues: only the newest ${thousands(maxIssues)} were read.`] : []),
  ];
}

function counted(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function table({ issues, edges, repository }: Backlog, { width, paint }: Style): string {
  const blockers = blockersOf(edges);
  const waitsFor = (issue: OrderedIssue) =>
    waitsText(
      issue,
      (blockers.get(issue.ref) ?? []).map(
        ({ blocker, source }) =>
          `${printable(refWithin(repository, blocker))}${source === 'model' ? onlyClaudeSign : ''}`,
      ),
    );
  const rows = issues.map((issue) => {
    const { place, facts, plan } = issue;
    return [
      place === undefined ? '-' : String(place),
      `#${facts.number}`,
      printable(facts.title),
      thousands(plan.estimate.likely),
      plan.reading.difficulty.value,
      plan.assignment.agent ?? 'nobody',
      waitsFor(issue),
    ];
  });
  const head = ['Order', 'Issue', 'Title', 'Context', 'Difficulty', 'Agent', 'Waits for'];
  const widest = (column: number) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0));
  const fixed = [0, 1, 3, 4, 5].reduce((sum, column) => sum + widest(column) + gap, gap);
  const left = width - fixed;
  const waits = Math.min(widest(6), Math.max(minWaits, Math.floor(left / 3)));
  const title = Math.min(widest(2), maxTitle, Math.max(minTitle, left - waits));
  const rest = Math.max(minWaits, left - title);
  const widths = head.map((_, column) =>
    column === 2 ? title : column === 6 ? Math.min(widest(6), rest) : widest(column),
  );
  return bare(
    head.map((name) => paint('bold', name)),
    colour(rows, issues, paint),
    widths,
  );
}

/** What it waits for, or why else it does not start. */
function waitsText({ decision, facts }: OrderedIssue, blockers: readonly string[]): string {
  if (!facts.open) return 'closed';
  const { code } = decision.reason;
  const isTold = code === 'open_blockers' || code === 'unknown_blockers' || code === 'ready';
  return [...(isTold ? [] : [`(${code.replaceAll('_', ' ')})`]), ...blockers].join(' ');
}

/** Colours the name of each issue by its state. */
function colour(
  rows: readonly (readonly string[])[],
  issues: readonly OrderedIssue[],
  paint: Style['paint'],
): string[][] {
  return rows.map((row, index) => {
    const hue = hueOf(issues[index]);
    return row.map((cell, column) => (column === 1 && hue !== undefined ? paint(hue, cell) : cell));
  });
}

function hueOf(issue: OrderedIssue | undefined): Colour | undefined {
  if (issue?.decision.reason.code === 'cycle') return 'red';
  if (issue?.decision.state === 'ready') return 'green';
  return issue?.decision.state === 'done' ? 'dim' : undefined;
}

/** No line is drawn. */
const noLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

/** A table without lines; its last column is wrapped, the others are cut. */
function bare(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
): string {
  const output = new Table({
    head: [...head],
    chars: noLines,
    colWidths: widths.map((width) => width + gap),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
  });
  output.push(
    ...rows.map((row) =>
      row.map((content, column) => ({ content, wordWrap: column === row.length - 1 })),
    ),
  );
  return output
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The plans for programs. */
export function backlogJson(backlog: Backlog) {
  const { repository, issues, edges, cycles, cut } = backlog;
  const { open, tokens, canStart } = totalsOf(backlog);
  const blockers = blockersOf(edges);
  return {
    repository,
    issues: issues.map(({ facts, plan, decision, place, step, ref }) => ({
      ...{ ref, title: facts.title, open: facts.open, state: decision.state },
      reason: { code: decision.reason.code, text: reasonText(decision.reason) },
      context: plan.estimate,
      difficulty: plan.reading.difficulty,
      agent: plan.assignment.agent,
      waitsFor: (blockers.get(ref) ?? []).map(({ blocker }) => blocker),
      partOf: plan.reading.partOf.map(({ repository: other, number }) =>
        formatRef({ repository: other ?? facts.repository, number }),
      ),
      ...{ place: place ?? null, step: step ?? null },
      warnings: [...plan.reading.warnings, ...plan.assignment.warnings].map(viewWarning),
    })),
    edges,
    // The key by which programs know them.
    circles: cycles,
    order: issues.filter(({ place }) => place !== undefined).map(({ ref }) => ref),
    totals: { issues: issues.length, open, tokens, canStart },
    cut,
  };
}
