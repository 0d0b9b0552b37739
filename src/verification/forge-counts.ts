import type { Database } from '../db/database.ts';
import { countRefusedPulls } from './pull-rows.ts';

/** For health. `statuses`: those to write; `refused`: writes that Gitea refused last time; `refusal`: one of them, for people. */
export async function countForge(db: Database) {
  const statuses = await db
    .selectFrom('commit_statuses')
    .select((eb) => [
      eb.fn.countAll<number>().as('due'),
      eb.fn.count<number>('error').as('refused'),
    ])
    .select((eb) => eb.fn.max('error').as('refusal'))
    .where('written', '=', 0)
    .executeTakeFirstOrThrow();
  const pulls = await countRefusedPulls(db);
  const refused = statuses.refused + pulls.refused;
  return { statuses: statuses.due, refused, refusal: statuses.refusal ?? pulls.refusal };
}
