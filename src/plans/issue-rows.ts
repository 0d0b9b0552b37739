import type { Transaction } from 'kysely';

import { ofIssue } from '../db/key-filter.ts';
import type { IssueRow, Schema } from '../db/schema.ts';
import { labelsUncertain } from '../issue/facts.ts';
import { countsAsEdge } from '../issue/reading.ts';
import type { Warning } from '../issue/warnings.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { awaitingVerification } from '../issue/state.ts';
import { tiedIssues } from './blockers.ts';
import { lostPairs, newPairs, replaceEdges, type EdgeChange } from './edges.ts';
import { dropStaleGiteaDependencies } from './gitea-edges.ts';
import { isTextStored, storesText, storeText } from './issue-texts.ts';
import type { IssueUpdate } from './issue-update.ts';
import { openNeighbours } from './open-graph.ts';
import type { TouchedIssues } from './recompute-states.ts';
import { markParentEdges, replaceParents, withParts } from './parents.ts';
import { storeProposals } from './proposals.ts';
import { storeReportedRepositories } from './reported-repositories.ts';
import { changedAt, markChanged, markShown } from './revisions.ts';

/** What storing an issue touched: the input of `recomputeStates`. */
interface StoredChange {
  readonly touched: TouchedIssues;
  /** True when the issue was stored before, unassigned, and is the bot's again. */
  readonly newlyAssigned: boolean;
  /** True when the repository was archived or unarchived: all its issues are concerned. */
  readonly repositoryChanged: boolean;
  /** As it was stored; undefined for a new issue. */
  readonly stateBefore: FactsChange['stateBefore'];
}

/**
 * Stores facts, text, edges and repository names of one issue, and returns which states must be
 * recomputed. Recomputes none itself: `handling/commit-update.ts` calls `recomputeStates` in the same transaction.
 */
