import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';

import type { Database } from '../db/database.ts';
import { keyIn, oneOf } from '../db/key-filter.ts';
import { parseNames } from '../db/stored-names.ts';
import { estimateSchema } from '../issue/estimate.ts';
import { isoTime } from '../issue/iso-time.ts';
import { parseStateReason, type StateReason } from '../issue/reasons.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import { states, type State } from '../issue/state.ts';
import type { IssueSearch } from './issue-search.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import { explainBonus } from './queue-order.ts';
import { inScope, ofAgents, type Scope } from './scope.ts';

/*
 * Issues as a line of a page each: what a list shows, without edges and readings, so that a page of many costs little.
 */

/** Which issues a caller may see, and which of them he asks for. */
export interface LineFilter {
  readonly scope?: Scope;
  /** Those that the caller may see issues of; undefined: all. */
  readonly agents?: readonly string[] | undefined;
  readonly repositoryId?: number | undefined;
  /** Only those that are planned for it. */
  readonly agent?: string | undefined;
}

interface LineQuery extends LineFilter {
  readonly states?: readonly State[];
  readonly reasons?: readonly StateReason['code'][];
  readonly search?: IssueSearch | undefined;
  /** By the last change, or as they are handed out (ready issues alone). */
  readonly order: 'newest' | 'oldest' | 'queue';
  readonly limit: number;
  /** Of the page before, with the order `newest`. */
  readonly cursor?: string | undefined;
}

/** One issue of a list. */
export interface IssueLine {
  readonly repositoryId: number;
  readonly repository: string;
  readonly number: number;
  readonly ref: string;
  readonly title: string;
  readonly state: State;
  readonly reason: StateReason;
  /** The one that it is planned for. */
  readonly agent: string | null;
  /** Likely size in tokens. */
  readonly likely: number | null;
  /** What moves it among the ready issues, to go on after its time; undefined in any other state. */
  readonly place: string | undefined;
  /** ISO 8601, UTC: since when it stands as it does. */
  readonly changedAt: string;
}

const stateSchema = z.enum(states);
const columns = [
  ...(['issues.repository_id', 'issues.number', 'issues.title', 'issues.state'] as const),
  ...(['issues.reason_code', 'issues.reason_params', 'issues.agent', 'issues.estimate'] as const),
  ...(['issues.changed_at', 'issues.ready_at', 'issues.labels', 'issues.unblocks'] as const),
] as const;

/** Lists issues, with the cursor of the next page (order `newest`; else null). Throws `invalid_cursor`. */
export async function listIssueLines(
  db: Database,
  query: LineQuery,
): Promise<{ readonly items: readonly IssueLine[]; readonly nextCursor: string | null }> {
  const { order, limit, cursor } = query;
  // The keys are sorted alone: whole rows would have to be carried through the sorting.
  let keys = db
    .selectFrom('issues')
    .select(['repository_id', 'number'])
    .where('deleted', '=', 0)
    .where(matches(query))
    .limit(limit + 1);
  if (cursor !== undefined)
    keys = keys.where((eb) =>
      eb(
        eb.refTuple('changed_at', 'repository_id', 'number'),
        '<',
        eb.tuple(...decodeCursor(cursor)),
      ),
    );
  if (order === 'queue')
    keys = keys
      .where('queue_key', 'is not', null)
      .orderBy('queue_key')
      .orderBy('number')
      .orderBy('repository_id');
  else {
    const direction = order === 'newest' ? 'desc' : 'asc';
    keys = keys
      .orderBy('changed_at', direction)
      .orderBy('repository_id', direction)
      .orderBy('number', direction);
  }
  const found = await keys.execute();
  const picked = found.slice(0, limit).map(keyOfRow);
  const rows = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(columns)
    .select('full_name')
    .where(keyIn('issues.repository_id', 'issues.number', picked))
    .execute();
  const byKey = new Map(rows.map((row) => [keyOf(keyOfRow(row)), row]));
  const sorted = picked.flatMap((key) => byKey.get(keyOf(key)) ?? []);
  const last = sorted.at(-1);
  const isMore = found.length > limit && last !== undefined && order === 'newest';
  return {
    items: sorted.map(lineOf),
    nextCursor: isMore ? encodeCursor([last.changed_at, last.repository_id, last.number]) : null,
  };
}

