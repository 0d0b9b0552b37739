import { keyOf, type IssueKey } from '../issue/ref.ts';
import { Storm } from './refused.ts';

/** Two for each change of state: a person makes fewer than 15 in a minute, a loop makes more. */
const mostWrites = 30;
const windowMs = 60_000;
/** Issues whose old times are kept before they are cleared away. */
const issuesKept = 1_000;

/**
 * Counts writes to each issue: a loop, in which two programs undo each other's writes for ever, ends here.
 * After a restart it counts from nothing.
 */
export function createWriteBudget(now: () => number) {
  const times = new Map<string, number[]>();

  /** To be called before each write; throws `Storm` when there were too many. */
  function spend(issue: IssueKey): void {
    const key = keyOf(issue);
    const recent = recentOf(times.get(key) ?? []);
    if (recent.length >= mostWrites)
      throw new Storm(`More than ${mostWrites} writes to one issue within a minute.`);
    if (times.size >= issuesKept) forget();
    times.set(key, [...recent, now()]);
  }

  function recentOf(all: readonly number[]): number[] {
    return all.filter((at) => at > now() - windowMs);
  }

  function forget(): void {
    for (const [key, all] of times) if (recentOf(all).length === 0) times.delete(key);
  }

  return { spend };
}
