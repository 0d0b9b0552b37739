import { z } from 'zod';

import { decodeCursor, encodeCursor } from './page-cursor.ts';
import { findRepositoryId } from './repository-names.ts';
import { estimateSchema } from '../issue/estimate.ts';
import { isoTime } from '../issue/iso-time.ts';
import {
  issueUrl,
  viewPlan,
  viewReason,
  type Plan,
  type PlanEdge,
  type PlanView,
} from '../issue/plan.ts';
import { removalLine } from '../issue/proposals.ts';
import { findProposals } from './proposals.ts';
import { chosenAgentSchema, parseStateReason } from '../issue/reasons.ts';
import { explainPlace } from './queue-order.ts';
import { readingSchema } from '../issue/reading.ts';
import { warningsSchema } from '../issue/warnings.ts';
import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import { states, type State } from '../issue/state.ts';
import type { Database } from '../db/database.ts';
import { oneOf, ofIssue } from '../db/key-filter.ts';
import { parseNames } from '../db/stored-names.ts';
import { inScope, ofAgents, type Scope } from './scope.ts';
import { distinctEdges, linkedEdges, type EdgeEnd, type LinkedEdge } from './linked-edges.ts';

/** Reads plans as the API and the command line give them; `giteaUrl` is where their links point. */
export interface PlanStore {
  readonly db: Database;
  readonly giteaUrl: string;
}

export interface PlanPage {
  readonly items: readonly PlanView[];
  readonly nextCursor: string | null;
}

interface ListOptions {
  readonly state?: State | undefined;
  readonly repository?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly scope?: Scope;
  /** Undefined: issues of any agent. */
  readonly agents?: readonly string[] | undefined;
}

/** Plans, newest change first, a page at a time. Throws `invalid_cursor`. */
export async function listPlans(store: PlanStore, options: ListOptions): Promise<PlanPage> {
  const { state, repository, limit, cursor, scope, agents } = options;
  let query = selectIssues(store.db)
    .where(inScope('repository_id', scope))
    .where(ofAgents(agents))
    .orderBy('changed_at', 'desc')
    .orderBy('repository_id', 'desc')
    .orderBy('number', 'desc');
  if (state !== undefined) query = query.where('state', '=', state);
  if (repository !== undefined) {
    const id = await findRepositoryId(store.db, repository);
    if (id === undefined) return { items: [], nextCursor: null };
    query = query.where('repository_id', '=', id);
  }
  if (cursor !== undefined) {
    const [changedAt, repositoryId, number] = decodeCursor(cursor);
    query = query.where((eb) =>
      eb(
        eb.refTuple('changed_at', 'repository_id', 'number'),
        '<',
        eb.tuple(changedAt, repositoryId, number),
      ),
    );
  }
  const rows = await query.limit(limit + 1).execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor =
    rows.length > limit && last !== undefined
      ? encodeCursor([last.changed_at, last.repository_id, last.number])
      : null;
  const plans = await plansOf(store, page);
  return { items: plans.map(viewPlan), nextCursor };
}

/** One plan under the repository's present name; undefined when not known or deleted. */
export async function findPlan(store: PlanStore, ref: IssueRef): Promise<PlanView | undefined> {
  const repositoryId = await findRepositoryId(store.db, ref.repository);
  if (repositoryId === undefined) return undefined;
  const plan = await findPlanOf(store, { repositoryId, number: ref.number });
  return plan && viewPlan(plan);
}

/** The plan by what identifies the issue for good. */
export async function findPlanOf(store: PlanStore, key: IssueKey): Promise<Plan | undefined> {
  const rows = await selectIssues(store.db).where(ofIssue(key)).execute();
  const [plan] = await plansOf(store, rows);
  return plan;
}

/** The states of the bot's issues that are neither ready nor out of its hands. */
const waitingStates = states.filter((state) => !['ready', 'done', 'released'].includes(state));

const blockedStates = waitingStates.filter((state) => state !== 'in_progress');

/** A ready issue with its rank in the queue, from 1 on, and the reason for that rank. */
export interface ReadyIssue {
  readonly ref: string;
  readonly rank: number;
  readonly why: string;
  readonly plan: PlanView;
}

/** The part of the queue that a caller may see. */
export interface QueueOptions {
  readonly limit: number;
  readonly scope?: Scope;
  /** Undefined: ready issues of any agent. */
  readonly agents?: readonly string[] | undefined;
}

/** Ready issues in the order in which they will be handed out. */
export async function listReady(
  store: PlanStore,
  { limit, scope, agents }: QueueOptions,
): Promise<ReadyIssue[]> {
  let query = selectIssues(store.db)
    .select('unblocks')
    .where('queue_key', 'is not', null)
    .where(inScope('repository_id', scope));
  if (agents !== undefined) query = query.where(oneOf('agent', agents));
  const rows = await query
    .orderBy('queue_key')
    .orderBy('number')
    .orderBy('repository_id')
    .limit(limit)
    .execute();
  const plans = (await plansOf(store, rows)).map(viewPlan);
  return rows.flatMap((row, index) => {
    const plan = plans[index];
    if (plan === undefined) return [];
    const labels = parseNames(row.labels);
    const place = { readyAt: row.ready_at ?? 0, labels, unblocks: row.unblocks };
    return [{ ref: plan.ref, rank: index + 1, why: explainPlace(place), plan }];
  });
}

export interface BlockedIssue extends Pick<PlanView, 'ref' | 'title' | 'state' | 'reason'> {
  /** What it waits for because Claude alone says so. */
  readonly onlyClaude: readonly Pick<PlanEdge, 'ref' | 'evidence' | 'removeWith'>[];
}

