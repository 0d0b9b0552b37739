import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { createSerial } from '../lib/serial.ts';
import type { Logger } from '../log.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import type { Asks } from './hand-out/asks.ts';
import type { CheckCommit } from './commit-check.ts';
import type { RequestVerification } from './verified-completion.ts';
import type { Thresholds } from './context-monitor.ts';
import type { LongPolls } from './hand-out/long-poll.ts';
import type { ClaimTokens } from './token.ts';

/** Everything that a change of claims needs; each change is one transaction. */
export interface ClaimWrites {
  readonly db: Database;
  readonly writes: Pick<WriteQueue, 'transaction'>;
  readonly wakePublisher: () => void;
  readonly longPolls: LongPolls;
  readonly now: () => number;
  readonly log: Logger;
}

/** Runs a transaction that changes what people see of an issue, and wakes the publisher after its commit. */
export async function change<T>(
  { writes, wakePublisher }: ClaimWrites,
  work: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  const result = await writes.transaction(work);
  wakePublisher();
  return result;
}

/** Shared by the verbs of claims: each takes this record and is a function in a file of its own. */
export interface ClaimsState extends ClaimWrites {
  /** Moves what is stored after a jump of the clock; called before a lease is read. */
  readonly settleClock: () => Promise<void>;
  readonly giteaUrl: string;
  readonly profiles: readonly AgentProfile[];
  readonly leaseMs: number;
  readonly thresholds: Thresholds;
  /**
   * Asks Gitea whether the issue is unchanged since it became ready, and queues its refresh if not. Undefined
   * without a token: then the stored state counts. Throws `TryAgainLater`.
   */
  readonly isStillReady: ((issue: IssueKey, signal: AbortSignal) => Promise<boolean>) | undefined;
  /** Undefined without a token: then nobody looks whether a commit exists. */
  readonly checkCommit: CheckCommit | undefined;
  /** Queues the verification of a commit that was found on Gitea; undefined where there is no verifier. */
  readonly requestVerification: RequestVerification | undefined;
  readonly tokens: ClaimTokens;
  /** Who asked for work since the start. */
  readonly asks: Asks;
  /** Candidates that Gitea is being asked about, by key. */
  readonly beingChecked: Map<string, IssueKey>;
  /** Runs calls with the same Idempotency-Key one at a time. */
  readonly serially: ReturnType<typeof createSerial>;
}
