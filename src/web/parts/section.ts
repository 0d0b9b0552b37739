import { h, type ComponentChildren } from 'preact';

import { ScrollBox } from './scroll-box.ts';

interface SectionProps {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** True: its title is for screen readers alone, since the title of the page says it. */
  readonly quiet?: boolean;
  /** False: it stays as it was loaded. */
  readonly live?: boolean;
  readonly children?: ComponentChildren;
}

/** A part of a page under a heading of its own, which keeps itself up to date. */
export function Section({ id, title, quiet = false, live = true, children }: SectionProps) {
  const heading = `${id}-title`;
  return h(
    'section',
    { id, 'aria-labelledby': heading, ...(live ? { 'data-live': true } : {}) },
    h('h2', { id: heading, class: quiet ? 'unseen' : undefined }, title),
    children,
  );
}

/** The place of a part that has nothing to show now: what keeps the page up to date fills it, and adds none. */
export function NoSection({ id }: { readonly id: string }) {
  return h('section', { id, 'data-live': true, hidden: true });
}

interface BoxProps {
  /** What is in it, for who does not see it. */
  readonly label: string;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

/** A box with a frame, no higher than a window, that scrolls by itself. */
export function Box({ label, class: name = '', children }: BoxProps) {
  return h(ScrollBox, { label, class: `box ${name}` }, children);
}

interface FactsProps {
  /** A fact without a value is left out. */
  readonly items: readonly (readonly [name: string, value: ComponentChildren])[];
}

/** Names with their values. */
export function Facts({ items }: FactsProps) {
  const shown = items.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return h(
    'dl',
    { class: 'names' },
    shown.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]),
  );
}
