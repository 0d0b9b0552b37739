import { isInScope, type Scope } from '../../plans/scope.ts';

/** Who asks for work, and for which. */
interface Asking {
  readonly worker: string;
  /** Undefined: any. */
  readonly agents: readonly string[] | undefined;
  readonly repositoryIds: readonly number[] | undefined;
  readonly scope: Scope;
}

/** Why a call got nothing, for people. */
export interface TurnedAway {
  readonly message: string;
}

/** The last call for work of one kind. */
export interface Ask extends Asking {
  /** When it came or, if it waited, ended; epoch milliseconds. */
  readonly at: number;
  /** Calls that wait now. */
  readonly waiting: number;
  /** Why it was turned away. */
  readonly refusal: TurnedAway | undefined;
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
  function begin(asking: Asking): (refusal?: TurnedAway) => void {
    const key = JSON.stringify([
      asking.worker,
      asking.agents?.toSorted() ?? null,
      asking.repositoryIds?.toSorted((a, b) => a - b) ?? null,
      asking.scope ?? null,
    ]);
    const put = (change: -1 | 1, refusal: TurnedAway | undefined) => {
      const waiting = (asks.get(key)?.waiting ?? 0) + change;
      asks.delete(key);
      asks.set(key, { ...asking, at: now(), waiting: Math.max(0, waiting), refusal });
      if (asks.size > maxAsks) forgetOldest();
    };
    put(1, undefined);
    return (refusal) => {
      put(-1, refusal);
    };
  }

  function forgetOldest(): void {
    for (const [key, { waiting }] of asks)
      if (waiting === 0) {
        asks.delete(key);
        return;
      }
  }

  /**
   * The newest call that could have been given such an issue: one that waits before all others, and before one that
   * was turned away one that was not and is younger than `freshMs`.
   */
  function latestFor(issue: AskedIssue, freshMs: number): Ask | undefined {
    const fitting = [...asks.values()].filter((ask) => fits(ask, issue));
    const since = now() - freshMs;
    return (
      fitting.find(({ waiting }) => waiting > 0) ??
      fitting.findLast(({ at, refusal }) => at > since && refusal === undefined) ??
      fitting.at(-1)
    );
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
