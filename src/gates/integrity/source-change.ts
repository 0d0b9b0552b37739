import type { SourceFacts } from './facts.ts';

/** A source file that differs between base and head; both paths count as one file when it was renamed. */
export interface SourceChange {
  /** Where it is now, or was. */
  readonly path: string;
  readonly pathBefore: string;
  readonly before: SourceFacts | undefined;
  readonly after: SourceFacts | undefined;
}
