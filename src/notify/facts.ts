import { createHash } from 'node:crypto';

import type { Selectable } from 'kysely';

import { viewDay, type DayView } from '../claims/spending.ts';
import type { Database } from '../db/database.ts';
import type { NoticesTable } from '../db/notification-tables.ts';
import type { IssueRow } from '../db/schema.ts';
import { viewReason, viewWarning } from '../issue/plan.ts';
import { parseStateReason } from '../issue/reasons.ts';
import { formatRef } from '../issue/ref.ts';
import { warningsSchema } from '../issue/warnings.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';

export type NoticeKind = NoticesTable['kind'];
/** A notice as it is stored. */
export type Notice = Selectable<NoticesTable>;

/** Something that people should know, while it is so. */
export interface Fact extends Pick<Notice, 'kind' | 'ref' | 'title' | 'sentence'> {
  /** Equal as long as it is the same: then it is told once. */
  readonly key: string;
}

/** What the checks of the service say that a person should hear of. */
export interface ServiceTrouble {
  readonly kind: 'webhook' | 'deliveries';
  /** Equal as long as it is the same trouble. */
  readonly key: string;
  readonly sentence: string;
}

/** Issues looked at; in a store with more in these states the others wait. */
const maxFacts = 1_000;

interface FactDeps {
  readonly db: Database;
  readonly now: number;
  readonly agents: readonly AgentProfile[];
  readonly trouble: readonly ServiceTrouble[];
}

/** All that people should know now. `isCut`: there are more issues than were read. */
export async function readFacts(deps: FactDeps): Promise<{ facts: Fact[]; isCut: boolean }> {
  const { db, now, agents, trouble } = deps;
  const rows = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['repository_id', 'number', 'full_name', 'title', 'state', 'verified_commit'])
    .select(['reason_code', 'reason_params', 'budget_warning', 'warnings'])
    .where('deleted', '=', 0)
    .where((eb) =>
      eb.or([
        eb('state', 'in', ['needs_human', 'in_review', 'oversized']),
        eb.and([eb('state', '=', 'in_progress'), eb('budget_warning', 'is not', null)]),
      ]),
    )
    .orderBy('changed_at', 'desc')
    .orderBy('repository_id')
    .orderBy('number')
    .limit(maxFacts + 1)
    .execute();
  const days = await viewDay(db, now, agents);
  return {
    facts: [
      ...rows.slice(0, maxFacts).map(issueFact),
      ...days.flatMap(dayFact),
      ...trouble.map(({ kind, key, sentence }) => serviceFact(kind, `${kind}:${key}`, sentence)),
    ],
    isCut: rows.length > maxFacts,
  };
}

type ShownRow = Pick<
  IssueRow,
  | ('repository_id' | 'number' | 'title' | 'state' | 'verified_commit')
  | ('reason_code' | 'reason_params' | 'budget_warning' | 'warnings')
> & { readonly full_name: string };

function issueFact(row: ShownRow): Fact {
  const { state, reason_code: code, reason_params: params } = row;
  const kind = kindOf(row);
  // What makes it new: another reason, another commit, another figure.
  const what = kind === 'budget' && state === 'in_progress' ? row.budget_warning : params;
  const cause = [row.repository_id, row.number, kind, code, what, row.verified_commit];
  return {
    ...{ kind, title: row.title },
    key: `issue:${createHash('sha256').update(JSON.stringify(cause)).digest('base64url')}`,
    ref: formatRef({ repository: row.full_name, number: row.number }),
    sentence:
      state === 'in_progress'
        ? budgetSentence(row.warnings)
        : viewReason(parseStateReason(code, params)).text,
  };
}

/** Reasons that tell more than that a person is needed. */
const kindsByReason: Readonly<Record<string, NoticeKind>> = {
  gates_failed: 'verification_failed',
  verification_error: 'verification_failed',
  issue_budget: 'budget',
};

function kindOf({ state, reason_code: code }: ShownRow): NoticeKind {
  if (state === 'in_progress') return 'budget';
  if (state === 'in_review') return 'in_review';
  return kindsByReason[code] ?? 'needs_person';
}

function budgetSentence(warnings: string): string {
  const all = warningsSchema.parse(JSON.parse(warnings));
  const found = all.find(({ code }) => code === 'budget_nearly_used');
  return found === undefined ? 'Its budget is nearly used.' : viewWarning(found).text;
}

function dayFact({ agent, day, state }: DayView): Fact[] {
  if (state === 'open') return [];
  const sentence =
    state === 'used_up'
      ? `The budget of ${agent} for ${day} is used up: nothing more is handed out to it today.`
      : `The budget of ${agent} for ${day} is nearly used.`;
  return [serviceFact('budget', `day:${agent}:${day}:${state}`, sentence)];
}

function serviceFact(kind: NoticeKind, key: string, sentence: string): Fact {
  return { kind, key, ref: null, title: null, sentence };
}
