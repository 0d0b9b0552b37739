import { h } from 'preact';

import { IssueLink } from './issue-link.ts';

const anyRef = /([\w.-]+\/[\w.-]+#[1-9]\d{0,14})(?!\d)/;

/** A stored sentence, with a link where it names an issue. */
export function Sentence({ text }: { readonly text: string }) {
  const parts = text.split(anyRef);
  return h(
    'span',
    null,
    parts.map((part, index) => (index % 2 === 1 ? h(IssueLink, { issue: part }) : part)),
  );
}
