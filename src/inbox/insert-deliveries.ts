import { z } from 'zod';

import type { NewDelivery } from '../db/delivery-rows.ts';

/**
 * Inserts rows in one commit, except those whose id or bytes are stored already; resolves after the commit
 * with the new ids. One whose id another delivery has is not inserted either: the caller sees it, and may choose
 * another id. A stored row that was rejected or given up is no obstacle: the new one takes its place.
 * Rejects with `StoreUnavailable`.
 */
export type InsertDeliveries = (rows: readonly NewDelivery[]) => Promise<Set<string>>;

const insertedSchema = z.array(z.object({ id: z.string() }));

/** The ids that an insert returned. */
export function insertedIds(rows: unknown): Set<string> {
  return new Set(insertedSchema.parse(rows).map(({ id }) => id));
}
