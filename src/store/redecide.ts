import type { Transaction } from 'kysely';
import { z } from 'zod';

import { findCycles } from '../issue/graph.ts';
import { chosenAgentSchema } from '../issue/plan.ts';
import { warningSchema, type Warning } from '../issue/reading.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { decideState, type Blocker } from '../issue/state.ts';
import { among, inChunks } from './among.ts';
import { distinctEdges, linkedEdges, type LinkedEdge } from './linked-edges.ts';
import type { Schema } from './schema.ts';

/**
 * Decides the given issues anew from what is stored, and with them every issue in a circle they can
 * reach, or that was in one. Writes only what differs; returns how many issues did.
 */
export async function redecide(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  now: number,
): Promise<number> {
  const reach = await reachableBlockers(transaction, issues);
  const cycles = findCycles(openEdges([...reach.edges.values()].flat()));
  const wanted = new Map(issues.map((issue) => [keyOf(issue), issue]));
  for (const [id, key] of reach.issues) if (cycles.has(id)) wanted.set(id, key);
  for (const key of await storedInCycles(transaction, [...reach.issues.values()]))
    wanted.set(keyOf(key), key);
  // Members of a large tangle share one circle: its names are put together once.
  const named = new Map<readonly string[], string[]>();
  let changed = 0;
  for (const row of await loadIssues(transaction, [...wanted.values()])) {
    const id = keyOf({ repositoryId: row.repository_id, number: row.number });
    const edges = distinctEdges(reach.edges.get(id) ?? []);
    const members = cycles.get(id) ?? [];
    const cycle = named.get(members) ?? members.map((member) => reach.refs.get(member) ?? member);
    named.set(members, cycle);
    if (await decide(transaction, row, edges, cycle, now)) changed += 1;
  }
  return changed;
}

interface Reach {
  readonly issues: Map<string, IssueKey>;
  readonly refs: Map<string, string>;
  /** Edges by the issue they block. */
  readonly edges: Map<string, LinkedEdge[]>;
}

/** Walks from issues to what they wait for, through open issues only. */
async function reachableBlockers(
  transaction: Transaction<Schema>,
  start: readonly IssueKey[],
): Promise<Reach> {
  const reach: Reach = { issues: new Map(), refs: new Map(), edges: new Map() };
  let frontier = [...start];
  while (frontier.length > 0) {
    for (const key of frontier) reach.issues.set(keyOf(key), key);
    const next = new Map<string, IssueKey>();
    for (const edge of await linkedEdges(transaction, frontier, 'blocked')) {
      const { blocked, blocker } = edge;
      if (blocked.key === undefined) continue;
      const id = keyOf(blocked.key);
      reach.refs.set(id, blocked.ref);
      const known = reach.edges.get(id);
      if (known === undefined) reach.edges.set(id, [edge]);
      else known.push(edge);
      if (blocker.key === undefined || blocker.state === 'closed' || blocker.state === 'deleted')
        continue;
      if (!reach.issues.has(keyOf(blocker.key))) next.set(keyOf(blocker.key), blocker.key);
    }
    frontier = [...next.values()];
  }
  return reach;
}

function openEdges(edges: readonly LinkedEdge[]) {
  return edges.flatMap(({ blocked, blocker }) => {
    if (blocked.key === undefined || blocker.key === undefined) return [];
    const met = [blocked.state, blocker.state].some(
      (state) => state === 'closed' || state === 'deleted',
    );
    return met ? [] : [{ blocked: keyOf(blocked.key), blocker: keyOf(blocker.key) }];
  });
}

function storedInCycles(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<IssueKey[]> {
  return inChunks(issues, (some) =>
    transaction
      .selectFrom('issues')
      .select(['repository_id as repositoryId', 'number'])
      .where('reason_code', '=', 'cycle')
      .where(among('repository_id', 'number', some))
      .execute(),
  );
}

function loadIssues(transaction: Transaction<Schema>, issues: readonly IssueKey[]) {
  return inChunks(issues, (some) =>
    transaction
      .selectFrom('issues')
      .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
      .select(['repository_id', 'number', 'full_name', 'open', 'assigned', 'reading', 'assignment'])
      .select(['own_warnings', 'warnings', 'state', 'reason_code', 'reason_text', 'ready_at'])
      .where('deleted', '=', 0)
      .where(among('repository_id', 'number', some))
      .execute(),
  );
}

type LoadedIssue = Awaited<ReturnType<typeof loadIssues>>[number];

const warningsSchema = z.array(warningSchema);

async function decide(
  transaction: Transaction<Schema>,
  row: LoadedIssue,
  edges: readonly LinkedEdge[],
  cycle: readonly string[],
  now: number,
): Promise<boolean> {
  const { state, reason } = decideState({
    open: row.open === 1,
    assigned: row.assigned === 1,
    read: row.reading !== null,
    blockers: edges.flatMap(({ blocker }) => blockerOf(blocker)),
    cycle,
    assignment:
      row.assignment === null ? undefined : chosenAgentSchema.parse(JSON.parse(row.assignment)),
  });
  const own = warningsSchema.parse(JSON.parse(row.own_warnings));
  const gone = row.assigned === 1 ? edges.filter(({ blocker }) => blocker.state === 'deleted') : [];
  const warnings = JSON.stringify([
    ...own,
    ...gone.map(({ blocker }) => blockerDeleted(blocker.ref)),
  ]);
  const same =
    row.state === state &&
    row.reason_code === reason.code &&
    row.reason_text === reason.text &&
    row.warnings === warnings;
  if (same) return false;
  await transaction
    .updateTable('issues')
    .set({
      state,
      reason_code: reason.code,
      reason_text: reason.text,
      warnings,
      ready_at: state === 'ready' ? (row.ready_at ?? now) : null,
      changed_at: now,
    })
    .where('repository_id', '=', row.repository_id)
    .where('number', '=', row.number)
    .execute();
  return true;
}

function blockerOf({ ref, state }: LinkedEdge['blocker']): Blocker[] {
  return state === 'deleted' ? [] : [{ ref, state }];
}

function blockerDeleted(ref: string): Warning {
  return {
    code: 'blocker_deleted',
    text: `${ref} was deleted from Gitea: the dependency on it no longer counts.`,
  };
}
