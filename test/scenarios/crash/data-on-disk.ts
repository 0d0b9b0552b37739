import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
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
  for (const name of ['coordinator.db', 'coordinator.db.spool'])
    for (const file of [name, `${name}-wal`])
      if (existsSync(join(directory, file))) copyFileSync(join(directory, file), join(copy, file));
  const column = (file: string, sql: string) => {
    const db = new DatabaseSync(join(copy, file), { readOnly: true });
    const values = textColumn.parse(db.prepare(sql).all()).map(({ value }) => value);
    db.close();
    return values;
  };
  const spooled = column('coordinator.db.spool', 'select id as value from arrivals');
  const taken = column('coordinator.db', 'select id as value from deliveries');
  const answers = new Set(column('coordinator.db', 'select key as value from model_answers'));
  return { deliveries: new Set([...spooled, ...taken]), spooled, answers };
}
