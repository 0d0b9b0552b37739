import { createDatabase, type Database } from '../src/db/database.ts';
import { migrate } from '../src/db/migrations.ts';
import type { StateReason } from '../src/issue/reasons.ts';
import type { State } from '../src/issue/state.ts';
import { issueUpdate } from '../test/support/issue-update.ts';
import { insertYearOfWork } from './year-of-work.ts';

/*
 * A store full of issues in all states, with claims, verifications, deliveries and spending, as a page meets it, after a
 * year of work. Rows are written as they are read: that many issues would take minutes to be handled.
 */

const minute = 60_000;
const hour = 60 * minute;
const repositories = ['orbit', 'harbor', 'lantern', 'meadow'];
const titles = [
  'Import of invoices drops the last line of a file',
  'Show the reason of a refused payment to the customer',
  'Retry uploads that a proxy has cut off',
  'Search finds nothing in titles with umlauts',
  'Move the session store to the new schema',
  'Dates of the calendar are off by one west of Greenwich',
  'Document the limits of the export',
  'Two people can edit one draft without a warning',
];

interface Kind {
  readonly state: State;
  readonly share: number;
  readonly reason: (number: number) => StateReason;
}

const ref = (number: number) => `acme/${nameOf(number)}#${number}`;
const agents = ['sonnet', 'haiku', 'opus'];
const agentOf = (number: number) => agents[number % agents.length] ?? 'sonnet';
const worker = (number: number) => `runner-${1 + (number % 3)}`;
const commit = (number: number) => `a7c3${number.toString(16).padStart(36, '0')}`;

/** Shares of 1,000 issues. */
const kinds: readonly Kind[] = [
  ...parked(5, (n) => ({
    code: 'failed_attempts',
    params: { ...lease(n), count: 3, last: 'expired' },
  })),
  ...parked(4, (n) => ({
    code: 'worker_blocked',
    params: { ...lease(n), words: 'Which of the two date formats does the bank send?' },
  })),
  ...parked(3, (n) => ({ code: 'gates_failed', params: { commit: commit(n), count: 3 } })),
  ...parked(2, (n) => ({
    code: 'issue_budget',
    params: { ...lease(n), unit: 'usd', budget: 5, spent: 5.2 },
  })),
  ...parked(2, () => ({ code: 'pull_request_closed', params: { pull: 31 } })),
  {
    ...{ state: 'oversized', share: 2 },
    reason: () => ({
      code: 'no_agent_fits',
      params: {
        ...{ difficulty: 'high', likely: 1_400_000, high: 1_700_000, enable: [], trust: [] },
        split: { parts: 3, agent: 'opus', max: 600_000, usable: 780_000 },
        nearest: null,
      },
    }),
  },
  {
    ...{ state: 'in_review', share: 12 },
    reason: (n) => ({ code: 'gates_passed', params: { commit: commit(n), pull: n + 400 } }),
  },
  { state: 'in_progress', share: 8, reason: (n) => ({ code: 'claimed', params: lease(n) }) },
  { state: 'ready', share: 120, reason: (n) => ({ code: 'ready', params: { agent: agentOf(n) } }) },
  {
    ...{ state: 'blocked', share: 300 },
    reason: (n) => ({
      code: 'open_blockers',
      params: { refs: [ref(n + 4), ...(n % 3 === 0 ? [ref(n + 8), ref(n + 12)] : [])], more: 0 },
    }),
  },
  {
    ...{ state: 'blocked', share: 8 },
    reason: (n) => ({
      code: 'cycle',
      params: { refs: [ref(n), ref(n + 4), ref(n + 8)], more: 0, beside: false },
    }),
  },
  { state: 'received', share: 4, reason: () => ({ code: 'not_read', params: {} }) },
  { state: 'done', share: 450, reason: () => ({ code: 'closed', params: {} }) },
  { state: 'released', share: 80, reason: () => ({ code: 'not_assigned', params: {} }) },
];

function parked(share: number, reason: Kind['reason']): Kind[] {
  return [{ state: 'needs_human', share, reason }];
}

function lease(number: number) {
  return { worker: worker(number), agent: agentOf(number) };
}

function nameOf(number: number): string {
  return repositories[number % repositories.length] ?? 'orbit';
}

