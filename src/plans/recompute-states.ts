import { sql, type ExpressionBuilder, type Transaction } from 'kysely';

import { startingWith } from './find-cycles.ts';
import { chosenAgentSchema, parseParkingReason } from '../issue/reasons.ts';
import { queueKey } from './queue-order.ts';
import { warningsSchema, type Warning } from '../issue/warnings.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import { decideState, type Blocker } from '../issue/state.ts';
import { keyIn } from '../db/key-filter.ts';
import { findChangedCycles, type ChangedCycles } from './cycles.ts';
import { distinctKeys, recountUnblocked } from './open-graph.ts';
import type { Schema } from '../db/schema.ts';
import { parseNames } from '../db/stored-names.ts';

/** The issues that a change of facts can affect; no others are recomputed. */
export interface TouchedIssues {
  /** Their state or its reason may have changed. */
  readonly states: readonly IssueKey[];
  /** They may be in a new cycle: they were opened, or got an edge. */
  readonly cycles: readonly IssueKey[];
  /** They may block another number of issues, which moves them in the queue. */
  readonly unblocks: readonly IssueKey[];
}

/**
 * Recomputes the state of the touched issues and of the members of cycles that opened or closed through
 * them, and the queue order of issues that block more or fewer now. So closing a blocker frees the issues
 * that wait for it. Writes only what differs; returns how many issues changed.
 */
export async function recomputeStates(
  transaction: Transaction<Schema>,
  touched: TouchedIssues,
  now: number,
): Promise<number> {
  const counts = await recountUnblocked(transaction, touched.unblocks);
  const unblocks = new Map(counts.map((count) => [keyOf(count), count.now]));
  const affected = distinctKeys([...touched.states, ...counts]);
  const first = await loadIssues(transaction, [...affected.values()]);
  const storedCycles = new Set(first.flatMap(({ cycle_key }) => cycle_key ?? []));
  const changed = await findChangedCycles(transaction, [...storedCycles], touched.cycles);
  const more = [...changed.issues].filter(([id]) => !affected.has(id)).map(([, key]) => key);
  const rows = [...first, ...(await loadIssues(transaction, more))];
  const keys = [...affected.values(), ...more];
  const waitsFor = Map.groupBy(await loadBlockers(transaction, keys), ({ blocked }) => blocked);
  const pathOf = await namePaths(transaction, changed);
  const written: ComputedRow[] = [];
  for (const row of rows) {
    const id = keyOf({ repositoryId: row.repository_id, number: row.number });
    const after = compute(row, {
      blockers: waitsFor.get(id) ?? [],
      path: pathOf(id),
      cycleKey: changed.cycles.get(id)?.key ?? null,
      unblocks: unblocks.get(id) ?? row.unblocks,
      now,
    });
    if (computedColumns.some((column) => row[column] !== after[column])) written.push(after);
  }
  await write(transaction, written);
  return written.filter(({ changed_at }) => changed_at === now).length;
}

