import type { IssueRef } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import { isKnown, settleResumed, unparkIssue } from './rows.ts';
import type { Database } from '../db/database.ts';
import { findRepositoryId } from '../plans/edges.ts';
import { addPause, endPauses, listPauses, type Pause } from './pause-rows.ts';
import type { Write } from './claims.ts';
import type { Waiters } from './long-poll.ts';

export interface PausesDeps {
  readonly db: Database;
  readonly write: Write;
  readonly now: () => number;
  readonly log: Logger;
  readonly waiters: Waiters;
}

export type Pauses = ReturnType<typeof createPauses>;

/** A person's hand on the handing out: for the whole service, for one agent, for one parked issue. */
export function createPauses({ db, write, now, log, waiters }: PausesDeps) {
  function list(): Promise<Pause[]> {
    return listPauses(db, now());
  }

  /** Lasts until it is resumed; what is claimed already goes on. Returns all pauses in force. */
  async function pause(wanted: {
    readonly agent?: string | undefined;
    readonly reason?: string | undefined;
    readonly by: string;
  }): Promise<Pause[]> {
    const { agent = null, reason = 'No reason was given.', by } = wanted;
    const made = {
      agent,
      reason,
      pausedBy: by,
      source: 'person',
      until: null,
      now: now(),
    } as const;
    await write('pause', (transaction) => addPause(transaction, made));
    log.info({ agent, caller: by }, 'paused');
    return list();
  }

  /** Also ends an agent's limit. Returns the pauses still in force. */
  async function resume(wanted: {
    readonly agent?: string | undefined;
    readonly by: string;
  }): Promise<Pause[]> {
    const { agent = null, by } = wanted;
    await write('resume', (transaction) => endPauses(transaction, agent));
    log.info({ agent, caller: by }, 'resumed');
    waiters.wake();
    return list();
  }

  /** Whether the issue was parked; undefined when it is not known. */
  async function resumeIssue(ref: IssueRef, by: string): Promise<boolean | undefined> {
    const repositoryId = await findRepositoryId(db, ref.repository);
    if (repositoryId === undefined) return undefined;
    const issue = { repositoryId, number: ref.number };
    if (!(await isKnown(db, issue))) return undefined;
    const resumed = await write('resume', async (transaction) => {
      const unparked = await unparkIssue(transaction, issue);
      if (unparked) await settleResumed(transaction, [issue], now());
      return unparked;
    });
    log.info({ repositoryId, issue: ref.number, resumed, caller: by }, 'issue resumed');
    waiters.wake();
    return resumed;
  }

  return { list, pause, resume, resumeIssue };
}