/** Spreads the kinds over the numbers, the same in every run. */
function kindOf(number: number): Kind {
  let place = (number * 617) % 1_000;
  for (const kind of kinds) {
    if (place < kind.share) return kind;
    place -= kind.share;
  }
  return kinds[0] ?? { state: 'done', share: 1, reason: () => ({ code: 'closed', params: {} }) };
}

/** Makes the database at `path`, with `issues` issues as they stand at `now` (epoch milliseconds). */
export async function createIssueWorld(
  path: string,
  { issues, now }: { readonly issues: number; readonly now: number },
): Promise<void> {
  const db = createDatabase(path);
  try {
    await migrate(db);
    await db
      .insertInto('repositories')
      .values(
        repositories.map((name, index) => ({
          ...{ id: 2 + index, full_name: `acme/${name}`, lower_name: `acme/${name}` },
          named_at: now - hour,
        })),
      )
      .execute();
    const numbers = Array.from({ length: issues }, (_, index) => index + 1);
    for (let from = 0; from < issues; from += 200)
      await insertIssues(db, numbers.slice(from, from + 200), now);
    await insertYearOfWork(db, {
      ...{ count: issues, now, repositoryOf: idOf, commit },
      endedClaim: (n) => ({ ...claimRow(n, now), ...ended(n, now), verification_id: null }),
    });
    await insertTrouble(db, now);
  } finally {
    await db.destroy();
  }
}

async function insertIssues(db: Database, numbers: readonly number[], now: number): Promise<void> {
  const claimed = numbers.filter((n) => ['in_progress', 'done'].includes(kindOf(n).state));
  const waiting = numbers.filter((n) => kindOf(n).reason(n).code === 'open_blockers');
  await db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('issues')
      .values(numbers.map((number) => issueRow(number, now)))
      .execute();
    if (waiting.length > 0)
      await transaction
        .insertInto('edges')
        .values(waiting.flatMap((number) => edgeRows(number)))
        .execute();
    if (claimed.length > 0)
      await transaction
        .insertInto('claims')
        .values(claimed.map((number) => claimRow(number, now)))
        .execute();
  });
}

function idOf(number: number): number {
  return 2 + (number % repositories.length);
}

/** Most of the issues were changed in the last days, some today. */
function changedAt(number: number, now: number): number {
  return now - ((number * 7_919) % 4_000) * minute - 5_000;
}

function issueRow(number: number, now: number) {
  const { state, reason } = kindOf(number);
  const { code, params } = reason(number);
  const at = changedAt(number, now);
  const { plan } = issueUpdate({
    number,
    blockers: [],
    open: true,
    at,
    text: 'Files to modify: 3',
  });
  const isOurs = state !== 'released' && state !== 'received';
  const isReady = state === 'ready';
  return {
    ...{
      repository_id: idOf(number),
      number,
      title: `${titles[number % titles.length] ?? ''} (${number})`,
    },
    ...{ body_cut: 0, open: state === 'done' ? 0 : 1, deleted: 0 },
    ...{ assigned: state === 'released' ? 0 : 1, assignees: '["bot"]', labels: '[]' },
    ...{ snapshot_at: at, snapshot_repository: `acme/${nameOf(number)}`, labels_at: at },
    reading: isOurs ? JSON.stringify(plan?.reading) : null,
    estimate: isOurs ? JSON.stringify(plan?.estimate) : null,
    assignment: isOurs ? JSON.stringify(plan?.assignment) : null,
    agent: isOurs ? agentOf(number) : null,
    ...{ own_warnings: '[]', warnings: '[]', state },
    ...{ reason_code: code, reason_params: JSON.stringify(params) },
    ...{ ready_at: isReady ? at : null, queue_key: isReady ? at : null, unblocks: number % 4 },
    ...{ changed_at: at, revision: 1, published: 1 },
    ...(state === 'needs_human'
      ? { parked_code: code, parked_params: JSON.stringify(params) }
      : {}),
    ...(state === 'in_review' ? { verified_commit: commit(number) } : {}),
    gate_failures: state === 'in_progress' && number % 5 === 0 ? 1 : 0,
  };
}

function edgeRows(number: number) {
  return [4, 8, 12].map((step) => ({
    ...{ declared_repository_id: idOf(number), declared_number: number },
    ...{ blocked_repository_id: idOf(number), blocked_number: number },
    ...{ blocker_repository_id: idOf(number), blocker_number: number + step },
    ...{ source: 'declared', evidence: `Blocked by #${number + step}` },
  }));
}