export async function storeIssue(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<StoredChange> {
  const { facts, plan } = update;
  const names = await storeReportedRepositories(transaction, update, now);
  const change = await storeFacts(transaction, update, now);
  if (!change.hasText) await storeText(transaction, update);
  const own = await replaceEdges(transaction, facts, {
    dependencies: plan?.reading.dependencies.filter(countsAsEdge) ?? [],
    unknownTargets: update.unknownTargets,
    now,
  });
  await storeProposals(transaction, update, { ...change, now });
  const stale = await dropStaleGiteaDependencies(transaction, update);
  const declared = [...names.resolved, ...own, ...stale];
  const turned = await storeParents(transaction, update, [
    ...names.parts,
    ...declared.flatMap(({ blocked }) => blocked ?? []),
  ]);
  const edges = [...declared, ...turned];
  await markChanged(
    transaction,
    edges.flatMap(({ blocked, blocker }) => [blocked ?? [], blocker ?? []].flat()),
    now,
  );
  const self = { repositoryId: facts.repositoryId, number: facts.number };
  const tied = change.forOthers ? await tiedIssues(transaction, self, change.isNew) : [];
  const namesUnknown = (update.unknownTargets ?? []).length > 0;
  const neighbours = (step: 'blocked' | 'blocker') =>
    change.forOthers ? openNeighbours(transaction, [self], step) : [];
  const waiting = await neighbours('blocked');
  await markShown(transaction, [...waiting, ...names.renamed]);
  const isOpen = facts.open && !facts.deleted;
  const touched = {
    states: [
      ...(change.forItself || namesUnknown || names.repositoryChanged ? [self] : []),
      ...tied,
      ...turned.flatMap((edge) => edge.blocker ?? []),
      ...waiting,
      ...names.renamed,
      ...edges.flatMap((edge) => edge.blocked ?? []),
    ],
    graph: {
      joined: [
        ...(change.forOthers && isOpen ? [self] : []),
        ...newPairs(edges).map(({ blocked, blocker }) =>
          keyOf(blocker) === keyOf(self) ? self : blocked,
        ),
      ],
      closed: change.forOthers && !isOpen ? [self] : [],
      lost: lostPairs(edges),
      renamed: names.renamed,
    },
    unblocks: [
      // Opened, it blocked nothing: the count goes on to those for which it waits by itself.
      ...(change.forOthers ? [self, ...(isOpen ? [] : await neighbours('blocker'))] : []),
      ...edges.flatMap((edge) => edge.blocker ?? []),
    ],
  };
  const { repositoryChanged } = names;
  const { newlyAssigned, stateBefore } = change;
  return { touched, newlyAssigned, repositoryChanged, stateBefore };
}

/** Stores whose part the issue is, and marks the edges by which a parent blocks its part. */
async function storeParents(
  transaction: Transaction<Schema>,
  { facts, plan }: IssueUpdate,
  newlyBlocked: readonly IssueKey[],
): Promise<EdgeChange[]> {
  const moved = await replaceParents(transaction, facts, plan?.reading.partOf ?? []);
  const parts = await withParts(transaction, moved ? [facts, ...newlyBlocked] : newlyBlocked);
  return markParentEdges(transaction, parts);
}

/** The columns of facts; the others are computed from them. */
type FactColumns = Omit<
  IssueRow,
  | keyof typeof notComputed
  | keyof typeof untried
  | 'changed_at'
  | 'revision'
  | 'published'
  | 'verification_requests'
  | 'verified_commit'
>;

/** Which states can change: this issue's own, and those of the issues around it. */
interface FactsChange {
  readonly newlyAssigned: boolean;
  readonly isNew: boolean;
  readonly forItself: boolean;
  readonly forOthers: boolean;
  /** JSON; null: there was none. */
  readonly readingBefore: string | null;
  /** What is to be stored of its text is stored. */
  readonly hasText: boolean;
  /** Undefined for a new issue. */
  readonly stateBefore: { readonly state: string; readonly reason: string } | undefined;
}

async function storeFacts(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<FactsChange> {
  const { facts } = update;
  const columns = factColumns(update);
  const stored = await transaction
    .selectFrom('issues')
    .select(['title', 'open', 'deleted', 'assigned', 'labels'])
    .select(['reading', 'estimate', 'assignment', 'own_warnings'])
    .select([
      'attempts',
      'gate_failures',
      'review_rounds',
      'spent_tokens',
      'spent_usd',
      'parked_code',
      'hidden_blockers',
      'merged',
      'held_by',
    ])
    .select(['open_pull_repository_id', 'open_pull_number'])
    .select(['state', 'reason_code'])
    .select((eb) => isTextStored(eb, facts.body).as('same_text'))
    .where(ofIssue(facts))
    .executeTakeFirst();
  if (stored === undefined) {
    await transaction
      .insertInto('issues')
      .values({ ...columns, ...notComputed, ...untried, changed_at: now })
      .execute();
    const all = { isNew: true, forItself: true, forOthers: true };
    return {
      ...{ ...all, newlyAssigned: false, readingBefore: null },
      ...{ hasText: !storesText(update), stateBefore: undefined },
    };
  }
  const differs = (...names: readonly (keyof typeof stored & keyof typeof columns)[]) =>
    names.some((name) => stored[name] !== columns[name]);
  const shown = differs('title', 'open', 'reading', 'estimate', 'assignment');
  // Null: there is none yet.
  const otherText = stored.same_text === 0 && storesText(update);
  const restarted = differs('open', 'deleted', 'assigned');
  // An edited text does not restart an issue that awaits verification.
  const changed =
    restarted ||
    (stored.parked_code !== awaitingVerification && (otherText || differs('title', 'labels')));
  const tried =
    stored.parked_code !== null ||
    stored.attempts + stored.gate_failures + stored.review_rounds > 0 ||
    stored.spent_tokens + stored.spent_usd > 0;
  await transaction
    .updateTable('issues')
    .set({
      ...columns,
      ...(changed && tried ? untried : {}),
      ...(restarted || (changed && stored.parked_code !== null) ? { verified_commit: null } : {}),
      ...(shown ? changedAt(now) : {}),
    })
    .where(ofIssue(facts))
    .execute();
  const forOthers = differs(
    ...(['open', 'deleted', 'merged', 'open_pull_repository_id', 'open_pull_number'] as const),
  );
  const forItself =
    (changed && tried) ||
    differs('assigned', 'labels', 'reading', 'assignment', 'own_warnings', 'hidden_blockers') ||
    differs('held_by');
  const newlyAssigned = differs('assigned') && columns.assigned === 1;
  // Open again, a pull request is waited for again, whoever went on without it.
  if (differs('open') && facts.open) await forgetWaivers(transaction, facts);
  const whose = { forItself: forOthers || forItself, forOthers };
  return {
    ...{ isNew: false, ...whose, newlyAssigned, readingBefore: stored.reading },
    hasText: storesText(update) ? stored.same_text === 1 : stored.same_text === null,
    stateBefore: { state: stored.state, reason: stored.reason_code },
  };
}

async function forgetWaivers(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
): Promise<void> {
  await transaction
    .updateTable('edges')
    .set({ waived: 0 })
    .where('blocker_repository_id', '=', repositoryId)
    .where('blocker_number', '=', number)
    .where('waived', '=', 1)
    .execute();
}

function factColumns(update: IssueUpdate): FactColumns {
  const { facts, assigned, plan, giteaDependencies, openPull } = update;
  return {
    repository_id: facts.repositoryId,
    number: facts.number,
    title: facts.title,
    body_cut: facts.bodyCut ? 1 : 0,
    open: facts.open ? 1 : 0,
    deleted: facts.deleted ? 1 : 0,
    assigned: assigned ? 1 : 0,
    assignees: JSON.stringify(facts.assignees),
    labels: JSON.stringify(facts.labels),
    snapshot_at: facts.updatedAt,
    snapshot_repository: facts.repository,
    labels_at: facts.labelsUpdatedAt,
    reading: plan === undefined ? null : JSON.stringify(plan.reading),
    estimate: plan === undefined ? null : JSON.stringify(plan.estimate),
    assignment: plan === undefined ? null : JSON.stringify(plan.assignment),
    agent: plan?.assignment.agent ?? null,
    unreadable: plan?.reading.unreadable ?? null,
    hidden_blockers: giteaDependencies?.hidden ?? 0,
    own_warnings: JSON.stringify(ownWarnings(update)),
    merged: facts.merged === undefined ? null : facts.merged ? 1 : 0,
    held_by: update.heldBy ?? null,
    open_pull_repository_id: openPull?.repositoryId ?? null,
    open_pull_number: openPull?.number ?? null,
  };
}

/** The computed columns of a new row. */
const notComputed = {
  warnings: '[]',
  state: '',
  reason_code: '',
  reason_params: '',
  ready_at: null,
  queue_key: null,
  unblocks: 0,
  cycle_key: null,
};

/** No worker has tried the issue since a person changed it. */
export const untried = {
  attempts: 0,
  parked_code: null,
  parked_params: null,
  gate_failures: 0,
  review_rounds: 0,
  spent_tokens: 0,
  spent_usd: 0,
  budget_warning: null,
};

function ownWarnings({ facts, plan }: IssueUpdate): Warning[] {
  if (plan === undefined) return [];
  const uncertain = labelsUncertain(facts) ? [uncertainLabels] : [];
  const missing = facts.textMissing === true ? [textNotKept] : [];
  return [...missing, ...plan.reading.warnings, ...plan.assignment.warnings, ...uncertain];
}

const textNotKept: Warning = { code: 'text_not_kept', params: {} };

const uncertainLabels: Warning = { code: 'labels_uncertain', params: {} };
