import type { Caller } from '../../../api/roles.ts';
import type { Database } from '../../../db/database.ts';
import type { IssueKey } from '../../../issue/ref.ts';
import type { VerificationView } from '../../../verification/views.ts';

/** Something that happened to an issue. */
export interface Happening {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly what: string;
  readonly link?: { readonly to: string; readonly name: string } | undefined;
}

/** Happenings of one kind that are read. */
export const maxOfKind = 40;

/** What the past of an issue is read from. */
export interface TimelineDeps {
  readonly db: Database;
  readonly caller: Caller;
  readonly issue: IssueKey;
  /** Those that the caller may see, the newest first. */
  readonly verifications: readonly VerificationView[];
  /** Of a pull request on Gitea, and of our comment there. */
  readonly pullUrl: (pull: number) => string | undefined;
  readonly commentUrl: (comment: number) => string;
}
