import { sql, type RawBuilder } from 'kysely';

import type { DeliveryRow } from '../db/schema.ts';

type StoredStatus = DeliveryRow['status'];

/**
 * A status as part of the statement instead of a parameter: only then may SQLite use the indexes that
 * hold the rows of one status.
 */
export function literal(status: StoredStatus): RawBuilder<StoredStatus> {
  return sql.lit(status);
}

/** The status of rows that are due or wait for their time. */
export const waiting = literal('waiting');

/**
 * The statuses of the few rows that failed. SQLite uses their index only for statements that contain this
 * condition word for word, whatever else they say of the status.
 */
export const failedStatuses = [literal('dead'), literal('rejected')];
