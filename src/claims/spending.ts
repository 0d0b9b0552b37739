import { sql, type Transaction } from 'kysely';

import { afterCommit } from '../db/after-commit.ts';
import type { Database } from '../db/database.ts';
import { ofIssue } from '../db/key-filter.ts';
import { greatest } from '../db/portable.ts';
import type { ClaimRow, Schema } from '../db/schema.ts';
import { isoTime } from '../issue/iso-time.ts';
import type { StateReason } from '../issue/reasons.ts';
import type { IssueKey } from '../issue/ref.ts';
import {
  amount,
  budgetUnits,
  nearlyUsedShare,
  type BudgetUnit,
  type Spent,
} from '../issue/spending.ts';
import type { AgentProfile, Caps } from '../planning/agent-profiles.ts';
import { priceOf } from '../planning/fit.ts';
import { recomputeIssues } from './parking.ts';
import type { ClaimsState } from './state.ts';

/** Tokens processed and US dollars. */
export type Amounts = Readonly<Record<BudgetUnit, number>>;

/** Longest time after the end of a claim in which it may still say what it has cost: a laptop that slept overnight. */
const lateReportMs = 86_400_000;
/** Days of which the spending is kept. */
const keptDays = 35;

/** The day of a time, in UTC: `2026-11-30`. */
function dayOf(time: number): string {
  return isoTime(time).slice(0, 10);
}

type Recorded = Pick<ClaimRow, 'spent_tokens' | 'spent_usd' | 'spent_estimated'>;

/**
 * What a claim has cost, after a report. Of two reports the larger counts, because they may overtake each other.
 * Dollars that the worker does not tell are estimated from the tokens, until it tells them.
 */
export function mergeSpent(
  before: Recorded,
  { tokens = 0, costUsd }: Spent,
  profile: AgentProfile | undefined,
): Recorded {
  const spent_tokens = Math.max(before.spent_tokens, tokens);
  const isTold = before.spent_estimated === 0 && before.spent_usd > 0;
  if (costUsd !== undefined)
    return {
      spent_tokens,
      spent_usd: isTold ? Math.max(before.spent_usd, costUsd) : costUsd,
      spent_estimated: 0,
    };
  if (isTold) return { ...before, spent_tokens };
  const spent_usd = profile === undefined ? 0 : priceOf(profile, spent_tokens);
  return { spent_tokens, spent_usd, spent_estimated: 1 };
}

/** A cap, and what of it is spent. */
export interface ReachedCap {
  readonly unit: BudgetUnit;
  readonly budget: number;
  readonly spent: number;
}

/** The first cap of which at least this share is spent. */
export function reachedCap(
  caps: Caps | undefined,
  spent: Amounts,
  share = 1,
): ReachedCap | undefined {
  for (const unit of budgetUnits) {
    const budget = caps?.[unit];
    if (budget !== undefined && spent[unit] >= budget * share)
      return { unit, budget, spent: spent[unit] };
  }
  return undefined;
}

/**
 * Stores what a claim has cost so far, and warns of a budget that is nearly used. Returns the reason to park
 * the issue when its budget is used up, and whether people are shown something new.
 */
export async function recordSpent(
  { profiles, now: clock, log }: Pick<ClaimsState, 'profiles' | 'now' | 'log'>,
  transaction: Transaction<Schema>,
  row: ClaimRow,
  sent: Spent | undefined,
): Promise<{ readonly usedUp?: StateReason<'issue_budget'>; readonly warned?: boolean }> {
  if (sent === undefined) return {};
  const { id, worker, agent, repository_id: repositoryId, number } = row;
  const profile = profiles.find(({ name }) => name === agent);
  const after = mergeSpent(row, sent, profile);
  const more = {
    tokens: after.spent_tokens - row.spent_tokens,
    usd: after.spent_usd - row.spent_usd,
  };
  const now = clock();
  await transaction.updateTable('claims').set(after).where('id', '=', id).execute();
  const issue = { repositoryId, number };
  const { spent, isWarned } = await addToIssue(transaction, issue, more);
  const day = await addToDay(transaction, { day: dayOf(now), agent, ...more });
  afterCommit(transaction, () => warnOfDay({ profile, day, more }, log));
  const used = reachedCap(profile?.budget?.issue, spent);
  if (used !== undefined)
    return { usedUp: { code: 'issue_budget', params: { worker, agent, ...used } } };
  const near = reachedCap(profile?.budget?.issue, spent, nearlyUsedShare);
  if (near === undefined || isWarned) return {};
  const { unit, budget } = near;
  await transaction
    .updateTable('issues')
    .set({ budget_warning: JSON.stringify({ agent, unit, budget }) })
    .where(ofIssue(issue))
    .execute();
  await recomputeIssues(transaction, [issue], now);
  return { warned: true };
}

/**
 * Stores what a claim has cost that has ended meanwhile: the last report of a worker may come after a lost lease.
 * It counts by the same rule, on the issue and on the day on which it comes; the issue is not parked for it, its next
 * claim is. Resolves to whether people are shown something new.
 */
export async function recordLateSpent(
  state: Pick<ClaimsState, 'profiles' | 'now' | 'log'>,
  transaction: Transaction<Schema>,
  row: ClaimRow,
  sent: Spent | undefined,
): Promise<boolean> {
  if ((row.ended_at ?? row.expires_at) < state.now() - lateReportMs) return false;
  const { warned = false } = await recordSpent(state, transaction, row, sent);
  return warned;
}

