import type { Estimate } from '../../issue/estimate.ts';
import { thousands } from '../../lib/text.ts';
import { agentName, issueLink, shortened } from './markdown.ts';
import { adviseOn, commentChoices, stateWords } from './reasons.ts';
import { commentWarning } from './warnings.ts';
import { ownCommentMarker } from '../../issue/own-marks.ts';
import type { Plan, PlanEdge } from '../../issue/plan.ts';
import type { ChosenAgent } from '../../issue/reasons.ts';
import { render } from '../../issue/coded.ts';

const maxBlockers = { lines: 20, characters: 4_000 };
const maxWarnings = { lines: 10, characters: 2_000 };

/**
 * Renders the sticky comment of an issue: state and reason, size and agent, what it waits for, warnings, and
 * how to change it. Fixed words around checked values: names of configured agents, references, numbers. No text
 * of the issue's author, of Claude or of a worker, no mention, no image, no HTML but the marker. Nothing in
 * it changes while the plan stays the same; below 8 KB whatever the plan holds.
 */
export function commentText(plan: Plan): string {
  const { reason, change } = adviseOn(plan);
  const waits = plan.state !== 'done' && plan.state !== 'released';
  const parts = [
    `${ownCommentMarker}\n**${stateWords[plan.state]}.** ${reason}`,
    ...(waits ? [...figures(plan), ...blockers(plan, reason), ...warnings(plan)] : []),
    ...(change.length === 0 ? [] : [`_How to change this:_ ${change.join(' ')}`]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const estimateSources: Record<Estimate['source'], string> = {
  declared: 'as the issue says',
  history: 'as finished issues like it took',
  model: 'as Claude reads it',
  formula: 'by the formula',
  default: 'the default: the issue declares no size',
};

function figures({ estimate, assignment, reading }: Plan): string[] {
  if (estimate === null || assignment === null || reading === null) return [];
  const { low, likely, high, source } = estimate;
  const size = `${thousands(likely)} tokens (${thousands(low)} to ${thousands(high)}), ${estimateSources[source]}`;
  return [
    [
      '| Context needed | Difficulty | Agent |',
      '| --- | --- | --- |',
      `| ${size} | ${reading.difficulty.value} | ${chosen(assignment)} |`,
    ].join('\n'),
  ];
}

function chosen({ agent, reason }: ChosenAgent): string {
  if (agent === null) return 'none fits';
  return `${agentName(agent)}, ${render(commentChoices, reason)}`;
}

const order = { open: 0, unknown: 1, closed: 2 } as const;

/** Left out when the first line already names the only blocker. */
function blockers({ blockedBy }: Plan, reason: string): string[] {
  const [only] = blockedBy;
  if (only === undefined) return [];
  if (blockedBy.length === 1 && reason.includes(issueLink(only.ref))) return [];
  const lines = [...blockedBy]
    .sort((a, b) => order[a.state] - order[b.state])
    .map((edge) => `${issueLink(edge.ref)}: ${stateOf(edge)}`);
  const title = blockedBy.some(({ state }) => state !== 'closed') ? 'Waits for' : 'Waited for';
  return [list(title, shortened(lines, maxBlockers))];
}

function stateOf({ state, source }: PlanEdge): string {
  const known = state === 'unknown' ? 'state not known' : state;
  return source === 'model' ? `${known}, as Claude reads the text` : known;
}

function warnings(plan: Plan): string[] {
  const notes = [...new Set(plan.warnings.map(commentWarning))];
  return notes.length === 0 ? [] : [list('Please note', shortened(notes, maxWarnings))];
}

function list(title: string, lines: readonly string[]): string {
  return [`**${title}**`, '', ...lines.map((line) => `- ${line}`)].join('\n');
}
