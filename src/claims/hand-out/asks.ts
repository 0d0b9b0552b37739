import { isInScope, type Scope } from '../../plans/scope.ts';
import type { Refusal } from '../claim.ts';

/** Who asks for work, and for which. */
interface Asking {
  readonly worker: string;
  /** Undefined: any. */
  readonly agents: readonly string[] | undefined;
  readonly repositoryIds: readonly number[] | undefined;
  readonly scope: Scope;
}

/** The last call for work of one kind. */
export interface Ask extends Asking {
  /** When it came or, if it waited, ended; epoch milliseconds. */
  readonly at: number;
  /** Calls that wait now. */
  readonly waiting: number;
  /** Why it was turned away. */
  readonly refusal: Refusal | undefined;
}

/** Kinds of calls that are remembered: each worker asks for the same again and again. */
const maxAsks = 500;

export type Asks = ReturnType<typeof createAsks>;

/**
 * Remembers the last calls for work since the start, in memory: a row for each would cost more than the work of the
 * call. Another replica has calls of its own, so who shows them has to know that there is none.
 */
export function createAsks(now: () => number) {
  const asks = new Map<string, Ask>();
  const startedAt = now();

  /** A call begins; the returned function ends it. */
  function begin(asking: Asking): (refusal?: Refusal) => void {
    const key = JSON.stringify([
      asking.worker,
      asking.agents ?? null,
      asking.repositoryIds ?? null,
      asking.scope ?? null,
    ]);
    const put = (change: -1 | 1, refusal: Refusal | undefined) => {
      const waiting = (asks.get(key)?.waiting ?? 0) + change;
      asks.delete(key);
      asks.set(key, { ...asking, at: now(), waiting: Math.max(0, waiting), refusal });
      const [oldest] = asks.keys();
      if (asks.size > maxAsks && oldest !== undefined) asks.delete(oldest);
    };
    put(1, undefined);
    return (refusal) => {
      put(-1, refusal);
    };
  }

  /** The newest call that could have been given such an issue; one that waits is newer than all others. */
  function latestFor(issue: AskedIssue): Ask | undefined {
    const fitting = [...asks.values()].filter((ask) => fits(ask, issue));
    return fitting.find(({ waiting }) => waiting > 0) ?? fitting.at(-1);
  }

  return { begin, latestFor, startedAt };
}

interface AskedIssue {
  readonly repositoryId: number;
  readonly repository: string;
  readonly agent: string;
}

function fits(
  { agents, repositoryIds, scope }: Ask,
  { agent, repositoryId, repository }: AskedIssue,
): boolean {
  return (
    agents?.includes(agent) !== false &&
    repositoryIds?.includes(repositoryId) !== false &&
    isInScope(scope, repository)
  );
}
