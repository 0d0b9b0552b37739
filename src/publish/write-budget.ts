import { keyOf, type IssueKey } from '../issue/ref.ts';
import { Storm } from './refused.ts';

/** Maximum of repeated writes a minute: a person makes fewer, a loop makes more. */
const maxRepeats = 30;
/** Maximum of all writes a minute: a hundred blockers closed at once make a hundred texts. */
const maxWrites = 300;
const windowMs = 60_000;
/** Number of issues at which old writes are cleared away. */
const maxIssues = 1_000;

type PastWrite = Readonly<{ at: number; content: string }>;

/** Called before each write; `content` identifies what is written. Throws `Storm` after too many writes. */
export type Spend = (issue: IssueKey, content: string) => void;

/**
 * Counts the writes to each issue, to end a loop in which two programs undo each other's writes for ever.
 * A loop repeats the same writes; an issue that changes often gets new texts. A restart resets the counts.
 */
export function createWriteBudget(now: () => number): Spend {
  const writes = new Map<string, PastWrite[]>();

  function spend(issue: IssueKey, content: string): void {
    const key = keyOf(issue);
    const recent = [...recentOf(writes.get(key) ?? []), { at: now(), content }];
    const repeats = recent.length - new Set(recent.map((write) => write.content)).size;
    if (repeats > maxRepeats)
      throw new Storm(
        `The same was written to one issue more than ${maxRepeats} times within a minute.`,
      );
    if (recent.length > maxWrites)
      throw new Storm(`More than ${maxWrites} writes to one issue within a minute.`);
    if (writes.size >= maxIssues) forget();
    writes.set(key, recent);
  }

  function recentOf(all: readonly PastWrite[]): PastWrite[] {
    return all.filter(({ at }) => at > now() - windowMs && at <= now());
  }

  function forget(): void {
    for (const [key, all] of writes) if (recentOf(all).length === 0) writes.delete(key);
  }

  return spend;
}
