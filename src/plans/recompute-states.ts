import { sql, type ExpressionBuilder, type Transaction } from 'kysely';
import { z } from 'zod';

import { startingWith } from './graph.ts';
import { chosenAgentSchema, parseParkingReason } from '../issue/reasons.ts';
import { queueKey } from './queue-order.ts';
import { warningsSchema, type Warning } from '../issue/warnings.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import { decideState, type Blocker } from '../issue/state.ts';
import { keyIn } from '../db/key-filter.ts';
import { findCircles, type Circles } from './cycles.ts';
import { distinctKeys, recount } from './open-graph.ts';
import type { Schema } from '../db/schema.ts';

/** What a change of facts can have changed: no more than this is looked at. */
export interface TouchedIssues {
  /** Whose state or sentence may be another one. */
  readonly decided: readonly IssueKey[];
  /** Which may be in a circle that was not there: they opened, or got an edge. */
  readonly joined: readonly IssueKey[];
  /** Which may hold up another number of issues: at what waits for them something changed. */
  readonly recounted: readonly IssueKey[];
}

/**
 * Decides anew the touched issues, the members of circles that opened or closed through them, and the
 * places in the queue of the issues that hold up more or fewer now. Writes only what differs; returns how
 * many issues stand differently.
 */
export async function recomputeStates(
  transaction: Transaction<Schema>,
  { decided, joined, recounted }: TouchedIssues,
  now: number,
): Promise<number> {
  const counts = await recount(transaction, recounted);
  const unblocks = new Map(counts.map((count) => [keyOf(count), count.now]));
  const looked = distinctKeys([...decided, ...counts]);
  const first = await loadIssues(transaction, [...looked.values()]);
  const groups = new Set(first.flatMap(({ circle }) => circle ?? []));
  const circles = await findCircles(transaction, [...groups], joined);
  const more = [...circles.issues].filter(([id]) => !looked.has(id)).map(([, key]) => key);
  const rows = [...first, ...(await loadIssues(transaction, more))];
  const keys = [...looked.values(), ...more];
  const waitsFor = Map.groupBy(await loadBlockers(transaction, keys), ({ blocked }) => blocked);
  const pathOf = await namePaths(transaction, circles);
  const written: Decided[] = [];
  for (const row of rows) {
    const id = keyOf({ repositoryId: row.repository_id, number: row.number });
    const after = decide(row, {
      blockers: waitsFor.get(id) ?? [],
      path: pathOf(id),
      circle: circles.cycles.get(id)?.group ?? null,
      unblocks: unblocks.get(id) ?? row.unblocks,
      now,
    });
    if (decidedColumns.some((column) => row[column] !== after[column])) written.push(after);
  }
  await write(transaction, written);
  return written.filter(({ changed_at }) => changed_at === now).length;
}

/** Decides every issue anew, from nothing but the facts. */
export async function recomputeAllStates(
  transaction: Transaction<Schema>,
  now: number,
): Promise<number> {
  const issues = await transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .execute();
  return recomputeStates(transaction, { decided: issues, joined: issues, recounted: issues }, now);
}

function loadIssues(transaction: Transaction<Schema>, issues: readonly IssueKey[]) {
  return transaction
    .selectFrom('issues')
    .select(['repository_id', 'number', 'open', 'deleted', 'assigned', 'assignment', 'labels'])
    .select(['own_warnings', 'warnings', 'state', 'reason_code', 'reason_params', 'ready_at'])
    .select(['queue_key', 'unblocks', 'circle', 'changed_at', 'revision'])
    .select(['parked_code', 'parked_params', 'hidden_blockers'])
    .select((eb) => [eb('reading', 'is not', null).as('read'), ...liveClaim(eb)])
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}

function liveClaim(eb: ExpressionBuilder<Schema, 'issues'>) {
  const claim = eb
    .selectFrom('claims')
    .whereRef('claims.repository_id', '=', 'issues.repository_id')
    .whereRef('claims.number', '=', 'issues.number')
    .where('claims.ended_at', 'is', null);
  return [
    claim.select('claims.worker').as('claim_worker'),
    claim.select('claims.agent').as('claim_agent'),
  ];
}

