import type { Insertable, Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import { oneOf } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { RepositoryName } from './issue-update.ts';
import { hasIssuesOfBot, newerFacts, noFacts } from './repository-facts.ts';

/** The id of the repository that bears a name now; undefined when no event has reported it. */
export async function findRepositoryId(db: Database, name: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('repositories')
    .select('id')
    .where('lower_name', '=', name.toLowerCase())
    .orderBy('named_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** The present name of a repository; empty when it is not known. */
export async function findRepositoryName(db: Database, id: number): Promise<string> {
  const row = await db
    .selectFrom('repositories')
    .select('full_name')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.full_name ?? '';
}

/** The id of the repository that a text means by a name, which may be one it no longer bears. */
export async function findNamedRepositoryId(
  db: Database,
  lowerName: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('repository_names')
    .select('repository_id')
    .where('lower_name', '=', lowerName)
    .orderBy('named_at', 'desc')
    .orderBy('repository_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.repository_id;
}

const writtenColumns = [
  'full_name',
  'lower_name',
  'named_at',
  'archived',
  'visibility',
  'facts_at',
] as const;

/** Names of one repository that one issue's events and Gitea's answer gave, with what they say of it. */
interface ReportedNames {
  readonly names: readonly RepositoryName[];
  /** The name that Gitea itself just gave: it is the present one. */
  readonly given: string | undefined;
}

interface StoredNames {
  /** Lower-case names that lead to the repository since now. */
  readonly newNames: readonly string[];
  /** Its present name is another one. */
  readonly renamed: boolean;
  /** It was archived or unarchived. */
  readonly shutOrOpened: boolean;
}

/** Stores a repository's present name, those it was seen under before, and the facts that came with them. */
export async function storeRepository(
  transaction: Transaction<Schema>,
  id: number,
  { names, given }: ReportedNames,
  now: number,
): Promise<StoredNames> {
  const lowerNames = [...names.map(({ repository }) => repository), ...(given ? [given] : [])].map(
    (name) => name.toLowerCase(),
  );
  const { before, known } = await findNamed(transaction, id, lowerNames);
  // A rename changes no `updated_at`, and Gitea's clock, of which the stored time may be, is not ours.
  const updatedAt = Math.max(now, before?.named_at ?? 0, ...names.map((name) => name.updatedAt));
  const present = given === undefined ? [] : [{ repository: given, updatedAt }];
  const newest = newestOfEach([...names, ...present]);
  const named = newest.reduce(
    (row, { repository, updatedAt: named_at }) =>
      row !== undefined && row.named_at > named_at
        ? row
        : { full_name: repository, lower_name: repository.toLowerCase(), named_at },
    before && {
      full_name: before.full_name,
      lower_name: before.lower_name,
      named_at: before.named_at,
    },
  );
  if (named === undefined) return { newNames: [], renamed: false, shutOrOpened: false };
  const facts = names.reduce(
    (row, name) => newerFacts(row, name.facts, name.updatedAt),
    before ?? noFacts,
  );
  const { archived, visibility, facts_at } = facts;
  const after = { ...named, archived, visibility, facts_at };
  const isSame =
    before !== undefined && writtenColumns.every((column) => before[column] === after[column]);
  if (!isSame) await writeRepository(transaction, { id, ...after });
  await writeNames(transaction, id, newest, known);
  return {
    newNames: [...new Set(lowerNames)].filter((name) => !known.has(name)),
    renamed: before !== undefined && before.full_name !== after.full_name,
    shutOrOpened: (before ?? noFacts).archived !== archived,
  };
}

/** The repository as stored, and which of these names lead to it since when. */
async function findNamed(
  transaction: Transaction<Schema>,
  id: number,
  lowerNames: readonly string[],
) {
  const rows = await transaction
    .selectFrom('repositories')
    .leftJoin('repository_names as known', (join) =>
      join
        .onRef('known.repository_id', '=', 'repositories.id')
        .on(oneOf('known.lower_name', lowerNames)),
    )
    .select(['full_name', 'repositories.lower_name', 'repositories.named_at'])
    .select(['archived', 'visibility', 'facts_at'])
    .select(['known.lower_name as known_name', 'known.named_at as known_at'])
    .where('repositories.id', '=', id)
    .execute();
  const known = new Map(
    rows.flatMap(({ known_name, known_at }) =>
      known_name === null ? [] : [[known_name, known_at ?? 0] as const],
    ),
  );
  return { before: rows[0], known };
}

function newestOfEach(names: readonly RepositoryName[]): RepositoryName[] {
  const newest = new Map<string, RepositoryName>();
  for (const name of names) {
    const known = newest.get(name.repository);
    if (known === undefined || name.updatedAt >= known.updatedAt) newest.set(name.repository, name);
  }
  return [...newest.values()];
}

/** One statement for a new row and a known one. */
async function writeRepository(
  transaction: Transaction<Schema>,
  { id, ...columns }: Insertable<Schema['repositories']>,
): Promise<void> {
  await transaction
    .insertInto('repositories')
    .values({ id, ...columns })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
    .execute();
}

async function writeNames(
  transaction: Transaction<Schema>,
  repository_id: number,
  names: readonly RepositoryName[],
  known: ReadonlyMap<string, number>,
): Promise<void> {
  const times = new Map<string, number>();
  for (const { repository, updatedAt } of names) {
    const name = repository.toLowerCase();
    times.set(name, Math.max(updatedAt, times.get(name) ?? updatedAt));
  }
  const rows = [...times]
    .filter(([name, at]) => (known.get(name) ?? -Infinity) < at)
    .map(([lower_name, named_at]) => ({ repository_id, lower_name, named_at }));
  if (rows.length === 0) return;
  await transaction
    .insertInto('repository_names')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['lower_name', 'repository_id'])
        .doUpdateSet((eb) => ({ named_at: eb.ref('excluded.named_at') })),
    )
    .execute();
}

/** The repositories that deliveries or texts have told of, those last heard of first; `assigned`: an open issue is the bot's. */
export async function listKnownRepositories(
  db: Database,
  limit: number,
): Promise<{ id: number; name: string; assigned: boolean }[]> {
  const rows = await db
    .selectFrom('repositories')
    .select(['id', 'full_name as name'])
    .select((eb) => hasIssuesOfBot(eb).as('assigned'))
    .orderBy('named_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, assigned: Boolean(row.assigned) }));
}
