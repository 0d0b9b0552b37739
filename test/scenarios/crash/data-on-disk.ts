import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

const textColumn = z.array(z.object({ value: z.string() }));

/**
 * Reads the data that a killed service left on disk. It reads a copy: opening the database would repair it, which is for
 * the next service to do.
 */
export function dataOnDisk(directory: string) {
  const copy = join(directory, 'copy');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const file of ['coordinator.db', 'coordinator.db-wal'])
    copyFileSync(join(directory, file), join(copy, file));
  const db = new DatabaseSync(join(copy, 'coordinator.db'), { readOnly: true });
  const column = (sql: string) =>
    new Set(textColumn.parse(db.prepare(sql).all()).map(({ value }) => value));
  const deliveries = column('select id as value from deliveries');
  const answers = column('select key as value from model_answers');
  db.close();
  return { deliveries, answers };
}
