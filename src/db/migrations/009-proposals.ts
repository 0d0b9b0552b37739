import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/**
 * Adds the dependencies that block nothing until a person decides: both of their issues show them. Those of texts
 * that were read before come when they are read again.
 */
export async function addProposals(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, [
    `create table proposals (
    repository_id integer not null, number integer not null, place integer not null,
    other_repository_id integer, other_number integer not null, unresolved_name text,
    direction text not null, standing text not null, evidence text not null,
    primary key (repository_id, number, place)) without rowid`,
    'create index proposals_of_other on proposals (other_repository_id, other_number)',
    `create index proposals_unresolved on proposals (unresolved_name)
    where unresolved_name is not null`,
  ]);
}
