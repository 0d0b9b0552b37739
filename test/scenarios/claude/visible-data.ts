import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sql } from 'kysely';
import { expect } from 'vitest';
import { z } from 'zod';

import type { Service } from '../../support/service.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { locationIn } from '../../support/database.ts';

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

/** All rows of all tables, by the name of the table. */
export async function allTables({
  directory,
}: Service): Promise<ReadonlyMap<string, z.infer<typeof rowsSchema>>> {
  const db = createDatabase(locationIn(directory));
  const names = (await db.introspection.getTables()).map(({ name }) => name);
  const tables = new Map<string, z.infer<typeof rowsSchema>>();
  for (const name of names) {
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(db);
    tables.set(name, rowsSchema.parse(rows));
  }
  await db.destroy();
  expect(tables.size).toBeGreaterThan(4);
  return tables;
}

/**
 * Everything a person or a program could get to see: the files, all tables, all routes, these issues' plans,
 * all log lines.
 */
export async function visibleData(service: Service, refs: readonly string[]) {
  const plans = refs.map((ref) => `/issues/${ref.replace('#', '/')}`);
  const paths = ['/issues', ...plans, '/queue', '/deliveries'];
  const shown: unknown[] = [];
  for (const path of paths) shown.push((await service.api(path)).json);
  const health = await (await service.health()).text();
  const tables = [...(await allTables(service))];
  const files = readdirSync(service.directory).map((file) =>
    readFileSync(join(service.directory, file)).toString('latin1'),
  );
  expect(service.logs.length).toBeGreaterThan(0);
  return { text: JSON.stringify([shown, tables, service.logs, health]), files: files.join('\n') };
}
