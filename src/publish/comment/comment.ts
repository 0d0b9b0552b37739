import { ownCommentMarker } from '../../issue/own-marks.ts';
import type { Plan, PlanEdge } from '../../issue/plan.ts';
import { onlyClaudeText, proposalText } from '../../issue/proposals.ts';
import { details } from './details.ts';
import { bullets, code, issueLink, pageLink, quoted, shortened } from './markdown.ts';
import { adviseOn, maxInSentence, stateWords } from './reasons.ts';
import {
  createSubject,
  elsewhere,
  isVisible,
  type CommentSetting,
  type Subject,
} from './subject.ts';
import { commentWarning } from './warnings.ts';

const maxBlockers = { lines: 20, characters: 2_600 };
const maxQuotes = 3;
const maxUndecided = { lines: 4, characters: 1_000 };
const maxNotes = { lines: 8, characters: 1_200 };

/**
 * Renders the sticky comment of an issue: first its state and what it waits for, then what the reader can do,
 * then, folded, the figures and how to change them, then who writes this. An issue that declares nothing and
 * needs nothing gets one line. Fixed words around checked values: names of configured agents, references,
 * numbers. Of the issue's own text only the few words on which something of Claude rests, as code; no text of
 * Claude or of a worker, no mention, no image, no HTML but the marker and the fold. Nothing in it changes while the plan stays the same; below 8 KB whatever the plan holds.
 */
export function commentText(plan: Plan, setting: CommentSetting): string {
  const subject = createSubject(plan, setting);
  const { reason, change } = adviseOn(subject);
  const first = `**${stateWords[plan.state]}.** ${reason}`;
  const blocks = isPlanned(plan) ? explain(subject) : [];
  const parts =
    blocks.length === 0
      ? [[first, ...change, signature(setting)].join(' ')]
      : [first, ...(change.length === 0 ? [] : [change.join(' ')]), ...blocks, signature(setting)];
  return `${ownCommentMarker}\n${parts.join('\n\n')}\n`;
}

function isPlanned({ state }: Plan): boolean {
  return state !== 'done' && state !== 'released' && state !== 'received';
}

function explain(subject: Subject): string[] {
  const { plan } = subject;
  const notes = plan.warnings.flatMap((warning) => commentWarning(warning, subject) ?? []);
  const texts = (act: boolean) => [
    ...new Set(notes.filter((note) => note.act === act).map(({ text }) => text)),
  ];
  const toDo = texts(true);
  const isFolded = declaresSomething(plan) || toDo.length > 0 || plan.state === 'oversized';
  return [
    ...blockers(subject),
    ...undecided(subject),
    ...(toDo.length === 0 ? [] : [list('Please check', shortened(toDo, maxNotes))]),
    ...(isFolded ? details(subject, shortened(texts(false), maxNotes)) : []),
  ];
}

/** Whether anybody has said anything about how the issue is to be planned. */
function declaresSomething({ reading, assignment, blockedBy }: Plan): boolean {
  if (reading === null) return false;
  const { estimatedContext, difficulty, assignedAgent, factors } = reading;
  return (
    [estimatedContext, difficulty, assignedAgent].some(({ source }) => source === 'declared') ||
    Object.values(factors).some((factor) => factor !== null) ||
    assignment?.reason.code === 'label_agent' ||
    blockedBy.length > 0
  );
}

/** Reasons whose sentence names what the issue waits for. */
const namesBlockers: readonly string[] = [
  'open_blockers',
  'unknown_blockers',
  'blocker_not_merged',
];

/** Left out when the first sentence names them all. */
function blockers({ plan, waits }: Subject): string[] {
  const { open, unknown, notMerged, elsewhere: unnamed } = waits;
  const all = [...open, ...notMerged, ...unknown];
  const waiting = plan.reason.code === 'cycle' ? all.filter(isOfClaude) : all;
  if (waiting.length === 0) return [];
  const isInSentence =
    namesBlockers.includes(plan.reason.code) &&
    !waiting.some(isOfClaude) &&
    waiting.length <= maxInSentence.lines &&
    waiting.every(({ state }) => state === waiting[0]?.state) &&
    unnamed.length === 0;
  if (isInSentence) return [];
  const quotes = waiting.filter(isOfClaude).slice(0, maxQuotes);
  const lines = waiting.map(
    (edge) => `${issueLink(edge.ref)}: ${edgeWords[edge.state]}${mark(edge, quotes)}`,
  );
  const others = unnamed.length === 0 ? [] : [elsewhere(unnamed.length)];
  return [list('Waits for', [...shortened(lines, maxBlockers), ...others])];
}

const edgeWords: Record<PlanEdge['state'], string> = {
  open: 'open',
  closed: 'closed',
  merged: 'merged',
  not_merged: 'closed without a merge',
  unknown: 'state not known',
};

function isOfClaude({ removeWith }: PlanEdge): boolean {
  return removeWith !== undefined;
}

function mark(edge: PlanEdge, quotes: readonly PlanEdge[]): string {
  const { removeWith, evidence } = edge;
  if (removeWith === undefined) return '';
  return `. ${onlyClaudeText(removeWith, code, quotes.includes(edge) ? quoted(evidence) : undefined)}`;
}

/** What blocks nothing until a person decides. The words of another issue's text are not shown. */
function undecided(subject: Subject): string[] {
  const { plan, setting } = subject;
  const lines = plan.proposals
    .filter(({ ref }) => [plan.ref, ref].every((each) => isVisible(setting, each)))
    .map((each) =>
      proposalText(plan.ref, each, {
        ...{ name: issueLink, type: code },
        quote: each.readIn === plan.ref ? quoted : undefined,
      }),
    );
  return lines.length === 0 ? [] : [list('Undecided', shortened(lines, maxUndecided))];
}

function list(title: string, lines: readonly string[]): string {
  return [`**${title}**`, '', bullets(lines)].join('\n');
}

/** The profile of the account shows what the operator wrote about it: see docs/publishing.md. */
function signature({ giteaUrl, author }: CommentSetting): string {
  const name = 'Mosaic Coordinator';
  const isName = /^[\w.-]{1,100}$/.test(author);
  return `Written by ${isName ? pageLink(name, giteaUrl, author) : name}.`;
}
