import { h } from 'preact';

import type { Thresholds } from '../../claims/context-monitor.ts';
import { tokens } from './amounts.ts';

interface ContextBarProps {
  /** Tokens in the window, and its size. */
  readonly used: number;
  readonly limit: number;
  readonly thresholds: Thresholds;
}

/** How full the context window of an agent is, with the marks at which it compacts and rotates. */
export function ContextBar({ used, limit, thresholds }: ContextBarProps) {
  const { compactAt, rotateAt } = thresholds;
  const share = Math.min(1, used / limit);
  const band = share >= rotateAt ? 'rotate' : share >= compactAt ? 'compact' : 'continue';
  const text = `${Math.round((100 * used) / limit)} % of ${tokens(limit)}`;
  const mark = (at: number) => h('rect', { class: 'mark', x: 100 * at, width: '0.6', height: '8' });
  return h(
    'span',
    { class: 'context' },
    h(
      'svg',
      { viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': text },
      h('rect', { class: 'track', width: '100', height: '8' }),
      h('rect', { class: `fill ${band}`, width: 100 * share, height: '8' }),
      ...[compactAt, rotateAt].map(mark),
    ),
    h('span', { 'aria-hidden': true }, text),
  );
}
