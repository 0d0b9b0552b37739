import { ownCommentMarker } from '../../issue/own-marks.ts';
import type { Plan, PlanEdge } from '../../issue/plan.ts';
import { details } from './details.ts';
import { bullets, issueLink, pageLink, shortened } from './markdown.ts';
import { adviseOn, maxInSentence, stateWords } from './reasons.ts';
import { createSubject, elsewhere, type CommentSetting, type Subject } from './subject.ts';
import { commentWarning } from './warnings.ts';

const maxBlockers = { lines: 20, characters: 3_000 };
const maxNotes = { lines: 8, characters: 1_200 };

/**
 * Renders the sticky comment of an issue: first its state and what it waits for, then what the reader can do,
 * then, folded, the figures and how to change them, then who writes this. An issue that declares nothing and
 * needs nothing gets one line. Fixed words around checked values: names of configured agents, references,
 * numbers. No text of the issue's author, of Claude or of a worker, no mention, no image, no HTML but the
 * marker and the fold. Nothing in it changes while the plan stays the same; below 8 KB whatever the plan holds.
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
  const waiting = [...open, ...notMerged, ...unknown];
  if (waiting.length === 0 || plan.reason.code === 'cycle') return [];
  const isInSentence =
    namesBlockers.includes(plan.reason.code) &&
    waiting.length <= maxInSentence.lines &&
    waiting.every(({ state }) => state === waiting[0]?.state) &&
    unnamed.length === 0;
  if (isInSentence) return [];
  const lines = waiting.map((edge) => `${issueLink(edge.ref)}: ${stateOf(edge)}`);
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

function stateOf({ state, source }: PlanEdge): string {
  const known = edgeWords[state];
  return source === 'model' ? `${known}, as Claude reads the text` : known;
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
