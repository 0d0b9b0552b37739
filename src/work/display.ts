import { oneLine } from '../lib/text.ts';
import type { JobView } from './job-record.ts';
import { rotationEdge } from './session.ts';

/** Width of the bar of the context. */
const barWidth = 10;

/** One line about a job: issue, minutes, context, last tool, cost, and what it does. */
export function drawJob(
  view: JobView,
  { now, width }: { readonly now: number; readonly width: number },
): string {
  const { issue, startedAt, activity, progress, spent } = view;
  const minutes = Math.floor((now - startedAt) / 60_000);
  const parts = [
    issue,
    `${minutes}m`,
    contextBar(progress),
    progress?.tool ?? '',
    costOf(spent),
    activity,
  ];
  return oneLine(parts.filter((part) => part !== '').join(' '), Math.max(20, width - 1));
}

/** Money, or tokens until the agent says what they cost: Claude Code does so at the end of a turn. */
function costOf({ costUsd, tokens }: JobView['spent']): string {
  if (costUsd !== undefined) return `$${costUsd.toFixed(2)}`;
  if (tokens === 0) return '';
  const rounded = tokens < 1e6 ? `${Math.ceil(tokens / 1e3)}k` : `${(tokens / 1e6).toFixed(1)}M`;
  return `${rounded} tokens`;
}

/** How full the context is; the bar is full where a fresh session begins. */
function contextBar(progress: JobView['progress']): string {
  const { used, window } = progress ?? {};
  if (progress === undefined || used === undefined || window === undefined) return '';
  const edge = rotationEdge(progress)?.tokens ?? window;
  const filled = Math.min(barWidth, Math.round((used / edge) * barWidth));
  const percent = Math.round((used / window) * 100);
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${percent}%`;
}
