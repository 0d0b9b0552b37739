import { h, type ComponentChildren } from 'preact';

interface ScrollBoxProps {
  /** What is in it, for screen readers. */
  readonly label: string;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

/** A box for what may be wider than the page; the keyboard scrolls it, too. */
export function ScrollBox({ label, class: more = '', children }: ScrollBoxProps) {
  const classes = `scroll ${more}`.trim();
  return h('div', { class: classes, role: 'region', 'aria-label': label, tabIndex: 0 }, children);
}

interface TableProps {
  readonly label: string;
  readonly head: readonly string[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly ComponentChildren[])[];
}

/** A table in a box of its own. */
export function Table({ label, head, rows }: TableProps) {
  return h(
    ScrollBox,
    { label },
    h(
      'table',
      null,
      h('caption', { class: 'unseen' }, label),
      h('thead', null, h('tr', null, ...head.map((name) => h('th', { scope: 'col' }, name)))),
      h(
        'tbody',
        null,
        ...rows.map(([first, ...cells]) =>
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, first),
            ...cells.map((cell) => h('td', null, cell)),
          ),
        ),
      ),
    ),
  );
}