/** The bot's open issues that are neither ready nor claimed, the newest change first. */
export async function listBlocked(
  db: Database,
  { limit, scope, agents }: QueueOptions,
): Promise<BlockedIssue[]> {
  const rows = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['repository_id', 'full_name', 'number', 'title', 'state'])
    .select(['reason_code', 'reason_params'])
    .where('deleted', '=', 0)
    .where('state', 'in', blockedStates)
    .where(inScope('repository_id', scope))
    .where(ofAgents(agents))
    .orderBy('changed_at', 'desc')
    .orderBy('repository_id', 'desc')
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  const waitsFor = groupEdges(await linkedEdges(db, rows.map(keyOfRow), 'blocked'), 'blocked');
  return rows.map((row) => {
    const ref = refOfRow(row);
    const onlyClaude = blockedByOf(ref, waitsFor.get(keyOf(keyOfRow(row))))
      .filter((edge) => edge.removeWith !== undefined && edge.state !== 'closed')
      .map(({ ref: other, evidence, removeWith }) => ({ ref: other, evidence, removeWith }));
    const reason = viewReason(parseStateReason(row.reason_code, row.reason_params));
    return { ref, title: row.title, state: stateSchema.parse(row.state), reason, onlyClaude };
  });
}

/** The bot's open issues that are not ready, counted by reason code. */
export async function countByReason(db: Database, scope?: Scope): Promise<Record<string, number>> {
  const counts = await db
    .selectFrom('issues')
    .select(['reason_code as code', (eb) => eb.fn.countAll<number>().as('count')])
    .where('deleted', '=', 0)
    .where('state', 'in', waitingStates)
    .where(inScope('repository_id', scope))
    .groupBy('reason_code')
    .orderBy('reason_code')
    .execute();
  return Object.fromEntries(counts.map(({ code, count }) => [code, count]));
}

function selectIssues(db: Database) {
  return db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['repository_id', 'number', 'title', 'open', 'full_name'])
    .select(['reading', 'estimate', 'assignment', 'warnings'])
    .select(['state', 'reason_code', 'reason_params', 'ready_at', 'changed_at', 'labels'])
    .where('deleted', '=', 0);
}

type PlanRow = Awaited<ReturnType<ReturnType<typeof selectIssues>['execute']>>[number];

async function plansOf(store: PlanStore, rows: readonly PlanRow[]): Promise<Plan[]> {
  const keys = rows.map(keyOfRow);
  const waitsFor = groupEdges(await linkedEdges(store.db, keys, 'blocked'), 'blocked');
  const holdsUp = groupEdges(await linkedEdges(store.db, keys, 'blocker'), 'blocker');
  const proposals = await findProposals(store.db, keys);
  return rows.map((row) => {
    const id = keyOf(keyOfRow(row));
    const blocks = distinctEdges(holdsUp.get(id) ?? []);
    return planOf(store.giteaUrl, row, {
      blockedBy: blockedByOf(refOfRow(row), waitsFor.get(id)),
      blocks: blocks.flatMap((edge) => planEdge(edge, edge.blocked)),
      proposals: proposals.get(id) ?? [],
    });
  });
}

function keyOfRow(row: Pick<PlanRow, 'repository_id' | 'number'>): IssueKey {
  return { repositoryId: row.repository_id, number: row.number };
}

function refOfRow(row: Pick<PlanRow, 'full_name' | 'number'>): string {
  return formatRef({ repository: row.full_name, number: row.number });
}

/** What an issue waits for, with the line that ends what rests on Claude alone. */
function blockedByOf(own: string, edges: readonly LinkedEdge[] = []): PlanEdge[] {
  return distinctEdges(edges)
    .flatMap((edge) => planEdge(edge, edge.blocker))
    .map((edge) =>
      edge.source === 'model' ? { ...edge, removeWith: removalLine(own, edge.ref) } : edge,
    );
}

function groupEdges(edges: readonly LinkedEdge[], end: 'blocked' | 'blocker') {
  return Map.groupBy(edges, (edge) => {
    const key = edge[end].key;
    return key === undefined ? '' : keyOf(key);
  });
}

function planEdge(edge: LinkedEdge, other: EdgeEnd): PlanEdge[] {
  if (other.state === 'deleted') return [];
  return [{ ref: other.ref, state: other.state, source: edge.source, evidence: edge.evidence }];
}

const stateSchema = z.enum(states);
const shownReadingSchema = readingSchema.omit({
  modelContext: true,
  factorEvidence: true,
  denied: true,
  dependencies: true,
  warnings: true,
});

function planOf(
  giteaUrl: string,
  row: PlanRow,
  edges: Pick<Plan, 'blockedBy' | 'blocks' | 'proposals'>,
): Plan {
  return {
    ref: refOfRow(row),
    repositoryId: row.repository_id,
    number: row.number,
    title: row.title,
    url: issueUrl(giteaUrl, row.full_name, row.number),
    open: row.open === 1,
    state: stateSchema.parse(row.state),
    reason: parseStateReason(row.reason_code, row.reason_params),
    reading: stored(row.reading, shownReadingSchema),
    ...edges,
    estimate: stored(row.estimate, estimateSchema),
    assignment: stored(row.assignment, chosenAgentSchema),
    warnings: warningsSchema.parse(JSON.parse(row.warnings)),
    updatedAt: isoTime(row.changed_at),
  };
}

function stored<T>(json: string | null, schema: z.ZodType<T>): T | null {
  return json === null ? null : schema.parse(JSON.parse(json));
}
