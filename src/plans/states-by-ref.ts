import type { Database } from '../db/database.ts';
import { oneOf } from '../db/key-filter.ts';
import { formatRef, parseRef } from '../issue/ref.ts';
import { states, type State } from '../issue/state.ts';

/** How it stands with an issue that another one waits for. */
export interface BlockerState {
  readonly state: State;
  /** The one that it is planned for. */
  readonly agent: string | null;
}

/** How it stands with issues, given and returned by their references; what is not known here is left out. */
export async function findBlockerStates(
  db: Database,
  refs: readonly string[],
): Promise<ReadonlyMap<string, BlockerState>> {
  const wanted = new Set(refs);
  const parsed = [...wanted].flatMap((ref) => parseRef(ref) ?? []);
  if (parsed.length === 0) return new Map();
  const names = [...new Set(parsed.map(({ repository }) => repository.toLowerCase()))];
  const numbers = [...new Set(parsed.map(({ number }) => number))];
  const rows = await db
    .selectFrom('issues')
    .innerJoin('repositories', 'repositories.id', 'issues.repository_id')
    .select(['full_name as repository', 'number', 'state', 'agent'])
    .where(oneOf('lower_name', names))
    .where('number', 'in', numbers)
    .where('deleted', '=', 0)
    .execute();
  return new Map(
    rows.flatMap(({ repository, number, state: stored, agent }) => {
      const ref = formatRef({ repository, number });
      const state = states.find((each) => each === stored);
      return wanted.has(ref) && state !== undefined ? [[ref, { state, agent }] as const] : [];
    }),
  );
}
