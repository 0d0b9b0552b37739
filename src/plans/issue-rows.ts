import { sql, type ExpressionBuilder, type Transaction } from 'kysely';
import { z } from 'zod';

import { labelsUncertain, type IssueFacts } from '../issue/facts.ts';
import type { KnownLabels } from '../issue/own-marks.ts';
import type { Warning } from '../issue/reading.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { IssueUpdate, RepositoryName } from './issue-update.ts';
import { keyIn, ofIssue } from '../db/key-filter.ts';
import { withdrawClaim } from '../claims/claim-rows.ts';
import { awaitingVerification } from '../claims/parking.ts';
import type { Database } from '../db/database.ts';
import { replaceEdges, resolveNames, waitingAround, type EdgeChange } from './edges.ts';
import { dropStaleGiteaDependencies, namedRepositories } from './gitea-edges.ts';
import { openNeighbours } from './open-graph.ts';
import { forgetDeletedComment } from '../publish/rows.ts';
import { redecide } from './recompute-states.ts';
import type { IssueRow, Schema } from '../db/schema.ts';

/** What is stored about an issue; undefined when no event has told of it. */
export async function findFacts(db: Database, key: IssueKey): Promise<IssueFacts | undefined> {
  const row = await db.selectFrom('issues').selectAll().where(ofIssue(key)).executeTakeFirst();
  if (row === undefined) return undefined;
  const kept = row.deleted === 1 ? '' : await keptText(db, key);
  const text = kept ?? (await deliveredText(db, row));
  return {
    repositoryId: row.repository_id,
    repository: row.snapshot_repository,
    number: row.number,
    title: row.title,
    body: text ?? '',
    bodyCut: row.body_cut === 1,
    ...(text === undefined ? { textMissing: true } : {}),
    open: row.open === 1,
    deleted: row.deleted === 1,
    assignees: parseNames(row.assignees),
    labels: parseNames(row.labels),
    updatedAt: row.snapshot_at,
    labelsUpdatedAt: row.labels_at,
  };
}

/** What is known of the labels of an issue, by what waits for it too; undefined when no event was handled. */
export async function findLabels(db: Database, key: IssueKey): Promise<KnownLabels | undefined> {
  const row = await db
    .selectFrom('issues')
    .select(['labels', 'assigned'])
    .where(ofIssue(key))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const newest = await db
    .selectFrom('deliveries')
    .select('event')
    .where('repository_id', '=', key.repositoryId)
    .where('issue_number', '=', key.number)
    .where('status', '=', sql.lit('waiting'))
    // A look at the issue tells nothing of its labels.
    .where('kind', '!=', 'refreshed')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const labels = newest === undefined ? parseNames(row.labels) : waitingLabels(newest.event);
  return { labels, assigned: row.assigned === 1 };
}

const namesSchema = z.array(z.string());
const waitingSchema = z.object({ issue: z.object({ labels: namesSchema.nullable() }) });

function waitingLabels(event: string | null): readonly string[] | undefined {
  const parsed = waitingSchema.safeParse(JSON.parse(event ?? 'null'));
  return parsed.success ? (parsed.data.issue.labels ?? undefined) : undefined;
}

async function keptText(db: Database, key: IssueKey): Promise<string | undefined> {
  const row = await db
    .selectFrom('issue_texts')
    .select('body')
    .where(ofIssue(key))
    .executeTakeFirst();
  return row?.body;
}

/** The text of a stored snapshot from its newest delivery; looks at an issue may have been made without it. */
async function deliveredText(db: Database, row: IssueRow): Promise<string | undefined> {
  const delivery = await db
    .selectFrom('deliveries')
    .select('body')
    .where('repository_id', '=', row.repository_id)
    .where('issue_number', '=', row.number)
    .where('snapshot_at', '=', row.snapshot_at)
    .where('body', 'is not', null)
    .where('kind', '!=', 'refreshed')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return delivery?.body ?? undefined;
}

function parseNames(json: string): string[] {
  return namesSchema.parse(JSON.parse(json));
}

/**
 * Stores what a handler found and decides anew every issue that it touches: this one, those that wait for
 * it, the members of circles that it opened or closed, and the places in the queue of those it waits for.
 * What brings nothing new decides nothing. Twice changes nothing.
 */
