import wrapAnsi from 'wrap-ansi';

import { thousands } from '../../lib/text.ts';
import type { ClaimView } from '../../claims/views.ts';
import type { Queue } from '../../claims/hand-out/queue-view.ts';
import { spentText } from '../../claims/spending.ts';
import { onlyClaudeText } from '../../issue/proposals.ts';
import { amount, budgetUnits } from '../../issue/spending.ts';
import { percent, printable, type Colour, type Style } from '../output.ts';

interface QueueStyle extends Style {
  readonly now: number;
}

/** The queue as lines of at most `width` columns. */
export function renderQueue(
  { ready, claimed, blocked, waiting, spending }: Queue,
  style: QueueStyle,
): string {
  const heading = (title: string, lines: readonly string[], none: string) => [
    style.paint('bold', title),
    ...(lines.length === 0 ? [style.paint('dim', `  ${none}`)] : lines),
    '',
  ];
  const counts = Object.entries(waiting).map(([code, count]) => `${count} ${code}`);
  return [
    ...heading(
      'Ready, in the order they are handed out',
      ready.flatMap((entry) => renderReady(entry, style)),
      'nothing is ready',
    ),
    ...heading(
      'Claimed',
      claimed.flatMap((claim) => renderClaim(claim, style)),
      'nothing is claimed',
    ),
    ...heading(
      'Blocked',
      blocked.flatMap((entry) => renderBlocked(entry, style)),
      'nothing is blocked',
    ),
    ...cut(`Not ready in total: ${counts.join(', ') || 'none'}`, style.width),
    ...(spending.length === 0
      ? []
      : cut(`Spent today (UTC): ${spending.map(renderDay).join('; ')}`, style.width)),
  ].join('\n');
}

function renderDay({ agent, spent, budget, state }: Queue['spending'][number]): string {
  const parts = budgetUnits
    .filter((unit) => spent[unit] > 0 || budget[unit] !== null)
    .map((unit) => {
      const cap = budget[unit];
      return `${amount(unit, spent[unit])}${cap === null ? '' : ` of ${amount(unit, cap)}`}`;
    });
  const words = { open: '', nearly_used: ', nearly used', used_up: ', used up' }[state];
  return `${agent} ${parts.join(', ')}${words}`;
}

function renderReady(
  { ref, rank, why, plan, heldUp }: Queue['ready'][number],
  style: QueueStyle,
): string[] {
  const size = plan.estimate === null ? '' : `${thousands(plan.estimate.likely)} tokens, `;
  const [line = ''] = cut(`${rank}. ${ref}  ${plan.title}`, style.width - 2);
  return [
    `  ${line}`,
    ...below(`${plan.assignment?.agent ?? 'no agent'}, ${size}${lowerFirst(why)}`, style),
    ...(heldUp === null ? [] : below(heldUp.text, style)),
  ];
}

function renderClaim(claim: ClaimView, style: QueueStyle): string[] {
  const { issue, worker, agent, leaseExpiresAt, context, spent, stale } = claim;
  const lease =
    leaseExpiresAt === null
      ? 'its commit is verified'
      : `lease ${formatLeft(Date.parse(leaseExpiresAt) - style.now)}`;
  const [line = ''] = cut(`${issue}  ${worker} as ${agent}, ${lease}`, style.width - 2);
  const cost = spent === null ? '' : style.paint('dim', `  ${spentText(spent)}`);
  const staleMark = stale ? style.paint('yellow', '  stale') : '';
  if (context === null)
    return [`  ${line}`, `     ${style.paint('dim', 'context not reported')}${cost}${staleMark}`];
  const { ratio, action } = context;
  const shown = `${bar(ratio)} ${percent(ratio)} ${action}`;
  return [`  ${line}`, `     ${style.paint(actionColours[action], shown)}${cost}${staleMark}`];
}

function renderBlocked(
  { ref, title, state, reason, onlyClaude }: Queue['blocked'][number],
  style: QueueStyle,
) {
  const [line = ''] = cut(`${ref}  ${title}`, style.width - 2);
  const [first] = onlyClaude;
  const more = onlyClaude.length > 1 ? ` (and ${onlyClaude.length - 1} more)` : '';
  const type = (line: string) => `"${line}"`;
  const mark =
    first === undefined ? [] : below(`${onlyClaudeText(first.removeWith, type)}${more}`, style);
  return [`  ${line}`, ...below(`${state}: ${reason.text}`, style), ...mark];
}

const actionColours: Record<NonNullable<ClaimView['context']>['action'], Colour> = {
  continue: 'green',
  compact: 'yellow',
  rotate: 'red',
};

const barWidth = 20;

function bar(ratio: number): string {
  const full = Math.min(barWidth, Math.floor(ratio * barWidth));
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}

function formatLeft(leftMs: number): string {
  if (leftMs <= 0) return 'expired';
  const seconds = Math.ceil(leftMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
}

const maxLinesBelow = 2;

/** A sentence below the line of its issue. */
function below(text: string, { width, paint }: QueueStyle): string[] {
  const lines = wrapAnsi(printable(text), width - 6, { hard: true }).split('\n');
  const shown = lines.slice(0, maxLinesBelow);
  const more = lines.length > shown.length ? '…' : '';
  const last = shown.length - 1;
  return shown.map((line, index) => `     ${paint('dim', index === last ? line + more : line)}`);
}

/** One line of a foreign text, at most `width` columns wide. */
function cut(text: string, width: number): string[] {
  const line = printable(text);
  const [first = '', ...more] = wrapAnsi(line, width, { hard: true, wordWrap: false }).split('\n');
  if (more.length === 0) return [first];
  const [shortened = ''] = wrapAnsi(line, width - 1, { hard: true, wordWrap: false }).split('\n');
  return [`${shortened}…`];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
