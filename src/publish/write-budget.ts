import { keyOf, type IssueKey } from '../issue/ref.ts';
import { Storm } from './refused.ts';

/** A person who changes an issue back and forth makes fewer in a minute, a loop makes more. */
const mostRepeats = 30;
/** Whatever it is that is written: a hundred blockers closed at once make a hundred texts. */
const mostWrites = 300;
const windowMs = 60_000;
/** Issues whose old times are kept before they are cleared away. */
const issuesKept = 1_000;

interface Write {
  readonly at: number;
  readonly what: string;
}

/** To be called before each write, `what` telling it from others; throws `Storm` when there were too many. */
export type Spend = (issue: IssueKey, what: string) => void;

/**
 * Counts writes to each issue: a loop, in which two programs undo each other's writes for ever, ends here.
 * It writes the same again and again, while an issue that many things happen to gets ever new texts. After
 * a restart it counts from nothing.
 */
export function createWriteBudget(now: () => number): { readonly spend: Spend } {
  const writes = new Map<string, Write[]>();

  function spend(issue: IssueKey, what: string): void {
    const key = keyOf(issue);
    const recent = [...recentOf(writes.get(key) ?? []), { at: now(), what }];
    const repeats = recent.length - new Set(recent.map((write) => write.what)).size;
    if (repeats > mostRepeats)
      throw new Storm(
        `The same was written to one issue more than ${mostRepeats} times within a minute.`,
      );
    if (recent.length > mostWrites)
      throw new Storm(`More than ${mostWrites} writes to one issue within a minute.`);
    if (writes.size >= issuesKept) forget();
    writes.set(key, recent);
  }

  function recentOf(all: readonly Write[]): Write[] {
    return all.filter(({ at }) => at > now() - windowMs);
  }

  function forget(): void {
    for (const [key, all] of writes) if (recentOf(all).length === 0) writes.delete(key);
  }

  return { spend };
}
