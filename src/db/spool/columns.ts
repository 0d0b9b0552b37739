import type { SQLInputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/*
 * What the threads of SQLite know of the spool. They load no library: each would cost a start of the service, and of
 * every test, a tenth of a second.
 */

/** The columns that a delivery has in the spool; all others of `deliveries` follow from them. */
export const spooledColumns = [
  'id',
  'status',
  'event_name',
  'kind',
  'repository_id',
  'issue_number',
  'snapshot_at',
  'body_hash',
  'received_at',
  'error',
  'event',
  'raw_size',
  'body',
  'raw',
] as const;

/** One delivery in the order of `spooledColumns`. */
export type SpooledRow = readonly SQLInputValue[];

/** A database as a second one of a connection, which can only read it. */
export function readOnlyUri(path: string): string {
  return `${pathToFileURL(path).href}?mode=ro`;
}