function loadIssues(transaction: Transaction<Schema>, issues: readonly IssueKey[]) {
  return transaction
    .selectFrom('issues')
    .select(['repository_id', 'number', 'open', 'deleted', 'assigned', 'assignment', 'labels'])
    .select(['own_warnings', 'warnings', 'state', 'reason_code', 'reason_params', 'ready_at'])
    .select(['queue_key', 'unblocks', 'cycle_key', 'changed_at', 'revision'])
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
const computedColumns = [
  ...shownColumns,
  'ready_at',
  'queue_key',
  'unblocks',
  'cycle_key',
] as const;
/** Set when a shown column differs. */
const stampColumns = ['changed_at', 'revision'] as const;
type ComputedRow = Pick<
  LoadedIssue,
  'repository_id' | 'number' | (typeof stampColumns)[number] | (typeof computedColumns)[number]
>;

interface LoadedBlocker {
  readonly blocked: string;
  readonly blocker: Blocker | { readonly ref: string; readonly state: 'deleted' };
}

/** Blockers of these issues that are not closed, each once, in the order of `linkedEdges`. */
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

/** Gives the cycle of an issue as references, in order, starting with that issue. */
async function namePaths(
  transaction: Transaction<Schema>,
  { issues, cycles }: ChangedCycles,
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

/** The facts around an issue from which its row is computed. */
interface Neighbours {
  readonly blockers: readonly LoadedBlocker[];
  readonly path: readonly string[];
  readonly cycleKey: string | null;
  readonly unblocks: number;
  readonly now: number;
}

/** A deleted issue has no state; its row only keeps a late event from reviving it. */
const gone = { state: '', reason_code: '', reason_params: '', warnings: '[]' };

function compute(row: LoadedIssue, neighbours: Neighbours): ComputedRow {
  const shown = row.deleted === 1 ? gone : show(row, neighbours);
  const ready_at = shown.state === 'ready' ? (row.ready_at ?? neighbours.now) : null;
  const { unblocks, cycleKey } = neighbours;
  const differs = shownColumns.some((column) => row[column] !== shown[column]);
  return {
    repository_id: row.repository_id,
    number: row.number,
    ...shown,
    ready_at,
    queue_key:
      ready_at === null
        ? null
        : queueKey({ readyAt: ready_at, labels: parseNames(row.labels), unblocks }),
    unblocks,
    cycle_key: cycleKey,
    changed_at: differs ? neighbours.now : row.changed_at,
    revision: row.revision + (differs ? 1 : 0),
  };
}

function show(row: LoadedIssue, { blockers, path }: Neighbours): typeof gone {
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
  const deleted = blockers.filter(({ blocker }) => blocker.state === 'deleted');
  const waitedFor = state === 'in_progress' ? blockers.filter(isOpenBlocker) : [];
  const waits = row.assigned === 1 && row.open === 1;
  const graphWarnings = waits
    ? [
        ...deleted.map(({ blocker }) => blockerDeleted(blocker.ref)),
        ...waitedFor.map(({ blocker }) => blockerOpened(blocker.ref)),
        ...(state === 'in_progress' && row.hidden_blockers > 0 ? [hiddenBlocker(row)] : []),
      ]
    : [];
  const warnings = graphWarnings.length === 0 ? row.own_warnings : allWarnings(row, graphWarnings);
  return {
    state,
    reason_code: reason.code,
    reason_params: JSON.stringify(reason.params),
    warnings,
  };
}

function allWarnings({ own_warnings: own }: LoadedIssue, more: readonly Warning[]): string {
  return JSON.stringify([...warningsSchema.parse(JSON.parse(own)), ...more]);
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
const writtenColumns = [...keyColumns, ...computedColumns, ...stampColumns] as const;
const textColumns: readonly string[] = [...shownColumns, 'cycle_key'];

/** Writes all rows with one statement, since thousands of issues can wait for one; see `keyIn`. */
async function write(
  transaction: Transaction<Schema>,
  issues: readonly ComputedRow[],
): Promise<void> {
  if (issues.length === 0) return;
  const rows = JSON.stringify(issues.map((issue) => writtenColumns.map((column) => issue[column])));
  const values = writtenColumns.map((column, index) => {
    const value = sql`value ->> ${sql.lit(index)}`;
    const typed = textColumns.includes(column) ? value : sql`cast(${value} as bigint)`;
    return sql`${typed} as ${sql.ref(column)}`;
  });
  const changes = [...computedColumns, ...stampColumns].map(
    (column) => sql`${sql.ref(column)} = ${sql.ref(`computed.${column}`)}`,
  );
  await sql`with computed as (select ${sql.join(values)} from json_each(${rows}))
    update issues set ${sql.join(changes)} from computed
    where issues.repository_id = computed.repository_id
      and issues.number = computed.number`.execute(transaction);
}
