import { sql } from 'kysely';

import { formatRef } from '../issue/ref.ts';
import type { Database } from '../db/database.ts';

/** A broken rule about issues or claims; `code` names the rule, `text` says what to do. */
export interface Violation {
  /** `owner/name#number` of the issue, or the id of a claim whose issue is not stored. */
  readonly subject: string;
  readonly code: string;
  readonly text: string;
}

/** Grace period after a lease expired: the sweeper comes once a second. */
const sweepGraceMs = 60_000;

/** Condition for the bot's open issues. */
const ofTheBot = sql`issues.open = 1 and issues.assigned = 1 and issues.deleted = 0`;
const live = sql`select 1 from claims where claims.repository_id = issues.repository_id
  and claims.number = issues.number and claims.ended_at is null`;
const openBlocker = sql`select 1 from edges left join issues as blocker
    on blocker.repository_id = edges.blocker_repository_id and blocker.number = edges.blocker_number
  where edges.blocked_repository_id = issues.repository_id
    and edges.blocked_number = issues.number and edges.from_parent = 0
    and (edges.blocker_repository_id is null
      or edges.blocker_repository_id <> issues.repository_id
      or edges.blocker_number <> issues.number)
    and (blocker.open is null or (blocker.open = 1 and blocker.deleted = 0
      and not (edges.until_merge = 1 and exists (select 1 from pull_requests as pull
        where pull.repository_id = blocker.repository_id and pull.number = blocker.number
          and pull.state = 'merged'))))`;
/** Blocked by its repository or by a label, whatever the issues are that it waits for. */
const isHeldOtherwise = sql`issues.reason_code in
  ('repository_archived', 'no_access', 'held_by_label')`;
const refreshPlanned = sql`select 1 from deliveries
  where deliveries.repository_id = issues.repository_id
    and deliveries.issue_number = issues.number and deliveries.status = 'waiting'`;

/** Rules for the bot's open issues: each is in exactly one state, and something will move it on. */
const issueRules = [
  {
    code: 'no_state',
    text: 'Has no valid state or no reason. Replay its newest delivery.',
    broken: sql`issues.reason_code = '' or issues.reason_params = '' or issues.state not in
      ('ready', 'in_progress', 'in_review', 'needs_human', 'blocked', 'oversized', 'received')`,
  },
  {
    code: 'in_progress_unclaimed',
    text: 'Is in progress, but not claimed: nothing would ever move it on. Replay its newest delivery.',
    broken: sql`issues.state = 'in_progress' and not exists (${live})`,
  },
  {
    code: 'claimed_not_in_progress',
    text: 'Is claimed, but not in progress. Replay its newest delivery.',
    broken: sql`issues.state <> 'in_progress' and issues.state <> 'received' and exists (${live})`,
  },
  {
    code: 'needs_human_unparked',
    text: 'Needs a person, but has no reason to. Start the service: its sweeper recomputes the state.',
    broken: sql`issues.state = 'needs_human' and issues.parked_code is null
      and issues.reason_code <> 'blocker_not_merged'`,
  },
  {
    code: 'parked_not_held',
    text: 'Is parked, but may be handed out. Replay its newest delivery.',
    broken: sql`issues.state in ('ready', 'blocked', 'oversized') and issues.parked_code is not null
      and not (${isHeldOtherwise})`,
  },
  {
    code: 'ready_not_queued',
    text: 'Is ready, but has no place in the queue or no agent: no worker will get it. Replay its newest delivery.',
    broken: sql`issues.state = 'ready' and (issues.queue_key is null or issues.agent is null)`,
  },
  {
    code: 'queued_not_ready',
    text: 'Has a place in the queue without being ready. Replay its newest delivery.',
    broken: sql`issues.state <> 'ready' and issues.queue_key is not null`,
  },
  {
    code: 'ready_but_blocked',
    text: 'Is ready, but its text could not be read, or an issue that blocks it is open or unknown. Replay its newest delivery.',
    broken: sql`issues.state = 'ready' and
      (issues.hidden_blockers > 0 or issues.unreadable is not null or exists (${openBlocker}))`,
  },
  {
    code: 'blocked_by_nothing',
    text: 'Is blocked, but no issue that blocks it is open: no event will free it. Replay its newest delivery.',
    broken: sql`issues.state = 'blocked' and issues.cycle_key is null and issues.hidden_blockers = 0
      and issues.unreadable is null and not (${isHeldOtherwise}) and not exists (${openBlocker})`,
  },
  {
    code: 'received_not_due',
    text: 'Was never read, and no refresh of it is planned. Replay its newest delivery.',
    broken: sql`issues.state = 'received' and not exists (${refreshPlanned})`,
  },
];

/**
 * Lists violations of "every open issue of the bot is in exactly one state, and something will move it on; no
 * issue has two live claims; no slot is held for nothing". Only reads; at most `limit` of each kind.
 */
export async function audit(db: Database, now: number, limit: number): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const { code, text, broken } of issueRules) {
    const { rows } = await sql<{ full_name: string; number: number }>`
      select repositories.full_name, issues.number
      from issues join repositories on repositories.id = issues.repository_id
      where ${ofTheBot} and (${broken})
      order by issues.repository_id, issues.number limit ${limit}`.execute(db);
    for (const row of rows) found.push({ subject: refOf(row.full_name, row.number), code, text });
  }
  return [...found, ...(await auditClaims(db, now, limit))];
}

async function auditClaims(db: Database, now: number, limit: number): Promise<Violation[]> {
  const { rows } = await sql<{
    id: string;
    full_name: string | null;
    number: number;
    code: string;
  }>`
    select id, full_name, number, code from (
      select claims.id, repositories.full_name, claims.number, case
        when exists (select 1 from claims as other
          where other.repository_id = claims.repository_id and other.number = claims.number
            and other.ended_at is null and other.id <> claims.id) then 'claimed_twice'
        when issues.number is null or issues.open = 0 or issues.assigned = 0 or issues.deleted = 1
          then 'slot_leaked'
        when claims.verification_id is null and claims.expires_at < ${now - sweepGraceMs}
          then 'lease_not_swept'
        when claims.verification_id is not null and not exists (select 1 from verifications
          where verifications.id = claims.verification_id and verifications.ended_at is null)
          then 'verification_lost'
        end as code
      from claims
        left join issues on issues.repository_id = claims.repository_id
          and issues.number = claims.number
        left join repositories on repositories.id = claims.repository_id
      where claims.ended_at is null) as classified
    where code is not null order by id limit ${limit}`.execute(db);
  return rows.map(({ id, full_name, number, code }) => ({
    subject: full_name === null ? id : refOf(full_name, number),
    code,
    text: claimTexts.get(code) ?? '',
  }));
}

const claimTexts: ReadonlyMap<string, string> = new Map([
  ['claimed_twice', 'Has two live claims. Stop the service and report this as a bug.'],
  [
    'slot_leaked',
    'Is claimed, but not for workers: its slot is held for nothing. The slot is free when the lease expires.',
  ],
  [
    'verification_lost',
    'Waits for a verification that is not there or has ended. Stop the service and report this as a bug.',
  ],
  [
    'lease_not_swept',
    'Has a lease that expired over a minute ago. Start the service, or find in its log why it does not sweep.',
  ],
]);

function refOf(repository: string, number: number): string {
  return formatRef({ repository, number });
}
