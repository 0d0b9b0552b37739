import type { Database } from '../db/database.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { ClaimTokens } from '../claims/token.ts';
import type { LongPolls } from '../claims/hand-out/long-poll.ts';
import type { Logger } from '../log.ts';

/** Everything that a change of verifications needs; each change is one transaction. */
export interface VerificationDeps {
  readonly db: Database;
  readonly writes: Pick<WriteQueue, 'transaction'>;
  readonly now: () => number;
  readonly log: Logger;
  readonly longPolls: LongPolls;
  readonly wakePublisher: () => void;
  readonly tokens: ClaimTokens;
  /** Length of a worker's lease, which starts anew with a verdict. */
  readonly leaseMs: number;
  /** Names this program and its version: what another version found is not trusted blindly. */
  readonly version: string;
}

/** Lease of a verifier, which sends a heartbeat every quarter of it. */
export const verifierLeaseMs = 60_000;
/** Errors of ours after which a person has to look. */
export const maxErrors = 5;
/** Failed verifications of one issue, in a row and with the same faults on the same tree. */
export const maxFailures = 10;
export const maxSameFailures = 3;

/** Delay before an errored verification is tried again, by the number of errors so far. */
export function errorBackoffMs(errors: number): number {
  return Math.min(15_000 * 4 ** (errors - 1), 30 * 60_000);
}
