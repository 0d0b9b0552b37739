import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect } from 'vitest';
import { z } from 'zod';

import type { Service } from '../../support/service.ts';

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

/** All rows of all tables, by the name of the table. */
export function allTables(service: Service): ReadonlyMap<string, z.infer<typeof rowsSchema>> {
  const database = new DatabaseSync(join(service.directory, 'coordinator.db'), { readOnly: true });
  const names = z
    .array(z.looseObject({ name: z.string() }))
    .parse(database.prepare("select name from sqlite_master where type = 'table'").all());
  const tables = names.map(
    ({ name }) =>
      [name, rowsSchema.parse(database.prepare(`select * from "${name}"`).all())] as const,
  );
  database.close();
  expect(tables.length).toBeGreaterThan(4);
  return new Map(tables);
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
  const tables = [...allTables(service)];
  const files = readdirSync(service.directory).map((file) =>
    readFileSync(join(service.directory, file)).toString('latin1'),
  );
  expect(service.logs.length).toBeGreaterThan(0);
  return { text: JSON.stringify([shown, tables, service.logs, health]), files: files.join('\n') };
}
