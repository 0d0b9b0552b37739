import { isDeepStrictEqual } from 'node:util';

import { sql, type Transaction } from 'kysely';

import { estimateSchema } from '../issue/estimate.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { assignAgent } from '../planning/assign-agent.ts';
import { chosenAgentSchema } from '../issue/reasons.ts';
import { holdingLabel } from '../issue/hold-labels.ts';
import { readingSchema } from '../issue/reading.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { Database } from '../db/database.ts';
import { jsonField } from '../db/portable.ts';
import type { Schema } from '../db/schema.ts';
import { parseNames } from '../db/stored-names.ts';
import { distinctKeys } from './open-graph.ts';

const readForChoiceSchema = readingSchema.pick({ difficulty: true, assignedAgent: true });

/**
 * Stale plans of the bot's open issues: those that these profiles would give to another agent or for another
 * reason, those that these labels would hold or let go, those whose text contains the name of an agent that is new
 * since the last start, and those that an older version read and Claude alone ties to another issue.
 */
export async function findStalePlans(
  db: Database,
  profiles: readonly AgentProfile[],
  holdLabels: readonly string[],
): Promise<IssueKey[]> {
  const stale = [
    ...(await heldDifferently(db, holdLabels)),
    ...(await assignedDifferently(db, profiles)),
    ...(await namingNewAgents(db, profiles)),
    ...(await tiedByClaudeBefore(db)),
  ];
  return [...distinctKeys(stale).values()];
}

async function heldDifferently(db: Database, holdLabels: readonly string[]): Promise<IssueKey[]> {
  const rows = await db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'labels', 'held_by'])
    .where('deleted', '=', 0)
    .where('open', '=', 1)
    .where('assigned', '=', 1)
    .where((eb) => eb.or([eb('labels', '!=', '[]'), eb('held_by', 'is not', null)]))
    .execute();
  return rows
    .filter((row) => (holdingLabel(parseNames(row.labels), holdLabels) ?? null) !== row.held_by)
    .map((row) => ({ repositoryId: row.repository_id, number: row.number }));
}

/** Stores the agents of this start. Call it after the stale plans were refreshed. */
export async function rememberAgents(
  transaction: Transaction<Schema>,
  profiles: readonly AgentProfile[],
): Promise<void> {
  await transaction.deleteFrom('known_agents').execute();
  await transaction
    .insertInto('known_agents')
    .values(profiles.map(({ name }) => ({ name })))
    .execute();
}

/** Searches the texts for new names only; each is a word of `a-z0-9_-`, safe in a LIKE pattern. */
async function namingNewAgents(
  db: Database,
  profiles: readonly AgentProfile[],
): Promise<IssueKey[]> {
  const known = await db.selectFrom('known_agents').select('name').execute();
  const names = new Set(known.map(({ name }) => name));
  const added = profiles.filter(({ name }) => !names.has(name));
  if (added.length === 0) return [];
  return db
    .selectFrom('issue_texts')
    .innerJoin('issues', (join) =>
      join
        .onRef('issues.repository_id', '=', 'issue_texts.repository_id')
        .onRef('issues.number', '=', 'issue_texts.number'),
    )
    .select(['issues.repository_id as repositoryId', 'issues.number'])
    .where('deleted', '=', 0)
    .where('open', '=', 1)
    .where('assigned', '=', 1)
    .where((eb) => eb.or(added.map(({ name }) => sql<boolean>`lower(body) like ${`%${name}%`}`)))
    .execute();
}

/**
 * The ends of what Claude alone says, where their reading has no list of what a person denies: the version that made
 * it let such an edge block whatever a person says, also where it is only a proposal now.
 */
function tiedByClaudeBefore(db: Database): Promise<IssueKey[]> {
  return db
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number'])
    .where('deleted', '=', 0)
    .where('open', '=', 1)
    .where('assigned', '=', 1)
    .where('reading', 'is not', null)
    .where(sql<boolean>`${jsonField('reading', 'denied')} is null`)
    .where(
      sql<boolean>`(exists (select 1 from edges where source = 'model'
          and declared_repository_id = issues.repository_id and declared_number = issues.number)
        or exists (select 1 from edges where source = 'model'
          and blocked_repository_id = issues.repository_id and blocked_number = issues.number)
        or exists (select 1 from proposals
          where other_repository_id = issues.repository_id and other_number = issues.number))`,
    )
    .execute();
}

async function assignedDifferently(
  db: Database,
  profiles: readonly AgentProfile[],
): Promise<IssueKey[]> {
  const rows = await db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'labels', 'reading', 'estimate', 'assignment'])
    .where('deleted', '=', 0)
    .where('open', '=', 1)
    .where('assigned', '=', 1)
    .where('assignment', 'is not', null)
    .execute();
  const parse = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
  return rows
    .filter((row) => {
      const stored = chosenAgentSchema.parse(parse(row.assignment));
      const present = assignAgent(
        readForChoiceSchema.parse(parse(row.reading)),
        estimateSchema.parse(parse(row.estimate)),
        profiles,
        parseNames(row.labels),
      );
      return stored.agent !== present.agent || !isDeepStrictEqual(stored.reason, present.reason);
    })
    .map((row) => ({ repositoryId: row.repository_id, number: row.number }));
}
