import { sql } from 'kysely';
import { z } from 'zod';

import type { Database } from '../database.ts';

/** A table as SQLite's catalog has it. The other database comes from the same migrations. */
export interface CopiedTable {
  readonly name: string;
  /** In the order in which rows are copied and hashed. */
  readonly columns: readonly string[];
  /** Columns of the primary key; none: there is no key. */
  readonly key: readonly string[];
  /** The column whose numbers the database gives, each of them once. */
  readonly counter: string | undefined;
}

/** Holds nothing but what the check of the store has written last. */
const notCopied = 'store_checks';

const tablesSchema = z.array(z.object({ name: z.string(), sql: z.string() }));
const columnsSchema = z.array(z.object({ name: z.string(), pk: z.int() }));

/** The tables of a SQLite database that are copied, in the order in which the migrations made them. */
export async function copiedTables(sqlite: Database): Promise<readonly CopiedTable[]> {
  const { rows } = await sql`select name, sql from sqlite_schema where type = 'table'
    and name not like 'sqlite_%' and name not like 'kysely_%' and name <> ${notCopied}
    order by rowid`.execute(sqlite);
  const tables: CopiedTable[] = [];
  for (const { name, sql: definition } of tablesSchema.parse(rows)) {
    const found = await sql`select name, pk from pragma_table_info(${name}) order by cid`.execute(
      sqlite,
    );
    const columns = columnsSchema.parse(found.rows);
    const key = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk);
    tables.push({
      name,
      columns: columns.map((column) => column.name),
      key: key.map((column) => column.name),
      counter: / autoincrement\b/i.test(definition) ? key[0]?.name : undefined,
    });
  }
  return tables;
}
