/** What findings are grouped by. */
interface Grouped {
  readonly file: string | null;
  readonly rule: string | null;
}

/**
 * At most `limit` of them, in their order: first one of every rule and of every file, then a second one, and so on, so
 * that hundreds of one kind do not hide the others.
 */
export function spread<T extends Grouped>(findings: readonly T[], limit: number): readonly T[] {
  const seen = new Map<string, number>();
  const nth = (key: string) => {
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before;
  };
  const ranked = findings.map((finding, index) => {
    const ofRule = nth(`rule ${finding.rule ?? ''}`);
    const ofFile = nth(`file ${finding.file ?? ''}`);
    return { finding, index, rank: Math.min(ofRule, ofFile) };
  });
  return ranked
    .toSorted((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, limit)
    .toSorted((a, b) => a.index - b.index)
    .map(({ finding }) => finding);
}

/** How many findings have which name, most first; those that name nothing are left out. */
export function countBy<T extends Grouped>(
  findings: readonly T[],
  nameOf: (finding: T) => string | null,
): readonly (readonly [name: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const finding of findings) {
    const name = nameOf(finding);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}
