import { sql } from 'kysely';

import type { CommitStatusesTable } from '../db/verification-tables.ts';
import { CoordinatorError, LeadLost } from '../errors.ts';
import type { Gitea } from '../gitea/client.ts';
import { ForgeRefusal, isForgeDue, retryAt, type ForgeDeps, type PassResult } from './forge.ts';

interface StatusWriterDeps extends ForgeDeps {
  readonly gitea: Pick<Gitea, 'setCommitStatus' | 'hasCommit'>;
  /** Where people see the pages of this service; undefined: nowhere. */
  readonly publicUrl: string | undefined;
}

/** Commits of one pass. */
const maxCommits = 10;
/** Refusals in a row after which a status is given up: some three weeks. */
const maxRefusals = 500;

/**
 * Writes the statuses that commits should have, as the store wants them: gates first, the verdict last.
 *
 * Promises: every wanted status stands on Gitea in the end, also after a crash, since its row stays due until it
 * is recorded; one that was wanted otherwise meanwhile is written again. A crash between a write and its record
 * writes the same status twice, which changes nothing: the latest of a context counts. A refusal delays the
 * statuses of that commit alone.
 *
 * Accepted race: a status that Gitea stores more than 15 s after our call timed out hides a later one.
 */
export function createStatusWriter(deps: StatusWriterDeps) {
  const { writes, gitea, now, log } = deps;

  /** Throws `TryAgainLater`; the statuses written until then are recorded. */
  async function pass(signal: AbortSignal): Promise<PassResult> {
    const commits = await dueCommits(deps, maxCommits);
    for (const commit of commits) {
      if (signal.aborted) return { more: false };
      await writeCommit(commit, signal);
    }
    return { more: commits.length === maxCommits };
  }

  async function writeCommit(commit: DueCommit, signal: AbortSignal): Promise<void> {
    const rows = await statusesOf(deps, commit);
    try {
      for (const row of rows) {
        if (signal.aborted) return;
        await writeOne(commit, row, signal);
        await markWritten(deps, commit, row);
      }
    } catch (error) {
      if (signal.aborted || error instanceof LeadLost) return;
      const failures = 1 + Math.max(...rows.map(({ attempts }) => attempts));
      await postpone(commit, { error, failures });
      if (!(error instanceof ForgeRefusal)) throw error;
    }
  }

  async function writeOne(
    { repository, commit_id: commit }: DueCommit,
    row: StatusRow,
    signal: AbortSignal,
  ): Promise<void> {
    const { state, context, description, verification_id: id } = row;
    const isLinked = deps.publicUrl !== undefined && id !== null;
    const targetUrl = isLinked ? `${deps.publicUrl}/verifications/${id}` : undefined;
    const status = { state, context, description, targetUrl };
    const address = { repository, commit };
    try {
      const reply = await gitea.setCommitStatus(address, status, signal);
      if (reply.kind === 'ok') return;
      throw new ForgeRefusal(
        reply.kind === 'missing'
          ? `Gitea does not know ${repository}, or the bot may not see it.`
          : `Gitea refuses a commit status (${reply.status}): ${reply.message}`,
      );
    } catch (error) {
      // A status of a commit that is not there is answered with a 500, as an outage is.
      const isOpen = error instanceof CoordinatorError && error.code === 'gitea_unavailable';
      if (!isOpen || (await gitea.hasCommit(address, signal))) throw error;
      throw new ForgeRefusal(`The commit ${commit} is not in ${repository} any more.`);
    }
  }

  async function postpone(
    commit: DueCommit,
    { error, failures }: { readonly error: unknown; readonly failures: number },
  ): Promise<void> {
    const isRefused = error instanceof ForgeRefusal;
    const due_at = retryAt(now(), failures, error);
    const isOver = isRefused && failures >= maxRefusals;
    if (isRefused && (failures === 1 || isOver))
      log.warn(
        { repository: commit.repository, commit: commit.commit_id, err: error, givenUp: isOver },
        'the statuses of a commit are refused',
      );
    await writes.transaction(async (transaction) => {
      const changes = {
        due_at,
        attempts: failures,
        ...(isRefused ? { error: error.message } : {}),
      };
      const ofCommit = transaction
        .updateTable('commit_statuses')
        .set(isOver ? { written: 1 } : changes)
        .where('repository_id', '=', commit.repository_id)
        .where('commit_id', '=', commit.commit_id)
        .where('written', '=', 0);
      await ofCommit.execute();
    });
  }

  return { pass };
}

type StatusRow = Awaited<ReturnType<typeof statusesOf>>[number];
type DueCommit = Awaited<ReturnType<typeof dueCommits>>[number];

/** Commits with statuses to write whose time has come. */
function dueCommits({ db, now }: Pick<ForgeDeps, 'db' | 'now'>, limit: number) {
  return (
    db
      .selectFrom('commit_statuses')
      .innerJoin('repositories', 'repositories.id', 'repository_id')
      .select(['repository_id', 'commit_id', 'full_name as repository'])
      // The condition of its index.
      .where('written', '=', 0)
      .groupBy(['repository_id', 'commit_id', 'full_name'])
      .having(isForgeDue(sql`max(due_at)`, now()))
      .orderBy((eb) => eb.fn.min('due_at'))
      .limit(limit)
      .execute()
  );
}

function statusesOf(
  { db }: Pick<ForgeDeps, 'db'>,
  { repository_id, commit_id }: Pick<CommitStatusesTable, 'repository_id' | 'commit_id'>,
) {
  return db
    .selectFrom('commit_statuses')
    .select(['context', 'state', 'description', 'verification_id', 'attempts'])
    .where('repository_id', '=', repository_id)
    .where('commit_id', '=', commit_id)
    .where('written', '=', 0)
    .orderBy('place')
    .execute();
}

/** A row that was changed since it was read stays due. */
async function markWritten(
  { writes }: Pick<ForgeDeps, 'writes'>,
  { repository_id, commit_id }: DueCommit,
  { context, state, description, verification_id: id }: StatusRow,
): Promise<void> {
  await writes.transaction(async (transaction) => {
    await transaction
      .updateTable('commit_statuses')
      .set({ written: 1, attempts: 0, error: null })
      .where('repository_id', '=', repository_id)
      .where('commit_id', '=', commit_id)
      .where('context', '=', context)
      .where('state', '=', state)
      .where('description', '=', description)
      .where('verification_id', id === null ? 'is' : '=', id)
      .execute();
  });
}
