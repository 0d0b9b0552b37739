import type { Database } from './database.ts';

/** The repositories that deliveries or texts have told of, those last heard of first. */
export function listKnownRepositories(
  db: Database,
  limit: number,
): Promise<{ id: number; name: string }[]> {
  return db
    .selectFrom('repositories')
    .select(['id', 'full_name as name'])
    .orderBy('named_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
}
