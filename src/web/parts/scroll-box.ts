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
      h(Head, { columns: head }),
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

interface HeadProps {
  /** Name of each column; with a class where its cells have one. */
  readonly columns: readonly (string | readonly [name: string, cells: 'number'])[];
}

/** The head of a table. */
export function Head({ columns }: HeadProps) {
  const cells = columns.map((column) => {
    const [name, kind] = typeof column === 'string' ? [column] : column;
    return h('th', { scope: 'col', class: kind }, name);
  });
  return h('thead', null, h('tr', null, cells));
}
