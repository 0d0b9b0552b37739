import { findRepositoryId } from '../plans/repository-names.ts';
import type { IssueRef } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import { isStored, settleResumed, unparkIssue } from './parking.ts';
import type { Database } from '../db/database.ts';
import { addPause, endPauses, listPauses, type Pause } from './pause-rows.ts';
import { change, type ClaimWrites } from './state.ts';
import type { LongPolls } from './long-poll.ts';

export interface PausesDeps extends ClaimWrites {
  readonly db: Database;
  readonly now: () => number;
  readonly log: Logger;
  readonly longPolls: LongPolls;
}

export type Pauses = ReturnType<typeof createPauses>;

/** Lets a person pause and resume the handing out: for the whole service, one agent or one parked issue. */
export function createPauses(deps: PausesDeps) {
  const { db, now, log, longPolls } = deps;
  /** Lists the pauses in force. */
  function list(): Promise<Pause[]> {
    return listPauses(db, now());
  }

  /** Pauses until it is resumed; live claims go on. Returns all pauses in force. */
  async function pause(request: {
    readonly agent?: string | undefined;
    readonly reason?: string | undefined;
    readonly by: string;
  }): Promise<Pause[]> {
    const { agent = null, reason = 'No reason was given.', by } = request;
    const newPause = {
      agent,
      reason,
      pausedBy: by,
      source: 'person',
      until: null,
      now: now(),
    } as const;
    await change(deps, (transaction) => addPause(transaction, newPause));
    log.info({ agent, caller: by }, 'paused');
    return list();
  }

  /** Ends the pauses of an agent or the service, whether a person or a limit made them. Returns those still in force. */
  async function resume(request: {
    readonly agent?: string | undefined;
    readonly by: string;
  }): Promise<Pause[]> {
    const { agent = null, by } = request;
    await change(deps, (transaction) => endPauses(transaction, agent));
    log.info({ agent, caller: by }, 'resumed');
    longPolls.wake();
    return list();
  }

  /** Resumes a parked issue; false when it was not parked, undefined when it is not stored. */
  async function resumeIssue(ref: IssueRef, by: string): Promise<boolean | undefined> {
    const repositoryId = await findRepositoryId(db, ref.repository);
    if (repositoryId === undefined) return undefined;
    const issue = { repositoryId, number: ref.number };
    if (!(await isStored(db, issue))) return undefined;
    const resumed = await change(deps, async (transaction) => {
      const unparked = await unparkIssue(transaction, issue);
      if (unparked) await settleResumed(transaction, [issue], now());
      return unparked;
    });
    log.info({ repositoryId, issue: ref.number, resumed, caller: by }, 'issue resumed');
    longPolls.wake();
    return resumed;
  }

  return { list, pause, resume, resumeIssue };
}
