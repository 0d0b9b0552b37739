import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { loadDatabasePath } from '../../config.ts';
import { backUp } from '../../db/sqlite/backup.ts';
import type { Io } from '../io.ts';

/** `backup FILE`, whether the service runs or not. */
export function backup(io: Io, file: string): void {
  const path = loadDatabasePath(io.environment());
  backUp(path, file);
  const { size } = statSync(file);
  io.stdout.write(
    `${resolve(file)} holds ${path} as it was just now (${size} bytes, checked). To restore it, see docs/operations.md.\n`,
  );
}
