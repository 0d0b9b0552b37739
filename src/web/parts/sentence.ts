import { h } from 'preact';

import { Hash } from './gitea-link.ts';
import { IssueLink } from './issue-link.ts';

/** A reference to an issue, or the whole hash of a commit. */
const named = /([\w.-]+\/[\w.-]+#[1-9]\d{0,14}(?!\d)|\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b)/;

interface SentenceProps {
  readonly text: string;
  /** Whether an issue is stored here; one that is not has no page to lead to. */
  readonly isStored?: (issue: string) => boolean;
}

/** A stored sentence: an issue that it names is a link, and a commit is short, with the whole hash where the pointer rests. */
export function Sentence({ text, isStored = () => true }: SentenceProps) {
  const parts = text.split(named);
  return h(
    'span',
    null,
    parts.map((part, index) => {
      if (index % 2 === 0) return part;
      if (!part.includes('#')) return h(Hash, { hash: part });
      return isStored(part) ? h(IssueLink, { issue: part }) : part;
    }),
  );
}