async function addToIssue(transaction: Transaction<Schema>, issue: IssueKey, more: Amounts) {
  const row = await transaction
    .updateTable('issues')
    .set((eb) => ({
      spent_tokens: eb('spent_tokens', '+', more.tokens),
      // An estimate that was too high is taken back, of which a person may have reset a part.
      spent_usd: greatest(sql.lit(0), sql`spent_usd + ${more.usd}`),
    }))
    .where(ofIssue(issue))
    .returning(['spent_tokens', 'spent_usd', 'budget_warning'])
    .executeTakeFirst();
  return {
    spent: { tokens: row?.spent_tokens ?? 0, usd: row?.spent_usd ?? 0 },
    isWarned: row?.budget_warning != null,
  };
}

async function addToDay(
  transaction: Transaction<Schema>,
  { day, agent, tokens, usd }: Amounts & { readonly day: string; readonly agent: string },
): Promise<Amounts> {
  const row = await transaction
    .insertInto('daily_spending')
    .values({ day, agent, tokens, usd: Math.max(0, usd) })
    .onConflict((conflict) =>
      conflict.columns(['day', 'agent']).doUpdateSet((eb) => ({
        tokens: eb('daily_spending.tokens', '+', tokens),
        usd: greatest(sql.lit(0), sql`daily_spending.usd + ${usd}`),
      })),
    )
    .returning(['tokens', 'usd'])
    .executeTakeFirstOrThrow();
  return row;
}

interface DaySpending {
  readonly profile: AgentProfile | undefined;
  /** With `more`, which was just added. */
  readonly day: Amounts;
  readonly more: Amounts;
}

/** Says once that the budget of a day is nearly used, and once that it is used up. */
function warnOfDay({ profile, day, more }: DaySpending, log: ClaimsState['log']): void {
  const before = { tokens: day.tokens - more.tokens, usd: day.usd - more.usd };
  for (const share of [1, nearlyUsedShare]) {
    const reached = reachedCap(profile?.budget?.day, day, share);
    if (reached === undefined) continue;
    if (reachedCap(profile?.budget?.day, before, share) === undefined)
      log.warn(
        { agent: profile?.name, ...reached },
        share === 1
          ? 'the budget of the day is used up: nothing is handed out to this agent until tomorrow (UTC)'
          : 'the budget of the day is nearly used',
      );
    return;
  }
}

/** What each agent has spent today. */
export async function spentToday(db: Database, now: number): Promise<ReadonlyMap<string, Amounts>> {
  const rows = await db
    .selectFrom('daily_spending')
    .select(['agent', 'tokens', 'usd'])
    .where('day', '=', dayOf(now))
    .execute();
  return new Map(rows.map(({ agent, tokens, usd }) => [agent, { tokens, usd }]));
}

/** Forgets the spending of days that nobody asks about any more. */
export async function pruneSpending(db: Database, now: number): Promise<void> {
  const first = dayOf(now - keptDays * 86_400_000);
  await db.deleteFrom('daily_spending').where('day', '<', first).execute();
}

/** Spending as people are shown it. */
export interface SpentView extends Amounts {
  /** True where dollars are computed from the tokens and the prices of the profile. */
  readonly estimated: boolean;
}

/** What one claim has cost; null without a report. */
export function viewSpent({
  spent_tokens,
  spent_usd,
  spent_estimated,
}: Recorded): SpentView | null {
  if (spent_tokens === 0 && spent_usd === 0) return null;
  return {
    ...viewAmounts({ tokens: spent_tokens, usd: spent_usd }),
    estimated: spent_estimated === 1,
  };
}

/** `1,200 tokens, $0.02 (estimated)`. */
export function spentText({ tokens, usd, estimated }: SpentView): string {
  return `${amount('tokens', tokens)}, ${amount('usd', usd)}${estimated ? ' (estimated)' : ''}`;
}

/** Dollars are rounded to a hundredth of a cent. */
function viewAmounts({ tokens, usd }: Amounts): Amounts {
  return { tokens, usd: Number(usd.toFixed(4)) };
}

/** All that an issue has cost, whoever changed it meanwhile; null without a report. */
export async function issueSpent(db: Database, issue: IssueKey): Promise<SpentView | null> {
  const row = await db
    .selectFrom('claims')
    .select((eb) => [
      eb.fn.coalesce(eb.fn.sum<number>('spent_tokens'), sql.lit(0)).as('spent_tokens'),
      eb.fn.coalesce(eb.fn.sum<number>('spent_usd'), sql.lit(0)).as('spent_usd'),
      eb.fn.coalesce(eb.fn.max('spent_estimated'), sql.lit(0)).as('spent_estimated'),
    ])
    .where(ofIssue(issue))
    .executeTakeFirstOrThrow();
  return viewSpent(row);
}

/** The spending of an agent today, beside what it may spend. */
export interface DayView {
  readonly agent: string;
  /** In UTC. */
  readonly day: string;
  readonly spent: Amounts;
  /** Null: any amount. */
  readonly budget: Readonly<Record<BudgetUnit, number | null>>;
  readonly state: 'open' | 'nearly_used' | 'used_up';
}

/** Today's spending of the agents that have a budget of the day, or have spent something. */
export async function viewDay(
  db: Database,
  now: number,
  profiles: readonly AgentProfile[],
): Promise<DayView[]> {
  const spending = await spentToday(db, now);
  return profiles.flatMap(({ name: agent, budget }) => {
    const caps = budget?.day;
    const spent = spending.get(agent) ?? { tokens: 0, usd: 0 };
    if (caps === undefined && !spending.has(agent)) return [];
    const isNear = reachedCap(caps, spent, nearlyUsedShare) !== undefined;
    const isUsedUp = reachedCap(caps, spent) !== undefined;
    return [
      {
        ...{ agent, day: dayOf(now), spent: viewAmounts(spent) },
        budget: { tokens: caps?.tokens ?? null, usd: caps?.usd ?? null },
        state: isUsedUp ? 'used_up' : isNear ? 'nearly_used' : 'open',
      },
    ];
  });
}
