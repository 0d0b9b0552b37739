import type { Database } from '../db/database.ts';
import { findRepositoryId } from './repository-names.ts';

interface StoredReference {
  readonly title: string;
  readonly state: 'open' | 'closed' | 'pull request';
}

/** Title and state of the stored issues of one repository with these numbers, by number. */
export async function findKnownReferences(
  db: Database,
  repository: string,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, StoredReference>> {
  const repositoryId = await findRepositoryId(db, repository);
  if (repositoryId === undefined || numbers.length === 0) return new Map();
  const rows = await db
    .selectFrom('issues')
    .select(['number', 'title', 'open', 'merged'])
    .where('repository_id', '=', repositoryId)
    .where('number', 'in', numbers)
    .where('deleted', '=', 0)
    .execute();
  return new Map(
    rows.map(({ number, title, open, merged }) => {
      const state = merged !== null ? 'pull request' : open === 1 ? 'open' : 'closed';
      return [number, { title, state }];
    }),
  );
}
