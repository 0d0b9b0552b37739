import { h } from 'preact';

interface MoreProps {
  /** Number of those that are not shown. */
  readonly count: number;
  /** What they are: `in review`. */
  readonly what?: string;
  /** Path of the page that has them all. */
  readonly to: string;
}

/** The end of a list that is cut, with a link to the rest. */
export function More({ count, what = '', to }: MoreProps) {
  if (count <= 0) return null;
  return h(
    'p',
    { class: 'more' },
    h('a', { href: to }, `… and ${count.toLocaleString('en-US')} more ${what}`.trimEnd()),
  );
}
