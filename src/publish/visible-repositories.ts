import type { Database } from '../db/database.ts';
import type { Plan } from '../issue/plan.ts';
import { parseRef } from '../issue/ref.ts';
import type { Visibility } from '../issue/repository-facts.ts';

/** How many people may see a repository; 0: nobody has said so. */
const widths: Readonly<Record<Visibility, number>> = { private: 1, limited: 2, public: 3 };

interface SeenRepository {
  readonly lower_name: string;
  readonly visibility: Visibility | null;
}

/**
 * Lower-case names of the repositories that a plan names and whose issues everybody may see who may see this
 * one: its own, public ones, and those of the same owner with at least the same visibility. A repository
 * whose visibility is not known is not among them. Accepted: within one owner, people may have access to
 * one private repository and not to another.
 */
export async function findVisibleRepositories(db: Database, plan: Plan): Promise<Set<string>> {
  const own = lowerRepository(plan.ref);
  if (own === undefined) return new Set();
  const names = new Set(
    [
      [...plan.blockedBy, ...plan.proposals].map(({ ref }) => ref),
      plan.reason,
      plan.warnings,
    ].flatMap(repositoriesIn),
  );
  const rows = await db
    .selectFrom('repositories')
    .select(['lower_name', 'visibility'])
    .where('lower_name', 'in', [own, ...names])
    .execute();
  const narrowest = byName(rows);
  const mine = narrowest.get(own) ?? 0;
  const visible = [...narrowest].filter(
    ([name, width]) =>
      width === widths.public || (mine > 0 && width >= mine && ownerOf(name) === ownerOf(own)),
  );
  return new Set([own, ...visible.map(([name]) => name)]);
}

/** Of repositories with one name, an old one was renamed without our knowing: the narrowest counts. */
function byName(rows: readonly SeenRepository[]): Map<string, number> {
  const narrowest = new Map<string, number>();
  for (const { lower_name: name, visibility } of rows) {
    const width = visibility === null ? 0 : widths[visibility];
    narrowest.set(name, Math.min(width, narrowest.get(name) ?? width));
  }
  return narrowest;
}

/** Repositories of all references among these values, however deep. */
function repositoriesIn(value: unknown): string[] {
  if (typeof value === 'string') return [lowerRepository(value) ?? []].flat();
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(repositoriesIn);
}

function lowerRepository(ref: string): string | undefined {
  return parseRef(ref)?.repository.toLowerCase();
}

function ownerOf(lowerName: string): string {
  return lowerName.slice(0, lowerName.indexOf('/'));
}
