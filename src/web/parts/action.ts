import { h, type ComponentChildren } from 'preact';

interface ActionProps {
  /** Path that the form is sent to. */
  readonly to: string;
  /** What it does, in one or two words: `Pause`. */
  readonly name: string;
  /** What follows, as a question's ground: "Nothing more is handed out." */
  readonly effect: string;
  /** Further fields of the form. */
  readonly children?: ComponentChildren;
}

/** A button that asks once more before it acts. Without scripts, too. */
export function Action({ to, name, effect, children }: ActionProps) {
  return h(
    'details',
    { class: 'action' },
    h('summary', null, `${name}…`),
    h(
      'form',
      { method: 'post', action: to },
      h('p', null, effect),
      children,
      h('button', { type: 'submit' }, name),
    ),
  );
}