function claimRow(number: number, now: number) {
  const isLive = kindOf(number).state === 'in_progress';
  const at = isLive ? now - (5 + (number % 90)) * minute : changedAt(number, now) - hour;
  const used = 20_000 + ((number * 4_409) % 178_000);
  const sample = { limit: 200_000, action: 'continue', crossed: false };
  const history = [3, 2, 1].map((age) => ({ ...sample, at: now - age * minute, used: used / age }));
  const context = {
    ...{ announced: 'continue', announcedAt: null, lastReportAt: now - (number % 7) * minute },
    ...{ peak: used, total: 2 * used, understated: null, history },
  };
  return {
    ...{ id: `claim-${number}`, repository_id: idOf(number), number },
    ...{ worker: worker(number), agent: agentOf(number), estimated: 46_800, difficulty: 'medium' },
    ...{ claimed_at: at, heartbeat_at: isLive ? now - minute : at, expires_at: now + 14 * minute },
    ...(isLive ? {} : ended(number, now)),
    context: number % 11 === 0 ? null : JSON.stringify(context),
    ...{ peak: used, total: 2 * used, spent_tokens: 12 * used, spent_usd: used / 60_000 },
    verification_id: isLive && number % 4 === 1 ? `verification-${number}` : null,
  };
}

function ended(number: number, now: number) {
  return {
    ended_at: changedAt(number, now),
    outcome: 'completed' as const,
    commit_id: commit(number),
  };
}

/** What is broken: deliveries that were given up, a pause, a budget that is nearly used; and what today has cost. */
async function insertTrouble(db: Database, now: number): Promise<void> {
  const live = await db
    .selectFrom('claims')
    .select(['id', 'repository_id', 'number', 'agent', 'worker', 'verification_id'])
    .where('ended_at', 'is', null)
    .execute();
  const verifying = live.flatMap(({ id: claim_id, verification_id: id, ...row }) =>
    id === null ? [] : [{ ...row, id, claim_id }],
  );
  const ended = Array.from({ length: 300 }, (_, index) => index + 1);
  const base = { branch: 'mosaic/work', base_branch: 'main' };
  await db
    .insertInto('verifications')
    .values([
      ...ended.map((n) => ({
        ...{ ...base, ...lease(n), id: `ended-${n}`, repository_id: idOf(n), number: n },
        ...({
          asked_by: worker(n),
          commit_id: commit(n),
          state: n % 6 === 0 ? 'failed' : 'passed',
        } as const),
        ...{
          requested_at: now - (310 - n) * 5 * minute,
          due_at: now,
          ended_at: now - (300 - n) * 5 * minute,
        },
      })),
      ...verifying.map((row) => ({
        ...{ ...base, ...row, asked_by: row.worker, commit_id: commit(row.number) },
        ...({ state: 'running', requested_at: now - 4 * minute, due_at: now } as const),
        ...{ started_at: now - 3 * minute, verifier: 'verifier-1', lease_expires_at: now + hour },
        lease_id: `lease-${row.number}`,
      })),
    ])
    .execute();
  await db
    .insertInto('deliveries')
    .values(
      [1, 2].map((n) => ({
        ...({ id: `dead-${n}`, status: 'dead', event_name: 'issues', kind: 'edited' } as const),
        ...{ repository_id: 2, issue_number: 4 * n, raw_size: 0, body_hash: '', attempts: 12 },
        ...{ received_at: now - 3 * hour, due_at: now - hour, handled_at: now - hour },
        error: 'Error: the answer of Gitea has no field "updated_at"',
      })),
    )
    .execute();
  await db
    .insertInto('pauses')
    .values({
      ...({
        agent: 'haiku',
        source: 'limit',
        reason: 'The allowance of haiku is used up.',
      } as const),
      ...{ paused_by: 'runner-2', paused_at: now - 40 * minute, until: now + 2 * hour },
    })
    .execute();
  const day = new Date(now).toISOString().slice(0, 10);
  await db
    .insertInto('daily_spending')
    .values([
      { day, agent: 'sonnet', tokens: 14_210_400, usd: 42.17 },
      { day, agent: 'haiku', tokens: 3_004_112, usd: 1.93 },
      { day, agent: 'opus', tokens: 2_118_020, usd: 27.4 },
    ])
    .execute();
}
