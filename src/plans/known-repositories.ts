import type { Database } from '../db/database.ts';

/** The repositories that deliveries or texts have told of, those last heard of first; `assigned`: an open issue is the bot's. */
export async function listKnownRepositories(
  db: Database,
  limit: number,
): Promise<{ id: number; name: string; assigned: boolean }[]> {
  const rows = await db
    .selectFrom('repositories')
    .select(['id', 'full_name as name'])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('issues')
            .select('issues.number')
            .whereRef('issues.repository_id', '=', 'repositories.id')
            .where('issues.assigned', '=', 1)
            .where('issues.open', '=', 1)
            .where('issues.deleted', '=', 0),
        )
        .as('assigned'),
    )
    .orderBy('named_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, assigned: Boolean(row.assigned) }));
}