type LoadedIssue = Awaited<ReturnType<typeof loadIssues>>[number];

const shownColumns = ['state', 'reason_code', 'reason_params', 'warnings'] as const;
const decidedColumns = [...shownColumns, 'ready_at', 'queue_key', 'unblocks', 'circle'] as const;
/** They follow from whether what is shown differs. */
const stampColumns = ['changed_at', 'revision'] as const;
type Decided = Pick<
  LoadedIssue,
  'repository_id' | 'number' | (typeof stampColumns)[number] | (typeof decidedColumns)[number]
>;

interface LoadedBlocker {
  readonly blocked: string;
  readonly blocker: Blocker | { readonly ref: string; readonly state: 'deleted' };
}

/** What these issues wait for, closed blockers aside, in the order of `linkedEdges`; each blocker once. */
async function loadBlockers(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<LoadedBlocker[]> {
  const rows = await transaction
    .selectFrom('edges')
    .leftJoin('repositories', 'repositories.id', 'blocker_repository_id')
    .leftJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'blocker_repository_id')
        .onRef('issues.number', '=', 'blocker_number'),
    )
    .select(['blocked_repository_id', 'blocked_number', 'blocker_repository_id'])
    .select(['blocker_number', 'unresolved_name', 'full_name', 'open', 'deleted'])
    .where(keyIn('blocked_repository_id', 'blocked_number', issues))
    .where((eb) => eb.or([eb('open', 'is', null), eb('open', '=', 1), eb('deleted', '=', 1)]))
    .orderBy('declared_repository_id')
    .orderBy('declared_number')
    .orderBy('edges.id')
    .execute();
  const pairs = new Map<string, LoadedBlocker>();
  for (const row of rows) {
    if (row.blocked_repository_id === null) continue;
    const blocked = keyOf({ repositoryId: row.blocked_repository_id, number: row.blocked_number });
    const repository = row.full_name ?? row.unresolved_name ?? '';
    const other = `${row.blocker_repository_id ?? repository}#${row.blocker_number}`;
    // An issue never waits for itself, under any name.
    if (other === blocked || pairs.has(`${blocked} ${other}`)) continue;
    const state = row.deleted === 1 ? 'deleted' : row.open === null ? 'unknown' : 'open';
    const ref = formatRef({ repository, number: row.blocker_number });
    pairs.set(`${blocked} ${other}`, { blocked, blocker: { ref, state } });
  }
  return [...pairs.values()];
}

/** Gives the circle of an issue as references, in order, starting with that issue. */
async function namePaths(
  transaction: Transaction<Schema>,
  { issues, cycles }: Circles,
): Promise<(id: string) => readonly string[]> {
  const ids = [...new Set([...issues.values()].map(({ repositoryId }) => repositoryId))];
  const names =
    ids.length === 0
      ? []
      : await transaction
          .selectFrom('repositories')
          .select(['id', 'full_name'])
          .where('id', 'in', ids)
          .execute();
  const nameOf = new Map(names.map(({ id, full_name }) => [id, full_name]));
  const refOf = (member: string) => {
    const key = issues.get(member);
    const repository = key === undefined ? undefined : nameOf.get(key.repositoryId);
    return key === undefined || repository === undefined
      ? member
      : formatRef({ repository, number: key.number });
  };
  const paths = new Set([...cycles.values()].map(({ path }) => path));
  const named = new Map([...paths].map((path) => [path, path.map(refOf)]));
  return (id) => startingWith(named.get(cycles.get(id)?.path ?? []) ?? [], refOf(id));
}

interface Around {
  readonly blockers: readonly LoadedBlocker[];
  readonly path: readonly string[];
  readonly circle: string | null;
  readonly unblocks: number;
  readonly now: number;
}

const labelsSchema = z.array(z.string());

/** A deleted issue has no state; the row only keeps late events from reviving it. */
const gone = { state: '', reason_code: '', reason_params: '', warnings: '[]' };

