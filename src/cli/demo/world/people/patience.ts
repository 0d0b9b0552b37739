/** How long people have let things wait, in usual steps. */
export type Patience = ReturnType<typeof createPatience>;

export function createPatience() {
  /** Step in which each thing was first seen to wait. */
  const since = new Map<string, number>();
  let count = 0;

  /** Steps since this was first asked of the thing. */
  function waited(name: string): number {
    const first = since.get(name) ?? count;
    since.set(name, first);
    return count - first;
  }

  /** Forgets that it waited: it was seen to. */
  function seenTo(name: string): void {
    since.delete(name);
  }

  /** Of these issues the one that has waited the longest, with how long. */
  function longest<T extends { readonly ref: string }>(issues: readonly T[]) {
    const all = issues.map((issue) => ({ issue, steps: waited(issue.ref) }));
    return all.sort((a, b) => b.steps - a.steps).at(0);
  }

  return { pass: (steps: number) => void (count += steps), waited, longest, seenTo };
}
