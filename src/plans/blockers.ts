import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { keyIn } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import type { Blocker } from '../issue/state.ts';
import { blockerState, pullOfBlocker } from './blocker-state.ts';
import { parentTies } from './parents.ts';
import { forgetMissing } from './unknown-targets.ts';

/** A blocker that matters: open, unknown, deleted, closed too early or without a merge. */
export interface LoadedBlocker {
  readonly blocked: string;
  readonly blocker: Blocker | { readonly ref: string; readonly state: 'deleted' };
  /** It is closed, but this pull request refers to it and is open. */
  readonly openPull: string | undefined;
}

/**
 * The blockers of these issues that matter, each once, in the order of `linkedEdges`; of `tangled` among them only
 * those that matter beside a tangle: neither the open nor the unknown.
 */
export async function loadBlockers(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  tangled: readonly IssueKey[] = [],
): Promise<LoadedBlocker[]> {
  const rows = await selectBlockers(transaction, issues, tangled).execute();
  const pulls = await openPulls(transaction, rows.flatMap(pullOf));
  const pairs = new Map<string, LoadedBlocker>();
  for (const row of rows) {
    if (row.blocked_repository_id === null) continue;
    const blocked = keyOf({ repositoryId: row.blocked_repository_id, number: row.blocked_number });
    const pair = pairOf(row);
    // An issue never waits for itself, under any name.
    if (pair === `${blocked} ${blocked}` || pairs.has(pair)) continue;
    const repository = row.full_name ?? row.unresolved_name ?? '';
    const ref = formatRef({ repository, number: row.blocker_number });
    const state = blockerState(row);
    if (state === 'merged') continue;
    const [pull] = pullOf(row).map((key) => pulls.get(keyOf(key)));
    pairs.set(pair, { blocked, blocker: { ref, state }, openPull: pull });
  }
  return [...pairs.values()];
}

function selectBlockers(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  tangled: readonly IssueKey[],
) {
  return transaction
    .selectFrom('edges')
    .leftJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'blocker_repository_id')
        .onRef('issues.number', '=', 'blocker_number'),
    )
    .leftJoin('repositories', 'repositories.id', 'blocker_repository_id')
    .select(['blocked_repository_id', 'blocked_number', 'blocker_repository_id'])
    .select(['blocker_number', 'unresolved_name', 'full_name', 'open', 'deleted'])
    .select(['merged', 'waived', 'until_merge', 'open_pull_repository_id', 'open_pull_number'])
    .select(pullOfBlocker)
    .where(keyIn('blocked_repository_id', 'blocked_number', issues))
    .where('from_parent', '=', 0)
    .where((eb) =>
      eb.or([
        eb.and([
          eb.or([eb('open', 'is', null), eb('open', '=', 1)]),
          eb.not(keyIn('blocked_repository_id', 'blocked_number', tangled)),
        ]),
        ...[eb('deleted', '=', 1), eb('merged', '=', 0), eb('until_merge', '=', 1)],
        eb('open_pull_number', 'is not', null),
      ]),
    )
    .orderBy('declared_repository_id')
    .orderBy('declared_number')
    .orderBy('edges.id');
}

type BlockerRow = Awaited<ReturnType<ReturnType<typeof selectBlockers>['execute']>>[number];

function pairOf(row: BlockerRow): string {
  const blocker = row.blocker_repository_id ?? row.full_name ?? row.unresolved_name ?? '';
  return `${row.blocked_repository_id}#${row.blocked_number} ${blocker}#${row.blocker_number}`;
}

function pullOf(row: BlockerRow): IssueKey[] {
  const { open_pull_repository_id: repositoryId, open_pull_number: number, open } = row;
  return open === 0 && repositoryId !== null && number !== null ? [{ repositoryId, number }] : [];
}

/** Names of those that are open, by their keys. */
async function openPulls(
  transaction: Transaction<Schema>,
  pulls: readonly IssueKey[],
): Promise<Map<string, string>> {
  if (pulls.length === 0) return new Map();
  const rows = await transaction
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'repository_id')
    .select(['repository_id as repositoryId', 'number', 'full_name as repository'])
    .where(keyIn('repository_id', 'number', pulls))
    .where('open', '=', 1)
    .where('deleted', '=', 0)
    .execute();
  return new Map(rows.map((row) => [keyOf(row), formatRef(row)]));
}

/** The issues that wait until the work of this one is merged. */
export function waitingForMergeOf(
  db: Database,
  { repositoryId, number }: IssueKey,
): Promise<IssueKey[]> {
  return db
    .selectFrom('edges')
    .select(['blocked_repository_id as repositoryId', 'blocked_number as number'])
    .where('blocker_repository_id', '=', repositoryId)
    .where('blocker_number', '=', number)
    .where('until_merge', '=', 1)
    .$narrowType<{ repositoryId: number }>()
    .execute();
}

/** Whether an open issue of the bot waits for this one, whatever its own state. */
export async function isWaitedFor(
  db: Database,
  { repositoryId, number }: IssueKey,
): Promise<boolean> {
  const row = await db
    .selectFrom('edges')
    .select('edges.id')
    .where('blocker_repository_id', '=', repositoryId)
    .where('blocker_number', '=', number)
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'blocked_repository_id')
        .onRef('issues.number', '=', 'blocked_number'),
    )
    .where('open', '=', 1)
    .where('deleted', '=', 0)
    .where('assigned', '=', 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether the text of any issue names this one, or that number under its repository's name, as a blocker. */
export async function isNamedBlocker(
  db: Database,
  { repositoryId, repository, number }: IssueKey & { readonly repository: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('edges')
    .select('id')
    .where('blocker_number', '=', number)
    .where((eb) =>
      eb.or([
        eb('blocker_repository_id', '=', repositoryId),
        eb('unresolved_name', '=', repository.toLowerCase()),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Issues beside its neighbours whose warnings speak of an issue that is new, opened, closed or deleted. */
export async function tiedIssues(
  transaction: Transaction<Schema>,
  self: IssueKey,
  isNew: boolean,
): Promise<IssueKey[]> {
  return [
    ...(await parentTies(transaction, self)),
    ...(await waitingForIssuesOf(transaction, self)),
    ...(isNew ? await forgetMissing(transaction, self) : []),
  ];
}

/** The issues that wait for one to which this pull request refers. */
function waitingForIssuesOf(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
): Promise<IssueKey[]> {
  return transaction
    .selectFrom('issues')
    .innerJoin('edges', (join) =>
      join
        .onRef('blocker_repository_id', '=', 'issues.repository_id')
        .onRef('blocker_number', '=', 'issues.number'),
    )
    .select(['blocked_repository_id as repositoryId', 'blocked_number as number'])
    .where('open_pull_repository_id', '=', repositoryId)
    .where('open_pull_number', '=', number)
    .$narrowType<{ repositoryId: number }>()
    .execute();
}
