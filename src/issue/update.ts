import type { Assignment } from './agents.ts';
import type { Estimate } from './estimate.ts';
import type { IssueFacts } from './facts.ts';
import type { Reading } from './reading.ts';

/** What a handler found out about one issue, to be stored in one transaction. */
export interface IssueUpdate {
  readonly facts: IssueFacts;
  readonly assigned: boolean;
  /** Only while the issue is the bot's. */
  readonly plan: PlannedWork | undefined;
}

export interface PlannedWork {
  readonly reading: Reading;
  readonly estimate: Estimate;
  readonly assignment: Assignment;
}
