import { sql, type Transaction } from 'kysely';
import { z } from 'zod';

import type { Database } from '../db/database.ts';
import { keyIn, ofIssue } from '../db/key-filter.ts';
import { itemsOf } from '../db/portable.ts';
import type { ProposalsTable, Schema } from '../db/schema.ts';
import type { IssueFacts } from '../issue/facts.ts';
import { maxProposals, proposalOf, type Proposal } from '../issue/proposals.ts';
import {
  dependencySchema,
  countsAsEdge,
  readingSchema,
  type Dependency,
} from '../issue/reading.ts';
import { formatRef, keyOf, type IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from './issue-update.ts';
import { findNamedRepositoryId } from './repository-names.ts';
import { markChanged, markShown } from './revisions.ts';

/*
 * Dependencies that block nothing until a person decides. The issue whose text has the words shows them all; the
 * other issue shows those by which it would wait because Claude alone says so. An edge between the two settles it.
 * What Claude alone says is shown nowhere while the text of the other issue speaks against it.
 */

/** Puts what a text proposes in place of what it proposed before, and marks the issues that show it. */
export async function storeProposals(
  transaction: Transaction<Schema>,
  { facts, plan }: IssueUpdate,
  { forOthers, readingBefore, now }: StoredChange,
): Promise<void> {
  // What is closed neither waits nor blocks.
  const isShown = facts.open && !facts.deleted;
  const dependencies = isShown ? (plan?.reading.dependencies ?? []) : [];
  const rows = await rowsOf(transaction, facts, dependencies);
  const before = await transaction
    .selectFrom('proposals')
    .selectAll()
    .where(ofIssue(facts))
    .orderBy('place')
    .execute();
  if (JSON.stringify(before.map(textOf)) !== JSON.stringify(rows.map(textOf))) {
    await transaction.deleteFrom('proposals').where(ofIssue(facts)).execute();
    if (rows.length > 0) await transaction.insertInto('proposals').values(rows).execute();
    await markChanged(transaction, [...before, ...rows].flatMap(otherKey), now);
  }
  if (forOthers)
    await markShown(transaction, [
      ...rows.flatMap(otherKey),
      ...(await proposedAbout(transaction, facts)),
    ]);
  if (deniedIn(readingBefore) !== JSON.stringify(plan?.reading.denied ?? []))
    await markChanged(transaction, await proposedAbout(transaction, facts), now);
}

/** What this update changes about the issue. */
interface StoredChange {
  /** It was opened, closed, deleted or merged. */
  readonly forOthers: boolean;
  /** Its stored reading, JSON; null: it had none. */
  readonly readingBefore: string | null;
  readonly now: number;
}

const deniedSchema = readingSchema.pick({ denied: true });

function deniedIn(reading: string | null): string {
  return JSON.stringify(reading === null ? [] : deniedSchema.parse(JSON.parse(reading)).denied);
}

async function rowsOf(
  transaction: Transaction<Schema>,
  issue: IssueFacts,
  dependencies: readonly Dependency[],
): Promise<ProposalsTable[]> {
  const own = issue.repository.toLowerCase();
  const inDirection = Object.groupBy(
    dependencies.filter((dependency) => !countsAsEdge(dependency)),
    ({ direction }) => direction,
  );
  const shown = [inDirection.blocked_by ?? [], inDirection.blocks ?? []].flatMap((same) =>
    same.slice(0, maxProposals),
  );
  const rows: ProposalsTable[] = [];
  for (const { direction, repository, repositoryId, number, standing, evidence } of shown) {
    const name = (repository ?? issue.repository).toLowerCase();
    const known = name === own ? issue.repositoryId : repositoryId;
    const id = known ?? (await findNamedRepositoryId(transaction, name)) ?? null;
    if (id === issue.repositoryId && number === issue.number) continue;
    rows.push({
      ...{ repository_id: issue.repositoryId, number: issue.number, place: rows.length },
      ...{ other_repository_id: id, other_number: number },
      ...{ unresolved_name: id === null ? name : null, direction, evidence },
      standing: standing === 'disputed' ? 'disputed' : 'proposed',
    });
  }
  return rows;
}

/** All that a row says, in one order. */
function textOf(row: ProposalsTable): readonly unknown[] {
  const { other_repository_id: id, other_number: number, unresolved_name: name } = row;
  return [id, number, name, row.direction, row.standing, row.evidence];
}

function otherKey({ other_repository_id: repositoryId, other_number: number }: ProposalsTable) {
  return repositoryId === null ? [] : [{ repositoryId, number }];
}

/** The issues whose texts propose something about this one. */
function proposedAbout(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
): Promise<IssueKey[]> {
  return transaction
    .selectFrom('proposals')
    .select(['repository_id as repositoryId', 'number'])
    .where('other_repository_id', '=', repositoryId)
    .where('other_number', '=', number)
    .execute();
}

/** Gives the proposals that only had a repository's name its id. */
export async function resolveProposals(
  transaction: Transaction<Schema>,
  repositoryId: number,
  lowerName: string,
): Promise<void> {
  const resolved = await transaction
    .updateTable('proposals')
    .set({ other_repository_id: repositoryId, unresolved_name: null })
    .where('unresolved_name', '=', lowerName)
    .returningAll()
    .execute();
  await markShown(transaction, [...resolved.map(ownKey), ...resolved.flatMap(otherKey)]);
}

/** Marks the issues that show a proposal with the name of this repository. */
export async function markProposalsAround(
  transaction: Transaction<Schema>,
  repositoryId: number,
): Promise<void> {
  const rows = await transaction
    .selectFrom('proposals')
    .selectAll()
    .where((eb) =>
      eb.or([eb('repository_id', '=', repositoryId), eb('other_repository_id', '=', repositoryId)]),
    )
    .execute();
  await markShown(transaction, [...rows.map(ownKey), ...rows.flatMap(otherKey)]);
}

function ownKey({ repository_id: repositoryId, number }: ProposalsTable): IssueKey {
  return { repositoryId, number };
}

/** What these issues show, by issue: first what their own texts say, at most 20 in a direction, then the others'. */
export async function findProposals(
  db: Database,
  issues: readonly IssueKey[],
): Promise<ReadonlyMap<string, Proposal[]>> {
  const found = new Map<string, Proposal[]>();
  const add = (key: IssueKey, own: string, given: Omit<Proposal, 'confirm'>) => {
    const list = found.get(keyOf(key)) ?? [];
    const isThere = list.some(
      (each) => each.ref === given.ref && each.direction === given.direction,
    );
    if (!isThere) list.push(proposalOf(own, given));
    found.set(keyOf(key), list);
  };
  for (const row of await select(db, 'own', issues)) {
    const { direction, standing, evidence } = row;
    const [own, ref] = refsOf(row);
    add(row, own, { ref, direction, standing, evidence, readIn: own });
  }
  for (const row of await select(db, 'other', issues)) {
    if (row.otherId === null) continue;
    const { standing, evidence } = row;
    const [readIn, own] = refsOf(row);
    const key = { repositoryId: row.otherId, number: row.otherNumber };
    add(key, own, { ref: readIn, direction: 'blocked_by', standing, evidence, readIn });
  }
  return found;
}

/** The issue whose text it is, and the other one. */
function refsOf({ number, name, otherNumber, otherName }: Row): [string, string] {
  return [
    formatRef({ repository: name, number }),
    formatRef({ repository: otherName, number: otherNumber }),
  ];
}

const rowSchema = z.object({
  repositoryId: z.int(),
  number: z.int(),
  name: z.string(),
  otherId: z.int().nullable(),
  otherNumber: z.int(),
  otherName: z.string(),
  direction: dependencySchema.shape.direction,
  standing: z.enum(['proposed', 'disputed']),
  evidence: z.string(),
});
type Row = z.infer<typeof rowSchema>;

async function select(
  db: Database,
  side: 'own' | 'other',
  issues: readonly IssueKey[],
): Promise<Row[]> {
  const [id, number] =
    side === 'own' ? ['repository_id', 'number'] : ['other_repository_id', 'other_number'];
  const ofSide = side === 'own' ? sql`1 = 1` : sql`direction = 'blocks' and standing = 'proposed'`;
  const { rows } = await sql`select * from (
    select proposals.repository_id as "repositoryId", proposals.number, own.full_name as name,
      other_repository_id as "otherId", other_number as "otherNumber",
      coalesce(other.full_name, unresolved_name, '') as "otherName", direction, standing, evidence,
      row_number() over (
        partition by ${sql.ref(`proposals.${id}`)}, ${sql.ref(`proposals.${number}`)}, direction
        order by proposals.repository_id, proposals.number, place) as position
    from proposals
    join repositories as own on own.id = proposals.repository_id
    left join repositories as other on other.id = other_repository_id
    left join issues on issues.repository_id = other_repository_id and issues.number = other_number
    where ${keyIn(`proposals.${id}`, `proposals.${number}`, issues)} and ${ofSide}
      and coalesce(issues.open, 1) = 1 and coalesce(issues.deleted, 0) = 0
      and not (standing = 'proposed' and exists (
        select 1 from ${itemsOf('issues.reading', 'denied')} as denied
        where cast(denied.value ->> 'number' as bigint) = proposals.number
          and case when denied.value ->> 'repository' is null
            then proposals.repository_id = issues.repository_id
            else exists (select 1 from repository_names as named
              where named.repository_id = proposals.repository_id
                and named.lower_name = lower(denied.value ->> 'repository')) end))
      and not exists (select 1 from edges
        where blocked_repository_id = proposals.repository_id and blocked_number = proposals.number
          and blocker_repository_id = other_repository_id and blocker_number = other_number)
      and not exists (select 1 from edges
        where blocker_repository_id = proposals.repository_id and blocker_number = proposals.number
          and blocked_repository_id = other_repository_id and blocked_number = other_number)
  ) as numbered where position <= ${maxProposals} order by "repositoryId", number, position`.execute(
    db,
  );
  return rowSchema.array().parse(rows);
}
