import { sql, type Transaction } from 'kysely';

import { startingWith } from './cycles/find-cycles.ts';
import { chosenAgentSchema, parseParkingReason, type StateReason } from '../issue/reasons.ts';
import { queueKey } from './queue-order.ts';
import { warningSchema, warningsSchema, type Warning } from '../issue/warnings.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import { decideState } from '../issue/state.ts';
import { parseUnreadable } from '../issue/unreadable.ts';
import { loadBlockers, type LoadedBlocker } from './blockers.ts';
import { readCycles, updateCycles } from './cycles/cycles.ts';
import type { GraphChange } from './cycles/tangle-checks.ts';
import { issueOf, loadIssues, type LoadedIssue } from './load-issues.ts';
import { distinctKeys, recountUnblocked } from './open-graph.ts';
import { parentWarnings } from './parents.ts';
import { unknownTargetWarnings } from './unknown-targets.ts';
import { rowsOf } from '../db/portable.ts';
import type { Schema } from '../db/schema.ts';
import { parseNames } from '../db/stored-names.ts';

/** The issues that a change of facts can affect; no others are recomputed. */
export interface TouchedIssues {
  /** Their state or its reason may have changed. */
  readonly states: readonly IssueKey[];
  /** What changed in the graph; undefined: nothing. */
  readonly graph?: GraphChange;
  /** They may block another number of issues, which moves them in the queue. */
  readonly unblocks?: readonly IssueKey[];
}

interface Recomputed {
  /** Number of issues that changed. */
  readonly count: number;
  /** The states of all that were looked at, by their keys. */
  readonly decided: ReadonlyMap<string, Pick<ComputedRow, 'state' | 'reason_code'>>;
}

const noChange: GraphChange = { joined: [], closed: [], lost: [], renamed: [] };

/**
 * Recomputes the state of the touched issues and of those that entered or left a cycle through
 * them, and the queue order of issues that block more or fewer now. So closing a blocker frees the issues
 * that wait for it. Writes only what differs.
 */
export async function recomputeStates(
  transaction: Transaction<Schema>,
  { states, graph = noChange, unblocks: recounted = [] }: TouchedIssues,
  now: number,
): Promise<Recomputed> {
  const onlyMore = graph.closed.length + graph.lost.length + graph.renamed.length === 0;
  const counts = await recountUnblocked(transaction, recounted, { onlyMore });
  const unblocks = new Map(counts.map((count) => [keyOf(count), count.now]));
  const { moved, named, retold } = await updateCycles(transaction, graph, now);
  const keys = [...distinctKeys([...states, ...counts, ...moved]).values()];
  if (keys.length === 0) return { count: retold, decided: new Map() };
  const rows = await loadIssues(transaction, keys);
  // Their state follows from the tangle, whichever of its issues they wait for.
  const tangled = rows
    .filter(({ cycle_key, claim_worker }) => cycle_key !== null && claim_worker === null)
    .map(issueOf);
  const blockers = await loadBlockers(transaction, keys, tangled);
  const waitsFor = Map.groupBy(blockers, ({ blocked }) => blocked);
  const naming = rows.filter(({ names_missing }) => Boolean(names_missing)).map(issueOf);
  const aboutUnknown = await unknownTargetWarnings(transaction, naming, now);
  const related = rows.filter(({ has_parent_edge }) => Boolean(has_parent_edge)).map(issueOf);
  const aboutParents = await parentWarnings(transaction, related);
  const cycles = await readCycles(
    transaction,
    rows.flatMap(({ cycle_key: key }) => key ?? []),
    named,
  );
  const written: ComputedRow[] = [];
  const decided = new Map<string, Pick<ComputedRow, 'state' | 'reason_code'>>();
  for (const row of rows) {
    const id = keyOf(issueOf(row));
    const after = compute(row, {
      blockers: waitsFor.get(id) ?? [],
      warnings: [...(aboutUnknown.get(id) ?? []), ...(aboutParents.get(id) ?? [])],
      cycle: cycles.get(row.cycle_key ?? '') ?? [],
      unblocks: unblocks.get(id) ?? row.unblocks,
      now,
    });
    decided.set(id, after);
    if (computedColumns.some((column) => row[column] !== after[column])) written.push(after);
  }
  await write(transaction, written);
  const changed = written.filter(({ changed_at }) => changed_at === now);
  return { count: retold + changed.length, decided };
}

const shownColumns = ['state', 'reason_code', 'reason_params', 'warnings'] as const;
const computedColumns = [...shownColumns, 'ready_at', 'queue_key', 'unblocks'] as const;
/** Set when a shown column differs. */
const stampColumns = ['changed_at', 'revision'] as const;
type ComputedRow = Pick<
  LoadedIssue,
  'repository_id' | 'number' | (typeof stampColumns)[number] | (typeof computedColumns)[number]
