import { createHash } from 'node:crypto';

import type { Selectable } from 'kysely';

import { viewDay, type DayView } from '../claims/spending.ts';
import type { Database } from '../db/database.ts';
import type { NoticesTable } from '../db/notification-tables.ts';
import type { IssueRow } from '../db/schema.ts';
import { viewReason, viewWarning } from '../issue/plan.ts';
import { parseStateReason, type StateReason, type StateReasonParams } from '../issue/reasons.ts';
import { formatRef } from '../issue/ref.ts';
import { warningsSchema } from '../issue/warnings.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';

export type NoticeKind = NoticesTable['kind'];
/** A notice as it is stored. */
export type Notice = Selectable<NoticesTable>;

/** Something that people should know, while it is so. */
export interface Fact extends Pick<Notice, 'kind' | 'ref' | 'title' | 'sentence'> {
  /** What it is about, equal as long as it is the same. It is told once, and again when one more comes up. */
  readonly keys: readonly string[];
  /** It is not told yet: a better word is on its way. */
  readonly isEarly?: boolean;
}

/** What the checks of the service say that a person should hear of. */
export interface ServiceTrouble {
  readonly kind: 'webhook' | 'deliveries';
  /** As of a fact. */
  readonly keys: readonly string[];
  readonly sentence: string;
}

/** Issues looked at; in a store with more in these states the others wait. */
const maxFacts = 1_000;
/** Time for the pull request of a commit that waits for review: it is opened after the verdict. */
const pullWaitMs = 15_000;

interface FactDeps {
  readonly db: Database;
  readonly now: number;
  readonly agents: readonly AgentProfile[];
  readonly trouble: readonly ServiceTrouble[];
  /** Pull requests are opened for what passed. */
  readonly pullRequests: boolean;
}

/** All that people should know now. `isCut`: there are more issues than were read. */
export async function readFacts(deps: FactDeps): Promise<{ facts: Fact[]; isCut: boolean }> {
  const { db, now, agents, trouble, pullRequests } = deps;
  const rows = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['repository_id', 'number', 'full_name', 'title', 'state', 'changed_at'])
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
      ...rows
        .slice(0, maxFacts)
        .map((row) => issueFact(row, pullRequests && row.changed_at > now - pullWaitMs)),
      ...days.flatMap(dayFact),
      ...trouble.map(({ kind, keys, sentence }) =>
        serviceFact(kind, { keys: keys.map((key) => `${kind}:${key}`), sentence }),
      ),
    ],
    isCut: rows.length > maxFacts,
  };
}

type ShownRow = Pick<
  IssueRow,
  | ('repository_id' | 'number' | 'title' | 'state')
  | ('reason_code' | 'reason_params' | 'budget_warning' | 'warnings')
> & { readonly full_name: string };

/** `isFresh`: what belongs to its state may still be on its way. */
function issueFact(row: ShownRow, isFresh: boolean): Fact {
  const { state, reason_code: code, reason_params: params } = row;
  const kind = kindOf(row);
  const reason = parseStateReason(code, params);
  const isWarning = state === 'in_progress';
  const subjects = isWarning ? [row.budget_warning ?? ''] : subjectsOf(reason);
  return {
    ...{ kind, title: row.title },
    keys: subjects.map((subject) => {
      const cause = JSON.stringify([row.repository_id, row.number, kind, code, subject]);
      return `issue:${createHash('sha256').update(cause).digest('base64url')}`;
    }),
    ref: formatRef({ repository: row.full_name, number: row.number }),
    sentence: isWarning ? budgetSentence(row.warnings) : viewReason(reason).text,
    isEarly: isFresh && reason.code === 'gates_passed' && reason.params.pull === null,
  };
}

type SubjectsOf<C extends keyof StateReasonParams> = (
  params: StateReasonParams[C],
) => readonly string[];

/**
 * What a reason is about: it is news when that is another. Figures that are learned, and what is added later, are none
 * of it: they change while people know the thing already.
 */
const subjectsByReason: { readonly [C in keyof StateReasonParams]?: SubjectsOf<C> } = {
  gates_passed: ({ commit }) => [commit],
  gates_failed: ({ commit }) => [commit],
  verification_error: ({ commit }) => [commit],
  awaiting_verification: ({ commit }) => [commit],
  pull_request_closed: ({ pull }) => [`${pull}`],
  merged_not_closed: ({ pull }) => [`${pull}`],
  review_rounds: ({ pull, rounds }) => [`${pull} ${rounds}`],
  failed_attempts: ({ worker, count }) => [`${worker} ${count}`],
  rotations: ({ worker, count }) => [`${worker} ${count}`],
  worker_blocked: ({ worker, words }) => [`${worker} ${words}`],
  issue_budget: ({ unit, budget }) => [`${unit} ${budget}`],
  blocker_not_merged: ({ refs }) => (refs.length > 0 ? refs : ['']),
};

function subjectsOf<C extends keyof StateReasonParams>({
  code,
  params,
}: StateReason<C>): readonly string[] {
  const subjects: SubjectsOf<C> | undefined = subjectsByReason[code];
  return subjects?.(params) ?? [''];
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
  return [serviceFact('budget', { keys: [`day:${agent}:${day}:${state}`], sentence })];
}

function serviceFact(kind: NoticeKind, fact: Pick<Fact, 'keys' | 'sentence'>): Fact {
  return { kind, ref: null, title: null, ...fact };
}
