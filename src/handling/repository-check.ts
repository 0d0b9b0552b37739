import type { Transaction } from 'kysely';

import { withdrawClaimsOf } from '../claims/claim-rows.ts';
import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { Gitea } from '../gitea/client.ts';
import type { RepositoryAddress } from '../gitea/address.ts';
import type { Logger } from '../log.ts';
import { recomputeStates } from '../plans/recompute-states.ts';
import {
  findRepository,
  openIssuesOf,
  storeRepositoryAnswer,
  type StoredRepository,
} from '../plans/repository-facts.ts';
import { publishRepositoryAgain } from '../publish/rows.ts';

export interface RepositoryCheckDeps {
  readonly gitea: Pick<Gitea, 'getRepository'>;
  readonly db: Database;
  readonly writes: Pick<WriteQueue, 'transaction'>;
  /** Whether the service writes comments or labels, for which the bot needs write access. */
  readonly publishes: boolean;
  readonly now: () => number;
  readonly wakeLongPolls: () => void;
  readonly wakePublisher: () => void;
  readonly log: Logger;
}

export type RepositoryCheck = ReturnType<typeof createRepositoryCheck>;

/**
 * Asks Gitea who may see a repository, whether it is archived, and whether the bot may still work there. Gitea
 * sends no webhook for any of it, so it is asked when a repository is first seen, right before a hand-out, at
 * the passes of the reconciler, and when a write was refused.
 */
export function createRepositoryCheck(deps: RepositoryCheckDeps) {
  const { gitea, db, writes, publishes, now, log } = deps;

  /**
   * Asks and stores the answer; false when nothing may be handed out there. `writeRefused`: Gitea has just
   * refused a write for want of permission. Throws `TryAgainLater`.
   */
  async function check(
    address: RepositoryAddress,
    signal: AbortSignal,
    { writeRefused = false } = {},
  ): Promise<boolean> {
    const { repositoryId } = address;
    const reply = await gitea.getRepository(repositoryId, signal);
    const answer = reply.kind === 'ok' ? reply.value : undefined;
    const changed = await writes.transaction(async (transaction) => {
      const asked = { ...address, publishes, writeRefused, at: now() };
      const isOther = await storeRepositoryAnswer(transaction, asked, answer);
      if (isOther) await settleRepository(transaction, repositoryId, now());
      return isOther;
    });
    const stored = await findRepository(db, repositoryId);
    if (changed) {
      const { archived, access } = stored ?? {};
      log.warn(
        { repository: address.repository, archived, access },
        'a repository was shut or opened',
      );
      deps.wakeLongPolls();
      deps.wakePublisher();
    }
    return !isShut(stored);
  }

  /** Asks about a repository that was never asked about, or that seems to be other than stored. */
  async function checkIfNeeded(
    address: RepositoryAddress,
    isReadable: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const stored = await findRepository(db, address.repositoryId);
    const isAsStored =
      stored !== undefined &&
      stored.checked_at !== null &&
      (stored.access === 1) === (isReadable && stored.write_refused === 0);
    if (!isAsStored) await check(address, signal);
  }

  return { check, checkIfNeeded };
}

function isShut(stored: StoredRepository | undefined): boolean {
  return stored?.archived === 1 || stored?.access === 0;
}

/**
 * What follows when a repository is archived or unarchived, or the bot loses or gets access: running claims
 * end, all its issues get another state, and what could not be written is written when it is open again.
 */
export async function settleRepository(
  transaction: Transaction<Schema>,
  repositoryId: number,
  now: number,
): Promise<void> {
  const stored = await findRepository(transaction, repositoryId);
  if (stored !== undefined && isShut(stored)) {
    const why = stored.access === 0 ? 'may not be read or written by the bot' : 'was archived';
    const reason = `The repository ${stored.full_name} ${why} on Gitea.`;
    await withdrawClaimsOf(transaction, repositoryId, { reason, now });
  } else await publishRepositoryAgain(transaction, repositoryId);
  const states = await openIssuesOf(transaction, repositoryId);
  await recomputeStates(transaction, { states }, now);
}
