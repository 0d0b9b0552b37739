import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { CoordinatorError } from '../../errors.ts';
import { createPrivateFile } from '../sqlite/private-files.ts';
import { quickCheck } from '../sqlite/quick-check.ts';
import { asStoreError } from '../sqlite/store-fault.ts';

/**
 * The spool: a second SQLite file beside the database, in which accepted deliveries wait until the core has
 * taken them into `deliveries`. Only the thread of `spool.ts` writes it, so that no acknowledgement ever waits for
 * a write of the core.
 *
 * `autoincrement`: a number is never given twice. What was taken in is deleted by number, and late: with numbers that
 * begin anew once the table is empty, a delivery that nobody has taken in yet would be deleted.
 */
const schema = `
  create table if not exists arrivals (
    seq integer primary key autoincrement,
    id text not null,
    status text not null,
    event_name text not null,
    kind text,
    repository_id integer,
    issue_number integer,
    snapshot_at integer,
    body_hash text not null,
    received_at integer not null,
    error text,
    event text,
    raw_size integer not null,
    body text,
    raw text
  ) strict;
  drop index if exists arrivals_bytes;
  create table if not exists probes (id integer primary key, checked_at integer not null, filler blob) strict`;

/** The spool of a database, which need not exist yet: one for all links to it. */
export function spoolPath(databasePath: string): string {
  return `${targetOf(databasePath)}.spool`;
}

function targetOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  // SQLite makes the file that a link points to.
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? resolve(dirname(path), readlinkSync(path)) : path;
}

/** Makes the spool of a database unless it is there. Throws `spool_damaged`, or what SQLite throws. */
export function prepareSpool(path: string): void {
  const found = existsSync(path) ? quickCheck(path) : undefined;
  if (found !== undefined)
    throw new CoordinatorError(
      'spool_damaged',
      `The file ${path} is damaged (${found}). In it, accepted deliveries wait until they are handled. Check the disk, move the file away and start again: what it held is found on Gitea by the next reconcile pass.`,
    );
  try {
    createPrivateFile(path);
    const spool = new DatabaseSync(path);
    try {
      spool.exec(`pragma journal_mode = wal; pragma synchronous = full; ${schema}`);
    } finally {
      spool.close();
    }
  } catch (error) {
    throw asStoreError(error);
  }
}
