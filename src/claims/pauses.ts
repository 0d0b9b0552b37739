import { sql, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { IssueRef } from '../issue/ref.ts';
import { findRepositoryId } from '../plans/repository-names.ts';
import { isStored, resumeIssue as resumeStored } from './parking.ts';
import { change, type ClaimWrites } from './state.ts';

/** A pause in force: nothing is handed out, of one agent or (null) of the whole service. */
export type Pause = Awaited<ReturnType<typeof listPauses>>[number];

/** Furthest end of a limit: a worker that still has it then says so again. No report stops an agent for longer. */
export const maxLimitMs = 86_400_000;

/** Cuts limits that end later than any can. */
export async function boundLimits(transaction: Transaction<Schema>, now: number): Promise<void> {
  await transaction
    .updateTable('pauses')
    .set({ until: now + maxLimitMs })
    .where('source', '=', 'limit')
    .where('until', '>', now + maxLimitMs)
    .execute();
}

/** A limit of an agent, as a caller reports it. */
interface ReportedLimit {
  readonly agent: string;
  /** Whose allowance it is; the name of the agent when it has no other account. */
  readonly account: string;
  readonly worker: string;
  readonly until: number;
  readonly now: number;
  /** True: it holds back the agent for this caller alone, until another one reports it too. */
  readonly isBounded: boolean;
}

/** Pauses an agent that has a limit. What two callers report counts for all, until the earlier of their ends. */
export async function addLimit(
  transaction: Transaction<Schema>,
  { agent, account, worker, until, now, isBounded }: ReportedLimit,
): Promise<void> {
  const whose = account === agent ? agent : `the account ${account}`;
  const reason = `The allowance of ${whose} is used up.`;
  const limit = { agent, source: 'limit', reason, paused_by: worker, paused_at: now } as const;
  await addPause(transaction, { ...limit, until, caller: isBounded ? worker : null });
  if (!isBounded) return;
  const other = await transaction
    .selectFrom('pauses')
    .select((eb) => eb.fn.max('until').as('until'))
    .where('agent', '=', agent)
    .where('source', '=', 'limit')
    .where('caller', '!=', worker)
    .where('until', '>', now)
    .executeTakeFirst();
  if (other === undefined || other.until === null) return;
  await addPause(transaction, { ...limit, until: Math.min(until, other.until), caller: null });
}

/** Adds a pause in one statement. Of two limits of an agent (and caller) the later end counts; a person's pause stays beside them. */
export async function addPause(db: Database, pause: Schema['pauses']): Promise<void> {
  // Each of the two unique indexes.
  const target =
    pause.agent === null
      ? sql`(source) where agent is null`
      : sql`(agent, source, coalesce(caller, '')) where agent is not null`;
  await sql`insert into pauses (agent, source, reason, paused_by, paused_at, until, caller)
    values (${pause.agent}, ${pause.source}, ${pause.reason}, ${pause.paused_by}, ${pause.paused_at},
      ${pause.until}, ${pause.caller})
    on conflict ${target} do update set reason = excluded.reason,
      paused_by = excluded.paused_by, paused_at = excluded.paused_at,
      until = case when excluded.source = 'limit' and pauses.until > excluded.until
        then pauses.until else excluded.until end`.execute(db);
}

/** Ends the pauses of agents or (null) of the service, whoever made them. */
export async function endPauses(db: Database, agents: readonly string[] | null): Promise<void> {
  await db
    .deleteFrom('pauses')
    .where((eb) => (agents === null ? eb('agent', 'is', null) : eb('agent', 'in', agents)))
    .execute();
}

/** Lists the pauses in force, the whole service first: all, or those that concern one caller. */
export async function listPauses(db: Database, now: number, caller?: string) {
  let query = db
    .selectFrom('pauses')
    .selectAll()
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', now)]));
  if (caller !== undefined)
    query = query.where((eb) => eb.or([eb('caller', 'is', null), eb('caller', '=', caller)]));
  const rows = await query.orderBy('agent').orderBy('source').orderBy('caller').execute();
  return rows.map((row) => ({
    agent: row.agent,
    source: row.source,
    reason: row.reason,
    pausedBy: row.paused_by,
    pausedAt: isoTime(row.paused_at),
    until: row.until === null ? null : isoTime(row.until),
    /** The one caller that it concerns; null: all. */
    caller: row.caller,
  }));
}

export type Pauses = ReturnType<typeof createPauses>;

/** Lets a person pause and resume the handing out: for the whole service, one agent or one parked issue. */
export function createPauses(deps: ClaimWrites) {
  const { db, now, log, longPolls } = deps;
  /** Lists the pauses in force: all, or those that concern one caller. */
  function list(caller?: string): Promise<Pause[]> {
    return listPauses(db, now(), caller);
  }

  /** Pauses until it is resumed; live claims go on. Returns all pauses in force. */
  async function pause(request: {
    readonly agent?: string | undefined;
    readonly reason?: string | undefined;
    readonly by: string;
  }): Promise<Pause[]> {
    const { agent = null, reason = 'No reason was given.', by } = request;
    const paused = { source: 'person', paused_by: by, paused_at: now() } as const;
    await change(deps, (transaction) =>
      addPause(transaction, { agent, reason, ...paused, until: null, caller: null }),
    );
    log.info({ agent, caller: by }, 'paused');
    return list();
  }

  /** Ends the pauses of agents or the service, whether a person or a limit made them. Returns those still in force. */
  async function resume(agents: readonly string[] | null, by: string): Promise<Pause[]> {
    await change(deps, (transaction) => endPauses(transaction, agents));
    log.info({ agents, caller: by }, 'resumed');
    longPolls.wake();
    return list();
  }

  /** Resumes a parked issue; false when it was not parked, undefined when it is not stored. */
  async function resumeIssue(ref: IssueRef, by: string): Promise<boolean | undefined> {
    const repositoryId = await findRepositoryId(db, ref.repository);
    if (repositoryId === undefined) return undefined;
    const issue = { repositoryId, number: ref.number };
    if (!(await isStored(db, issue))) return undefined;
    const resumed = await change(deps, (transaction) => resumeStored(transaction, issue, now()));
    log.info({ repositoryId, issue: ref.number, resumed, caller: by }, 'issue resumed');
    longPolls.wake();
    return resumed;
  }

  return { list, pause, resume, resumeIssue };
}
