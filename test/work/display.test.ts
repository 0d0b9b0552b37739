import { expect, test } from 'vitest';

import { drawJob } from '../../src/work/display.ts';

const now = Date.parse('2026-11-30T10:12:40Z');
const view = {
  ...{ issue: 'acme/orbit#12', startedAt: now - 12.5 * 60_000, activity: 'the agent works' },
  spent: { tokens: 90_000, costUsd: 0.417 },
  progress: {
    ...{ used: 600_000, window: 1_000_000, compactsAt: 967_000, tool: 'Bash' },
    ...{ spent: { tokens: 0 }, turnEnded: false },
  },
};

test('a job is one line: issue, minutes, context, tool, cost and what it does', () => {
  expect(drawJob(view, { now, width: 100 })).toBe(
    'acme/orbit#12 12m [######----] 60% Bash $0.42 the agent works',
  );
  const unpriced = { ...view, spent: { tokens: 90_400 } };
  expect(drawJob(unpriced, { now, width: 100 })).toContain('60% Bash 91k tokens the agent');
  const more = { ...view, spent: { tokens: 1_140_000 } };
  expect(drawJob(more, { now, width: 100 })).toContain('60% Bash 1.1M tokens the agent');
  const begins = { ...view, progress: undefined, spent: { tokens: 0 }, activity: 'pushing' };
  expect(drawJob(begins, { now, width: 100 })).toBe('acme/orbit#12 12m pushing');
});

test('a line fits the terminal, whatever a tool is called', () => {
  const progress = { ...view.progress, tool: `\u001b[2J${'x'.repeat(500)}` };
  const line = drawJob({ ...view, progress }, { now, width: 60 });
  expect(line).toHaveLength(59);
  expect(line).not.toContain('\u001b');
});
