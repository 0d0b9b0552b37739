import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { createSerial } from '../lib/serial.ts';
import type { Logger } from '../log.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import type { ClaimEnd } from './claim.ts';
import type { Thresholds } from './context-monitor.ts';
import type { Waiters } from './long-poll.ts';
import type { ClaimTokens } from './token.ts';

/** The steps at which something is written; each is one transaction. */
export type Step = 'claim' | 'heartbeat' | ClaimEnd['kind'] | 'sweep' | 'pause' | 'resume';

/** Runs one step as a transaction of the service's own connection. */
export type Write = <T>(
  step: Step,
  work: (transaction: Transaction<Schema>) => Promise<T>,
) => Promise<T>;

/** Shared by the verbs of claims: each takes this record and is a function in a file of its own. */
export interface ClaimsState {
  readonly db: Database;
  readonly write: Write;
  readonly giteaUrl: string;
  readonly profiles: readonly AgentProfile[];
  readonly leaseMs: number;
  readonly now: () => number;
  readonly log: Logger;
  readonly waiters: Waiters;
  readonly thresholds: Thresholds;
  /**
   * Asks Gitea whether the issue is unchanged since it became ready, and queues its refresh if not. Undefined
   * without a token: then the stored state counts. Throws `TryAgainLater`.
   */
  readonly isStillReady: ((issue: IssueKey, signal: AbortSignal) => Promise<boolean>) | undefined;
  readonly tokens: ClaimTokens;
  /** Candidates that Gitea is being asked about, by key. */
  readonly beingChecked: Map<string, IssueKey>;
  /** Runs calls with the same Idempotency-Key one at a time. */
  readonly serially: ReturnType<typeof createSerial>;
}