/** How many issues there are of each state and reason. */
export function countLines(
  db: Database,
  filter: LineFilter,
): Promise<{ readonly state: string; readonly reason: string; readonly count: number }[]> {
  return db
    .selectFrom('issues')
    .select(['state', 'reason_code as reason', (eb) => eb.fn.countAll<number>().as('count')])
    .where('deleted', '=', 0)
    .where(matches(filter))
    .groupBy(['state', 'reason_code'])
    .execute();
}

/** Names of the repositories that a caller may see, in order. */
export async function listRepositoryNames(
  db: Database,
  { scope, limit }: { readonly scope: Scope; readonly limit: number },
): Promise<string[]> {
  const rows = await db
    .selectFrom('repositories')
    .select('full_name')
    .where(inScope('repositories.id', scope))
    .orderBy('lower_name')
    .limit(limit)
    .execute();
  return rows.map(({ full_name }) => full_name);
}

/** All conditions but the order; those that are not asked for are left out, for the sake of the indexes. */
function matches(query: LineFilter & Partial<LineQuery>): RawBuilder<boolean> {
  const { repositoryId, agent, states: wanted, reasons, search } = query;
  const conditions = [
    inScope('issues.repository_id', query.scope),
    ofAgents(query.agents),
    ...(repositoryId === undefined ? [] : [sql`issues.repository_id = ${repositoryId}`]),
    ...(agent === undefined ? [] : [sql`issues.agent = ${agent}`]),
    ...(wanted === undefined ? [] : [oneOf('issues.state', wanted)]),
    ...(reasons === undefined ? [] : [oneOf('issues.reason_code', reasons)]),
    ...(search === undefined ? [] : [isFound(search)]),
  ];
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function isFound({ number, words, repositoryId }: IssueSearch): RawBuilder<boolean> {
  const titled = words.map(
    (word) => sql`lower(issues.title) like lower(${`%${escapeLike(word)}%`}) escape '!'`,
  );
  const isTitled = sql`(${sql.join(titled, sql` and `)})`;
  const isNumbered = sql`issues.number = ${number ?? 0}`;
  const isThere =
    repositoryId === undefined ? sql`true` : sql`issues.repository_id = ${repositoryId}`;
  if (number === undefined) return sql<boolean>`${isTitled}`;
  if (titled.length === 0) return sql<boolean>`(${isNumbered} and ${isThere})`;
  return sql<boolean>`(${isNumbered} or ${isTitled})`;
}

function escapeLike(word: string): string {
  return word.replaceAll(/[!%_]/g, '!$&');
}

function keyOfRow(row: { readonly repository_id: number; readonly number: number }): IssueKey {
  return { repositoryId: row.repository_id, number: row.number };
}

interface LineRow {
  readonly repository_id: number;
  readonly full_name: string;
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly reason_code: string;
  readonly reason_params: string;
  readonly agent: string | null;
  readonly estimate: string | null;
  readonly changed_at: number;
  readonly ready_at: number | null;
  readonly labels: string;
  readonly unblocks: number;
}

function lineOf(row: LineRow): IssueLine {
  const { full_name: repository, number, title, estimate, agent } = row;
  const place = { labels: parseNames(row.labels), unblocks: row.unblocks };
  return {
    ...{ repository, number, title, agent, ref: formatRef({ repository, number }) },
    repositoryId: row.repository_id,
    state: stateSchema.parse(row.state),
    reason: parseStateReason(row.reason_code, row.reason_params),
    likely: estimate === null ? null : estimateSchema.parse(JSON.parse(estimate)).likely,
    place: row.ready_at === null ? undefined : explainBonus({ ...place, readyAt: row.ready_at }),
    changedAt: isoTime(row.ready_at ?? row.changed_at),
  };
}
