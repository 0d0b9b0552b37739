import type { RawBuilder } from 'kysely';

import type { Database } from '../db/database.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import { TryAgainLater } from '../errors.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Logger } from '../log.ts';
import { isDue } from './due-times.ts';

/** What every part needs that keeps Gitea up to date with verifications. */
export interface ForgeDeps {
  readonly db: Database;
  readonly writes: Pick<WriteQueue, 'transaction'>;
  readonly now: () => number;
  readonly log: Logger;
}

/** What a pass did; `more`: it reached its bound, and something is due still. */
export interface PassResult {
  readonly more: boolean;
}

/** Gitea will refuse this until somebody changes something there, or the commit. */
export class ForgeRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ForgeRefusal';
  }
}

/** Delays while Gitea does not answer, and after a refusal. */
const brief = { firstMs: 1_000, factor: 2, maxMs: 60_000 };
const refused = { firstMs: 60_000, factor: 2, maxMs: 3_600_000 };
/** After a timeout Gitea may still carry the call out: it is not repeated before that has happened. */
const afterTimeoutMs = 15_000;

/** When a write is tried again that failed `failures` times in a row. */
export function retryAt(now: number, failures: number, error: unknown): number {
  if (!(error instanceof TryAgainLater)) return now + backoffMs(refused, failures);
  const least = error.code === 'gitea_timeout' ? afterTimeoutMs : 0;
  return now + Math.max(least, backoffMs(brief, failures));
}

/** Whether the time of a write, or of a look at Gitea, has come. */
export function isForgeDue(time: RawBuilder<unknown>, now: number): RawBuilder<boolean> {
  return isDue(time, { now, longestMs: refused.maxMs });
}
