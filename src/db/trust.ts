import { sql, type Kysely } from 'kysely';

import type { Schema } from './schema.ts';

/** Statements of the migration, in order; `schema.ts` explains the columns. */
const statements: readonly string[] = [];

/** Adds the facts on which trust rests: what may be seen, handed out and believed. */
export async function addTrust(db: Kysely<Schema>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
