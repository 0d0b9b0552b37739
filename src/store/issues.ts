import type { Transaction } from 'kysely';
import { z } from 'zod';

import { labelsUncertain, type IssueFacts } from '../issue/facts.ts';
import type { Warning } from '../issue/reading.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from '../issue/update.ts';
import type { Database } from './database.ts';
import { neighbours, replaceEdges, resolveNames } from './edges.ts';
import { redecide } from './redecide.ts';
import type { IssueRow, Schema } from './schema.ts';

/** What is stored about an issue; undefined when no event has told of it. */
export async function findFacts(db: Database, key: IssueKey): Promise<IssueFacts | undefined> {
  const row = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .selectAll('issues')
    .select('repositories.full_name as repository')
    .where('repository_id', '=', key.repositoryId)
    .where('number', '=', key.number)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    repositoryId: row.repository_id,
    repository: row.repository,
    number: row.number,
    title: row.title,
    body: row.body,
    bodyCut: row.body_cut === 1,
    open: row.open === 1,
    deleted: row.deleted === 1,
    assignees: parseNames(row.assignees),
    labels: parseNames(row.labels),
    updatedAt: row.snapshot_at,
    labelsUpdatedAt: row.labels_at,
  };
}

const namesSchema = z.array(z.string());

function parseNames(json: string): string[] {
  return namesSchema.parse(JSON.parse(json));
}

/**
 * Stores what a handler found and decides anew every issue it can touch: this one, those that wait for
 * it, and the members of circles that it opened or closed. Twice changes nothing.
 */
export async function storeIssue(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<{ state: string; reason: string; redecided: number }> {
  const { facts, plan } = update;
  const before = await neighbours(transaction, facts);
  const resolved = await storeRepository(transaction, facts);
  await storeFacts(transaction, update, now);
  await replaceEdges(transaction, facts, plan?.reading.dependencies ?? []);
  const after = await neighbours(transaction, facts);
  const touched = new Map(
    [...before, ...after, ...resolved, facts].map((key) => [keyOf(key), key]),
  );
  const redecided = await redecide(transaction, [...touched.values()], now);
  const { state, reason_code: reason } = await transaction
    .selectFrom('issues')
    .select(['state', 'reason_code'])
    .where('repository_id', '=', facts.repositoryId)
    .where('number', '=', facts.number)
    .executeTakeFirstOrThrow();
  return {
    state: facts.deleted ? 'gone' : state,
    reason: facts.deleted ? 'deleted' : reason,
    redecided,
  };
}

/** Remembers a repository's present name; returns the issues whose edges waited for that name. */
async function storeRepository(
  transaction: Transaction<Schema>,
  facts: IssueFacts,
): Promise<IssueKey[]> {
  const { repositoryId, repository, updatedAt } = facts;
  const name = {
    full_name: repository,
    lower_name: repository.toLowerCase(),
    named_at: updatedAt,
  };
  await transaction
    .insertInto('repositories')
    .values({ id: repositoryId, ...name })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet(name).where('repositories.named_at', '<=', updatedAt),
    )
    .execute();
  return resolveNames(transaction, repositoryId, name.lower_name);
}

/** Columns that change without the plan changing. */
type FactColumns = Omit<
  IssueRow,
  'warnings' | 'state' | 'reason_code' | 'reason_text' | 'ready_at' | 'changed_at'
>;

async function storeFacts(transaction: Transaction<Schema>, update: IssueUpdate, now: number) {
  const { facts, assigned, plan } = update;
  const columns: FactColumns = {
    repository_id: facts.repositoryId,
    number: facts.number,
    title: facts.title,
    body: assigned ? facts.body : '',
    body_cut: facts.bodyCut ? 1 : 0,
    open: facts.open ? 1 : 0,
    deleted: facts.deleted ? 1 : 0,
    assigned: assigned ? 1 : 0,
    assignees: JSON.stringify(facts.assignees),
    labels: JSON.stringify(facts.labels),
    snapshot_at: facts.updatedAt,
    labels_at: facts.labelsUpdatedAt,
    reading: plan === undefined ? null : JSON.stringify(plan.reading),
    estimate: plan === undefined ? null : JSON.stringify(plan.estimate),
    assignment: plan === undefined ? null : JSON.stringify(plan.assignment),
    own_warnings: JSON.stringify(ownWarnings(update)),
  };
  const undecided = {
    warnings: '[]',
    state: '',
    reason_code: '',
    reason_text: '',
    ready_at: null,
    changed_at: now,
  };
  const stored = await transaction
    .selectFrom('issues')
    .select(['title', 'open', 'reading', 'estimate', 'assignment'])
    .where('repository_id', '=', facts.repositoryId)
    .where('number', '=', facts.number)
    .executeTakeFirst();
  if (stored === undefined) {
    await transaction
      .insertInto('issues')
      .values({ ...columns, ...undecided })
      .execute();
    return;
  }
  const changed =
    stored.title !== columns.title ||
    stored.open !== columns.open ||
    stored.reading !== columns.reading ||
    stored.estimate !== columns.estimate ||
    stored.assignment !== columns.assignment;
  await transaction
    .updateTable('issues')
    .set({ ...columns, ...(changed ? { changed_at: now } : {}) })
    .where('repository_id', '=', facts.repositoryId)
    .where('number', '=', facts.number)
    .execute();
}

function ownWarnings({ facts, plan }: IssueUpdate): Warning[] {
  if (plan === undefined) return [];
  const uncertain = labelsUncertain(facts) ? [uncertainLabels] : [];
  return [...plan.reading.warnings, ...plan.assignment.warnings, ...uncertain];
}

const uncertainLabels: Warning = {
  code: 'labels_uncertain',
  text: 'Gitea sent an empty list of labels, which it also does when labels were replaced: the labels known before are kept.',
};
