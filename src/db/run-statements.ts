import { sql, type Kysely } from 'kysely';

import { isPostgres } from './portable.ts';
import type { Schema } from './schema.ts';

/**
 * SQLite's words for types as PostgreSQL's. SQLite's integers have 64 bits. Texts are compared by their bytes, as in
 * SQLite, whatever the language of the server is.
 */
const words: readonly (readonly [RegExp, string])[] = [
  [/\binteger primary key autoincrement\b/g, 'bigserial primary key'],
  [/\binteger\b/g, 'bigint'],
  [/\btext\b/g, 'text collate "C"'],
  [/\breal\b/g, 'double precision'],
  [/\bblob\b/g, 'bytea'],
  [/ without rowid$/g, ''],
  [/\bjson_extract\((\w+), '\$\.(\w+)'\)/g, `(cast($1 as json) #>> '{$2}')`],
];

/** Statements that make or change tables: texts in other statements are data. */
const definition = /^\s*(create|alter)\b/;

/** Runs the statements of a migration, which are written for SQLite, on either database. */
export async function runStatements(
  db: Kysely<Schema>,
  statements: readonly string[],
): Promise<void> {
  for (const statement of statements) await sql.raw(statementFor(db, statement)).execute(db);
}

function statementFor(db: Kysely<Schema>, statement: string): string {
  if (!isPostgres(db) || !definition.test(statement)) return statement;
  return words.reduce((text, [word, other]) => text.replaceAll(word, other), statement);
}
