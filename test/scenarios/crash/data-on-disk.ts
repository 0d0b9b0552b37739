import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

const textColumn = z.array(z.object({ value: z.string() }));

const databaseNames = ['coordinator.db', 'coordinator.db.spool'];

/**
 * Reads the data that a killed service left on disk. It reads a copy: opening the database would repair it, which is for
 * the next service to do.
 */
export function dataOnDisk(directory: string) {
  const column = readCopy(directory);
  const spooled = column('coordinator.db.spool', 'select id as value from arrivals');
  const taken = column('coordinator.db', 'select id as value from deliveries');
  const answers = new Set(column('coordinator.db', 'select key as value from model_answers'));
  return { deliveries: new Set([...spooled, ...taken]), spooled, answers };
}

/**
 * The deliveries of both databases, of which each page and index is checked first; also on a copy. Throws when one is
 * damaged. A file or a table that is not there yet, or no more, holds nothing.
 */
export function soundDatabases(directory: string) {
  const column = readCopy(directory);
  const tables = new Set<string>();
  for (const name of databaseNames.filter((file) => existsSync(join(directory, file)))) {
    const found = column(name, 'select integrity_check as value from pragma_integrity_check');
    if (found.join() !== 'ok') throw new Error(`${name} is damaged: ${found.join()}`);
    for (const table of column(name, 'select name as value from sqlite_schema')) tables.add(table);
  }
  const ids = (file: string, table: string, condition = 'true') =>
    tables.has(table) ? column(file, `select id as value from ${table} where ${condition}`) : [];
  const spooled = ids('coordinator.db.spool', 'arrivals');
  const taken = ids('coordinator.db', 'deliveries');
  const done = ids('coordinator.db', 'deliveries', "status = 'done'");
  return { stored: new Set([...spooled, ...taken]), spooled, done };
}

/** Copies the databases, and returns how a column of one is read. */
function readCopy(directory: string) {
  const copy = join(directory, 'copy');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const name of databaseNames)
    for (const file of [name, `${name}-wal`, `${name}-journal`])
      if (existsSync(join(directory, file))) copyFileSync(join(directory, file), join(copy, file));
  return (file: string, sql: string) => {
    const db = new DatabaseSync(join(copy, file));
    try {
      return textColumn.parse(db.prepare(sql).all()).map(({ value }) => value);
    } finally {
      db.close();
    }
  };
}