export async function storeIssue(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<{ state: string; reason: string; redecided: number }> {
  const { facts, plan } = update;
  const given = update.confirmed === true && !facts.deleted ? facts.repository : undefined;
  const told = { names: update.names, given };
  const names = await storeNames(transaction, facts.repositoryId, told, now);
  const change = await storeFacts(transaction, update, now);
  await storeText(transaction, update);
  await withdrawClaim(transaction, update, now);
  for (const [id, repository] of namedRepositories(update)) {
    const others = await storeNames(transaction, id, { names: [], given: repository }, now);
    names.resolved.push(...others.resolved);
    names.renamed.push(...others.renamed);
  }
  const own = await replaceEdges(transaction, facts, plan?.reading.dependencies ?? []);
  const stale = await dropStaleGiteaDependencies(transaction, update);
  const edges = [...names.resolved, ...own, ...stale];
  await markChanged(
    transaction,
    edges.flatMap(({ blocked, blocker }) => [blocked ?? [], blocker ?? []].flat()),
    now,
  );
  const self = { repositoryId: facts.repositoryId, number: facts.number };
  const itself = change.forItself ? [self] : [];
  const waiting = change.forOthers ? await openNeighbours(transaction, [self], 'blocked') : [];
  await markShown(transaction, [...waiting, ...names.renamed]);
  const waitedFor = change.forOthers ? await openNeighbours(transaction, [self], 'blocker') : [];
  const opened = change.forOthers && facts.open && !facts.deleted;
  const joins = opened || own.some(({ came }) => came);
  const touched = {
    decided: [
      ...itself,
      ...waiting,
      ...names.renamed,
      ...edges.flatMap((edge) => edge.blocked ?? []),
    ],
    joined: [...names.resolved.flatMap((edge) => edge.blocked ?? []), ...(joins ? [self] : [])],
    recounted: [
      ...(change.forOthers ? [self, ...waitedFor] : []),
      ...edges.flatMap((edge) => edge.blocker ?? []),
    ],
  };
  const redecided = await redecide(transaction, touched, now);
  const { state, reason_code: reason } = await transaction
    .selectFrom('issues')
    .select(['state', 'reason_code'])
    .where(ofIssue(facts))
    .executeTakeFirstOrThrow();
  return {
    state: facts.deleted ? 'gone' : state,
    reason: facts.deleted ? 'deleted' : reason,
    redecided,
  };
}

interface ToldNames {
  readonly names: readonly RepositoryName[];
  /** The name that Gitea itself just gave: it is the present one. */
  readonly given: string | undefined;
}

/**
 * Remembers a repository's present name and those it was seen under before; returns the edges that waited
 * for one of them, and the issues whose sentences show a name that is no longer the present one.
 */
async function storeNames(
  transaction: Transaction<Schema>,
  repositoryId: number,
  { names, given }: ToldNames,
  now: number,
): Promise<{ resolved: EdgeChange[]; renamed: IssueKey[] }> {
  const before = await presentName(transaction, repositoryId);
  // A rename changes no `updated_at`, and Gitea's clock, of which the stored time may be, is not ours.
  const updatedAt = Math.max(now, before?.named_at ?? 0, ...names.map((name) => name.updatedAt));
  const present = given === undefined ? [] : [{ repository: given, updatedAt }];
  const resolved: EdgeChange[] = [];
  for (const name of newestOfEach([...names, ...present])) {
    await storeName(transaction, repositoryId, name);
    resolved.push(
      ...(await resolveNames(transaction, repositoryId, name.repository.toLowerCase())),
    );
  }
  const after = await presentName(transaction, repositoryId);
  if (before === undefined || before.full_name === after?.full_name)
    return { resolved, renamed: [] };
  await transaction
    .updateTable('issues')
    .set(changedAt(now))
    .where('repository_id', '=', repositoryId)
    .execute();
  return { resolved, renamed: await waitingAround(transaction, repositoryId) };
}

/** Their plans show something else now, whether their state changes or not. */
async function markChanged(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  now: number,
): Promise<void> {
  if (issues.length === 0) return;
  await transaction
    .updateTable('issues')
    .set(changedAt(now))
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}

/** What people are shown of the issue is another thing from now on. */
function changedAt(now: number) {
  return { changed_at: now, revision: oneMore };
}

const oneMore = sql<number>`revision + 1`;

/** What they wait for stands differently or has another name, whether that decides anything or not. */
async function markShown(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<void> {
  if (issues.length === 0) return;
  await transaction
    .updateTable('issues')
    .set({ revision: oneMore })
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}

function newestOfEach(names: readonly RepositoryName[]): RepositoryName[] {
  const newest = new Map<string, RepositoryName>();
  for (const name of names) {
    const known = newest.get(name.repository);
    if (known === undefined || name.updatedAt >= known.updatedAt) newest.set(name.repository, name);
  }
  return [...newest.values()];
}

async function storeName(
  transaction: Transaction<Schema>,
  id: number,
  { repository, updatedAt }: RepositoryName,
): Promise<void> {
  const lower_name = repository.toLowerCase();
  const present = { full_name: repository, lower_name, named_at: updatedAt };
  await transaction
    .insertInto('repositories')
    .values({ id, ...present })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet(present).where('repositories.named_at', '<=', updatedAt),
    )
    .execute();
  await transaction
    .insertInto('repository_names')
    .values({ repository_id: id, lower_name, named_at: updatedAt })
    .onConflict((conflict) =>
      conflict
        .columns(['lower_name', 'repository_id'])
        .doUpdateSet({ named_at: updatedAt })
        .where('repository_names.named_at', '<', updatedAt),
    )
    .execute();
}

async function presentName(
  transaction: Transaction<Schema>,
  repositoryId: number,
): Promise<{ full_name: string; named_at: number } | undefined> {
  return transaction
    .selectFrom('repositories')
    .select(['full_name', 'named_at'])
    .where('id', '=', repositoryId)
    .executeTakeFirst();
}

/** Columns that hold facts, not what was decided from them. */
type FactColumns = Omit<
  IssueRow,
  keyof typeof undecided | keyof typeof untried | 'changed_at' | 'revision' | 'published'
>;

/** What a decision can follow from: this issue's own, and those of the issues around it. */
interface Change {
  readonly forItself: boolean;
  readonly forOthers: boolean;
}

async function storeFacts(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
  now: number,
): Promise<Change> {
  const { facts } = update;
  const columns = factColumns(update);
  const stored = await transaction
    .selectFrom('issues')
    .select(['title', 'open', 'deleted', 'assigned', 'labels'])
    .select(['reading', 'estimate', 'assignment', 'own_warnings'])
    .select(['attempts', 'parked_code', 'hidden_blockers'])
    .select((eb) => textOf(eb).where('issue_texts.body', '!=', facts.body).as('other_text'))
    .where(ofIssue(facts))
    .executeTakeFirst();
  if (stored === undefined) {
    await transaction
      .insertInto('issues')
      .values({ ...columns, ...undecided, ...untried, changed_at: now })
      .execute();
    return { forItself: true, forOthers: true };
  }
  const differs = (...names: readonly (keyof typeof stored & keyof typeof columns)[]) =>
    names.some((name) => stored[name] !== columns[name]);
  const shown = differs('title', 'open', 'reading', 'estimate', 'assignment');
  const otherText = stored.other_text !== null && keepsText(update);
  const begunAnew = differs('open', 'deleted', 'assigned');
  // What waits for verification is not begun again because its text was touched.
  const changed =
    begunAnew ||
    (stored.parked_code !== awaitingVerification && (otherText || differs('title', 'labels')));
  const tried = stored.parked_code !== null || stored.attempts > 0;
  if (differs('assigned') && columns.assigned === 1) await forgetDeletedComment(transaction, facts);
  await transaction
    .updateTable('issues')
    .set({
      ...columns,
      ...(changed && tried ? untried : {}),
      ...(shown ? changedAt(now) : {}),
    })
    .where(ofIssue(facts))
    .execute();
  const forOthers = differs('open', 'deleted');
  const forItself =
    (changed && tried) ||
    differs('assigned', 'labels', 'reading', 'assignment', 'own_warnings', 'hidden_blockers');
  return { forItself: forOthers || forItself, forOthers };
}

/** Keeps the text while the issue is the bot's. */
async function storeText(transaction: Transaction<Schema>, update: IssueUpdate): Promise<void> {
  const { repositoryId: repository_id, number, body } = update.facts;
  if (keepsText(update)) {
    await transaction
      .insertInto('issue_texts')
      .values({ repository_id, number, body })
      .onConflict((conflict) =>
        conflict
          .columns(['repository_id', 'number'])
          .doUpdateSet({ body })
          .where('issue_texts.body', '!=', body),
      )
      .execute();
    return;
  }
  await transaction
    .deleteFrom('issue_texts')
    .where('repository_id', '=', repository_id)
    .where('number', '=', number)
    .execute();
}

function keepsText({ facts, assigned }: IssueUpdate): boolean {
  return assigned && facts.textMissing !== true;
}

/** Only whether there is a text: it may be long. */
function textOf(eb: ExpressionBuilder<Schema, 'issues'>) {
  return eb
    .selectFrom('issue_texts')
    .select('issue_texts.number')
    .whereRef('issue_texts.repository_id', '=', 'issues.repository_id')
    .whereRef('issue_texts.number', '=', 'issues.number');
}

function factColumns(update: IssueUpdate): FactColumns {
  const { facts, assigned, plan, giteaDependencies } = update;
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
    hidden_blockers: giteaDependencies?.hidden ?? 0,
    own_warnings: JSON.stringify(ownWarnings(update)),
  };
}

/** A new row before its first decision. */
const undecided = {
  warnings: '[]',
  state: '',
  reason_code: '',
  reason_text: '',
  ready_at: null,
  queue_key: null,
  unblocks: 0,
  circle: null,
};

/** No worker has tried, or somebody has changed the issue since. */
const untried = { attempts: 0, parked_code: null, parked_text: null };

function ownWarnings({ facts, plan }: IssueUpdate): Warning[] {
  if (plan === undefined) return [];
  const uncertain = labelsUncertain(facts) ? [uncertainLabels] : [];
  const missing = facts.textMissing === true ? [textNotKept] : [];
  return [...missing, ...plan.reading.warnings, ...plan.assignment.warnings, ...uncertain];
}

const textNotKept: Warning = {
  code: 'text_not_kept',
  text: 'The text of this issue was not kept: edit the issue, or replay its newest delivery.',
};

const uncertainLabels: Warning = {
  code: 'labels_uncertain',
  text: 'Gitea sent an empty list of labels, which it also does when labels were replaced: the labels known before are kept.',
};