function decide(row: LoadedIssue, around: Around): Decided {
  const shown = row.deleted === 1 ? gone : show(row, around);
  const ready_at = shown.state === 'ready' ? (row.ready_at ?? around.now) : null;
  const { unblocks, circle } = around;
  const differs = shownColumns.some((column) => row[column] !== shown[column]);
  return {
    repository_id: row.repository_id,
    number: row.number,
    ...shown,
    ready_at,
    queue_key:
      ready_at === null
        ? null
        : queueKey({ readyAt: ready_at, labels: parseLabels(row), unblocks }),
    unblocks,
    circle,
    changed_at: differs ? around.now : row.changed_at,
    revision: row.revision + (differs ? 1 : 0),
  };
}

function parseLabels({ labels }: LoadedIssue): string[] {
  return labelsSchema.parse(JSON.parse(labels));
}

function show(row: LoadedIssue, { blockers, path }: Around): typeof gone {
  const { state, reason } = decideState({
    open: row.open === 1,
    assigned: row.assigned === 1,
    read: Number(row.read) === 1,
    claim:
      row.claim_worker === null || row.claim_agent === null
        ? undefined
        : { worker: row.claim_worker, agent: row.claim_agent },
    parked:
      row.parked_code === null
        ? undefined
        : parseParkingReason(row.parked_code, row.parked_params ?? ''),
    blockers: blockers.flatMap(({ blocker: { ref, state: known } }) =>
      known === 'deleted' ? [] : [{ ref, state: known }],
    ),
    hiddenBlockers: row.hidden_blockers,
    cycle: path,
    assignment:
      row.assignment === null ? undefined : chosenAgentSchema.parse(JSON.parse(row.assignment)),
  });
  // What the graph has to tell of an issue beside its state.
  const deleted = blockers.filter(({ blocker }) => blocker.state === 'deleted');
  const waitedFor = state === 'in_progress' ? blockers.filter(isOpenBlocker) : [];
  const waits = row.assigned === 1 && row.open === 1;
  const told = waits
    ? [
        ...deleted.map(({ blocker }) => blockerDeleted(blocker.ref)),
        ...waitedFor.map(({ blocker }) => blockerOpened(blocker.ref)),
        ...(state === 'in_progress' && row.hidden_blockers > 0 ? [hiddenBlocker(row)] : []),
      ]
    : [];
  const warnings = told.length === 0 ? row.own_warnings : allWarnings(row, told);
  return {
    state,
    reason_code: reason.code,
    reason_params: JSON.stringify(reason.params),
    warnings,
  };
}

function allWarnings({ own_warnings: own }: LoadedIssue, told: readonly Warning[]): string {
  return JSON.stringify([...warningsSchema.parse(JSON.parse(own)), ...told]);
}

function isOpenBlocker({ blocker }: LoadedBlocker): boolean {
  return blocker.state === 'open';
}

function blockerOpened(ref: string): Warning {
  return { code: 'blocker_open', params: { ref } };
}

function hiddenBlocker({ hidden_blockers: count }: LoadedIssue): Warning {
  return { code: 'hidden_blocker', params: { count } };
}

function blockerDeleted(ref: string): Warning {
  return { code: 'blocker_deleted', params: { ref } };
}

const keyColumns = ['repository_id', 'number'] as const;
const writtenColumns = [...keyColumns, ...decidedColumns, ...stampColumns] as const;
const textColumns: readonly string[] = [...shownColumns, 'circle'];

/** Many issues can hang on one: all are written with one statement, see `keyIn`. */
async function write(transaction: Transaction<Schema>, issues: readonly Decided[]): Promise<void> {
  if (issues.length === 0) return;
  const rows = JSON.stringify(issues.map((issue) => writtenColumns.map((column) => issue[column])));
  const values = writtenColumns.map((column, index) => {
    const value = sql`value ->> ${sql.lit(index)}`;
    const typed = textColumns.includes(column) ? value : sql`cast(${value} as bigint)`;
    return sql`${typed} as ${sql.ref(column)}`;
  });
  const changes = [...decidedColumns, ...stampColumns].map(
    (column) => sql`${sql.ref(column)} = ${sql.ref(`decided.${column}`)}`,
  );
  await sql`with decided as (select ${sql.join(values)} from json_each(${rows}))
    update issues set ${sql.join(changes)} from decided
    where issues.repository_id = decided.repository_id
      and issues.number = decided.number`.execute(transaction);
}
