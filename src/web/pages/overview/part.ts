import { h, type ComponentChildren } from 'preact';

import type { Overview } from './read-overview.ts';

/** Props of every part of the overview. */
export interface Shown {
  readonly overview: Overview;
}

interface PartProps {
  readonly id: string;
  readonly title: string;
  readonly children?: ComponentChildren;
  /** Beside the heading. */
  readonly aside?: ComponentChildren;
}

/** A part of the overview, which is refreshed while somebody looks. */
export function Part({ id, title, aside = null, children }: PartProps) {
  const label = `${id}-title`;
  return h(
    'section',
    { id, class: 'part', 'data-live': true, 'aria-labelledby': label },
    h('div', { class: 'head' }, h('h2', { id: label }, title), aside),
    children,
  );
}

/** What of the choice holds for another page. */
export function ofChoice({ repository, agent, q }: Overview['choice']) {
  return { repository, agent, q };
}
