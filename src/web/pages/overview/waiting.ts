import type { ComponentChildren } from 'preact';

/** Something that waits for a person: what it is, why, since when, and the one thing to do. */
export interface Waiting {
  readonly tone: 'bad' | 'warn' | 'go';
  /** What kind it is, in a word or two. */
  readonly kind: string;
  readonly name: ComponentChildren;
  readonly why: string;
  /** ISO 8601, UTC; undefined: not known. */
  readonly since: string | undefined;
  readonly todo: ComponentChildren;
}
