import { existsSync, realpathSync, statSync } from 'node:fs';

import { spoolPath } from './spool/file.ts';

/** Bytes of the files of a database of SQLite by part: its data, the write-ahead log, and the spool with its log. */
export function fileSizes(path: string) {
  const file = existsSync(path) ? realpathSync(path) : path;
  const spool = spoolPath(path);
  return {
    data: sizeOf(file),
    log: sizeOf(`${file}-wal`),
    spool: sizeOf(spool) + sizeOf(`${spool}-wal`),
  };
}

/** 0 where there is none. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
