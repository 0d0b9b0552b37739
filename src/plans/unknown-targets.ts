import { sql, type ExpressionBuilder, type Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { keyIn } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import type { Warning } from '../issue/warnings.ts';

/*
 * The end of an edge that is not stored. Its edge stays: an issue is often named before it is created. Gitea
 * is asked again by reconcile passes, and the first event of the issue itself ends it at once.
 */

/** An issue that a text names and that Gitea did not show. */
export interface UnknownTarget extends IssueRef {
  /** Undefined where only the name of its repository is known. */
  readonly repositoryId: number | undefined;
  /** `missing`: its repository can be read; `unreadable`: it cannot, or there is none. */
  readonly problem: 'missing' | 'unreadable';
}

/** Time after which a number that Gitea does not know is taken for a mistake, and a person is told. */
export const missingWarnsAfterMs = 24 * 3_600_000;

/** Time in which every pass looks for a missing issue; later only a full pass does: its first event finds it at once. */
const lookedUpOftenMs = 10 * 60_000;

/** One key for the target of an edge, as the issue that declares it names it. */
export function targetKey({ repository, number }: IssueRef): string {
  return formatRef({ repository, number }).toLowerCase();
}

/** Forgets that an issue was missing: it is stored now. Returns the issues that name it. */
export function forgetMissing(
  transaction: Transaction<Schema>,
  issue: IssueKey,
): Promise<IssueKey[]> {
  const at = (eb: ExpressionBuilder<Schema, 'edges'>, end: 'blocker' | 'blocked') =>
    eb.and([
      eb(`${end}_repository_id`, '=', issue.repositoryId),
      eb(`${end}_number`, '=', issue.number),
    ]);
  return (
    transaction
      .updateTable('edges')
      .set({ missing: null, missing_since: null })
      .where((eb) => eb.or([at(eb, 'blocker'), at(eb, 'blocked')]))
      .where('missing', 'is not', null)
      // Of its own edges, the other end is the missing one.
      .where((eb) =>
        eb.or([
          eb('declared_repository_id', '!=', issue.repositoryId),
          eb('declared_number', '!=', issue.number),
        ]),
      )
      .returning(['declared_repository_id as repositoryId', 'declared_number as number'])
      .execute()
  );
}

/** The warnings of issues that name unknown ones, by the key of the issue that names them. */
export async function unknownTargetWarnings(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  now: number,
): Promise<Map<string, Warning[]>> {
  if (issues.length === 0) return new Map();
  const rows = await selectUnknown(transaction)
    .where(keyIn('declared_repository_id', 'declared_number', issues))
    .where('missing', 'is not', null)
    .orderBy('edges.id')
    .execute();
  const warnings = new Map<string, Map<string, Warning>>();
  for (const row of rows) {
    if (row.missing === 'missing' && !isGivenUp(row, now)) continue;
    const code = row.missing === 'missing' ? 'target_missing' : 'target_unreadable';
    const key = keyOf({ repositoryId: row.declared_repository_id, number: row.declared_number });
    const ref = formatRef({ repository: row.name, number: row.number });
    const known = warnings.get(key) ?? new Map<string, Warning>();
    warnings.set(key, known.set(ref, { code, params: { ref } }));
  }
  return new Map([...warnings].map(([key, byRef]) => [key, [...byRef.values()]]));
}

type UnknownRow = Awaited<ReturnType<ReturnType<typeof selectUnknown>['execute']>>[number];

/** Numbers only grow: one below that of an issue which exists is gone for good. */
function isGivenUp(row: UnknownRow, now: number): boolean {
  const isOwn = row.repositoryId === row.declared_repository_id;
  if (isOwn && row.number < row.declared_number) return true;
  return now - (row.missing_since ?? now) >= missingWarnsAfterMs;
}

/** An unknown issue to look up again, with the issues that name it. */
export interface LookupTarget extends IssueRef {
  readonly repositoryId: number | undefined;
  /** Of the edge: the place in the round. */
  readonly edge: number;
  readonly declaredBy: IssueKey;
  /** True when the issue that names it has to warn of it by now. */
  readonly isDue: boolean;
}

interface UnknownList {
  /** Edge after which the list begins. */
  readonly after: number;
  readonly limit: number;
  /** Also those missing for long or never asked about, which costs a walk over all edges. */
  readonly all: boolean;
  readonly now: number;
}

/** Unknown issues that open issues of the bot name, in the order of their edges. */
export async function listUnknownTargets(
  db: Database,
  { after, limit, all, now }: UnknownList,
): Promise<LookupTarget[]> {
  let query = selectUnknown(db)
    .innerJoin('issues as declaring', (join) =>
      join
        .onRef('declaring.repository_id', '=', 'declared_repository_id')
        .onRef('declaring.number', '=', 'declared_number'),
    )
    .select('declaring.warnings')
    .where('declaring.open', '=', 1)
    .where('declaring.deleted', '=', 0)
    .where('declaring.assigned', '=', 1)
    .where('edges.id', '>', after)
    .orderBy('edges.id')
    .limit(limit);
  if (!all)
    query = query.where('missing', 'is not', null).where((eb) =>
      eb.or([
        eb('missing_since', '>=', now - lookedUpOftenMs),
        // It has to warn of it by now.
        eb.and([
          eb('missing', '=', 'missing'),
          eb('missing_since', '<=', now - missingWarnsAfterMs),
          eb('declaring.warnings', 'not like', '%"target_missing"%'),
        ]),
      ]),
    );
  const rows = await query.execute();
  return rows.map((row) => {
    const ref = { repository: row.name, number: row.number };
    return {
      ...ref,
      repositoryId: row.repositoryId ?? undefined,
      edge: row.id,
      declaredBy: { repositoryId: row.declared_repository_id, number: row.declared_number },
      isDue:
        row.missing === 'missing' &&
        isGivenUp(row, now) &&
        !row.warnings.includes(
          JSON.stringify({ code: 'target_missing', params: { ref: formatRef(ref) } }),
        ),
    };
  });
}

/** Edges with an end that is not stored: neither open, closed nor deleted. */
function selectUnknown(db: Database) {
  const isBlocks = sql<boolean>`(edges.declared_repository_id = edges.blocker_repository_id
    and edges.declared_number = edges.blocker_number)`;
  const otherId = sql<number | null>`case when ${isBlocks} then edges.blocked_repository_id
    else edges.blocker_repository_id end`;
  const other = sql<number>`case when ${isBlocks} then edges.blocked_number
    else edges.blocker_number end`;
  return db
    .selectFrom('edges')
    .leftJoin('repositories', (join) => join.on('repositories.id', '=', otherId))
    .leftJoin('issues as other', (join) =>
      join.on('other.repository_id', '=', otherId).on('other.number', '=', other),
    )
    .select(['edges.id', 'declared_repository_id', 'declared_number', 'missing', 'missing_since'])
    .select([
      otherId.as('repositoryId'),
      other.as('number'),
      sql<string>`coalesce(repositories.full_name, edges.unresolved_name, '')`.as('name'),
    ])
    .where('other.number', 'is', null);
}