>;

/** The facts around an issue from which its row is computed. */
interface Neighbours {
  readonly blockers: readonly LoadedBlocker[];
  /** About unknown blockers, parents and parts. */
  readonly warnings: readonly Warning[];
  /** Of the tangle that it is in; empty when it is in none. */
  readonly cycle: readonly string[];
  readonly unblocks: number;
  readonly now: number;
}

/** A deleted issue has no state; its row only keeps a late event from reviving it. */
const gone = { state: '', reason_code: '', reason_params: '', warnings: '[]' };

function compute(row: LoadedIssue, neighbours: Neighbours): ComputedRow {
  const shown = row.deleted === 1 ? gone : show(row, neighbours);
  const ready_at = shown.state === 'ready' ? (row.ready_at ?? neighbours.now) : null;
  const { unblocks } = neighbours;
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
    changed_at: differs ? neighbours.now : row.changed_at,
    revision: row.revision + (differs ? 1 : 0),
  };
}

function show(
  row: LoadedIssue,
  { blockers, warnings: aboutEdges, cycle }: Neighbours,
): typeof gone {
  const ref = formatRef({ repository: row.full_name ?? '', number: row.number });

  const { state, reason } = decideState({
    open: row.open === 1,
    assigned: row.assigned === 1,
    read: Number(row.read) === 1,
    repository: shutRepository(row),
    heldBy: row.held_by ?? undefined,
    claim:
      row.claim_worker === null || row.claim_agent === null
        ? undefined
        : { worker: row.claim_worker, agent: row.claim_agent },
    parked:
      row.parked_code === null
        ? undefined
        : parseParkingReason(row.parked_code, row.parked_params ?? ''),
    verified:
      row.verified_commit === null ? undefined : { commit: row.verified_commit, pull: row.pull },
    blockers: blockers.flatMap(({ blocker: { ref, state: known } }) =>
      known === 'deleted' ? [] : [{ ref, state: known }],
    ),
    unreadable: parseUnreadable(row.unreadable),
    hiddenBlockers: row.hidden_blockers,
    cycle: startingWith(cycle, ref),
    besideCycle: !cycle.includes(ref),
    assignment:
      row.assignment === null ? undefined : chosenAgentSchema.parse(JSON.parse(row.assignment)),
  });
  const waits = row.assigned === 1 && row.open === 1;
  const graphWarnings = waits
    ? [
        ...aboutEdges,
        ...blockers.flatMap(warningsOf),
        ...(state === 'in_progress' ? begunWarnings(row, blockers) : []),
        ...budgetWarning(row),
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

/** Why nobody can work in the issue's repository. */
function shutRepository({
  archived,
  access,
  full_name,
}: LoadedIssue): StateReason<'repository_archived' | 'no_access'> | undefined {
  const params = { repository: full_name ?? '' };
  if (access === 0) return { code: 'no_access', params };
  return archived === 1 ? { code: 'repository_archived', params } : undefined;
}

function warningsOf({ blocker: { ref, state }, openPull: pull }: LoadedBlocker): Warning[] {
  if (state === 'deleted') return [blockerDeleted(ref)];
  return pull === undefined ? [] : [{ code: 'blocker_closed_early', params: { ref, pull } }];
}

/** For an issue that would not be handed out now, but a worker has begun. */
function begunWarnings(row: LoadedIssue, blockers: readonly LoadedBlocker[]): Warning[] {
  const { held_by: label } = row;
  return [
    ...blockers
      .filter(({ blocker }) => blocker.state === 'open')
      .map(({ blocker }) => blockerOpened(blocker.ref)),
    ...(row.hidden_blockers > 0 ? [hiddenBlocker(row)] : []),
    ...(label === null ? [] : [{ code: 'held_by_label', params: { label } } as const]),
  ];
}

/** Not once the budget is used up: the reason of its state says so. */
function budgetWarning({ budget_warning: json, parked_code }: LoadedIssue): Warning[] {
  if (json === null || parked_code !== null) return [];
  const params: unknown = JSON.parse(json);
  return [warningSchema.parse({ code: 'budget_nearly_used', params })];
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
const textColumns: readonly string[] = shownColumns;

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
  await sql`with computed as (select ${sql.join(values)} from ${rowsOf(rows)})
    update issues set ${sql.join(changes)} from computed
    where issues.repository_id = computed.repository_id
      and issues.number = computed.number`.execute(transaction);
}
