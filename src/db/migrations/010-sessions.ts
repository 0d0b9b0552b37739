import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Adds the sessions of people who look at the pages. */
export async function addSessions(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, [
    `create table sessions (
    id_hash text not null primary key, caller text not null, proof text not null,
    began_at integer not null, expires_at integer not null)`,
    'create index sessions_expired on sessions (expires_at)',
  ]);
}
